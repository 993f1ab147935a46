export {
  type CourseBatchesOptions,
  type CourseSplit,
  courseBatches,
  coursePictureCount,
  courseSplit,
  type FixedCourseBatchesOptions,
  type FreshCourseBatchesOptions,
  freshCourseBatches,
} from './batches.js';
export { CourseReader } from './course-reader.js';
export {
  type CourseReading,
  classOfTime,
  decodeClasses,
  decodeRegression,
  decodeTwoHeads,
} from './decode.js';
export { buildCourseTwoHeadNetwork, type CourseNetworkOptions } from './networks.js';
