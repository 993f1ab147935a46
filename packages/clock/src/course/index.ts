export {
  type CourseBatchesOptions,
  type CourseSplit,
  type CourseTestPicturesOptions,
  courseBatches,
  coursePictureCount,
  courseSplit,
  courseTestPictures,
  type FixedCourseBatchesOptions,
  type FreshCourseBatchesOptions,
  freshCourseBatches,
} from './batches.js';
export { CourseReader, type CourseReading, isCourseNetwork } from './course-reader.js';
export {
  classOfTime,
  decodeClasses,
  decodeRegression,
  decodeTwoHeads,
  type TwoHeadTime,
} from './decode.js';
export { courseFacts } from './facts.js';
export {
  type ClockTrainingFacts,
  type ClockTrainingResults,
  clockReport,
  drawClockPlots,
} from './figures.js';
export { buildCourseTwoHeadNetwork, type CourseNetworkOptions } from './networks.js';
