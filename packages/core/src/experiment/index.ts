export type { CourseFact, CourseFacts } from './course-fact.js';
export type {
  Experiment,
  ExperimentContext,
  LoadContext,
  Outcome,
  RunDevice,
  RunEvent,
  RunInputs,
  RunLog,
  RunPlace,
  RunProgress,
  SavableModel,
} from './experiment.js';
export { type ExperimentCommand, experimentCommand } from './experiment-command.js';
export { describeMachine, type RunMachine } from './machine.js';
export { outputFolderOptions, presetOption, runFolderOptions } from './options.js';
export {
  type FinishedRun,
  type RunExperimentSettings,
  runExperiment,
} from './run-experiment.js';
export {
  type ConfigureOptions,
  inRunFolder,
  openRunFolder,
  type RunConfig,
  type RunFolder,
  type RunFolderOptions,
} from './run-folder.js';
export { type BackendOptionValues, startBackend } from './start-backend.js';
