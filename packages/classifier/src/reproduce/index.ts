export { type CourseCandidate, courseCandidates } from './candidates.js';
export { courseResults } from './course-results.js';
export { type CourseFigures, drawCourseFigures } from './figures.js';
export { buildCourseReport, type CourseReportSettings, mapWarnings } from './report.js';
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
} from './reproduce-course.js';
