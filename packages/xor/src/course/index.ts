export { type ReproduceXorOptions, xorReproduction } from './experiment.js';
export { courseFacts } from './facts.js';
export { drawXorPlots } from './figures.js';
export {
  type CourseRun,
  type CourseRunsOptions,
  courseLazyCounts,
  courseRuns,
  oneStreamLazyCounts,
} from './reproduce.js';
