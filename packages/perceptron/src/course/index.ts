export { courseFacts, courseFactsOf, projectOneFacts } from './facts.js';
export { drawPerceptronPlots } from './figures.js';
export { perceptronReport } from './report.js';
export { courseOptions, type MethodResult, reproduceMethod } from './reproduce.js';
