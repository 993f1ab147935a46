export { backendOptions, dataOption, outputOptions, seedOption } from './common-options.js';
export { describeSystemError } from './failure.js';
export {
  type ArgumentSettings,
  type ArgumentValues,
  type ChoiceOptionSettings,
  type CliArgument,
  type CliOption,
  type CommonOptionSettings,
  choiceOption,
  type DefaultContext,
  integerOption,
  listOption,
  type NumberOptionSettings,
  numberOption,
  type OptionValues,
  type ParseContext,
  type PathOptionSettings,
  type PathRequirements,
  pathArgument,
  pathOption,
  switchOption,
  type TextOptionSettings,
  textArgument,
  textOption,
} from './options.js';
export { readPackageVersion } from './package-version.js';
export { type NamedPicture, picturesArgument, readNamedPictures } from './pictures.js';
export {
  type CliCommand,
  type CliCommandDefinition,
  type CliContext,
  type CliExample,
  type CliLog,
  type CliOutputValues,
  type CliProgram,
  defineCommand,
} from './program.js';
export type { CliProgress, CliProgressOptions } from './progress.js';
export { type CliIo, runCli } from './run-cli.js';
export type { CliStream } from './terminal.js';
export { UsageError } from './usage-error.js';
