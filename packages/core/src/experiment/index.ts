export { describeMachine, type RunMachine } from './machine.js';
export { outputFolderOptions, presetOption, runFolderOptions } from './options.js';
export {
  type ConfigureOptions,
  openRunFolder,
  type RunConfig,
  type RunFolder,
  type RunFolderOptions,
} from './run-folder.js';
export { type BackendOptionValues, startBackend } from './start-backend.js';
