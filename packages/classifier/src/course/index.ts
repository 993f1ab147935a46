export { type CourseCandidate, courseCandidates } from './candidates.js';
export { courseFacts, hardestPairs } from './facts.js';
export { type CourseFigures, drawCourseFigures } from './figures.js';
export { type CourseReportSettings, courseReport, mapWarnings } from './report.js';
export {
  type CourseMap,
  type CourseReproduction,
  type MapName,
  type RatedCourseCandidate,
  type ReducedScores,
  type ReductionName,
  type ReproduceCourseOptions,
  reproduceCourse,
  type Score,
  type Scores,
} from './reproduce.js';
