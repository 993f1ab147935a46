import type { ArgumentValues, CliArgument, CliOption, OptionValues } from '../cli/options.js';
import {
  type CliCommand,
  type CliCommandDefinition,
  type CliContext,
  defineCommand,
} from '../cli/program.js';
import type { CliProgress } from '../cli/progress.js';
import type { Experiment, RunEvent } from './experiment.js';
import { runExperiment } from './run-experiment.js';

/** The command line's side of an experiment: its words, its flags and its examples. */
export type ExperimentCommand<
  Options extends readonly CliOption[],
  Arguments extends readonly CliArgument[],
> = Omit<CliCommand<Options, Arguments>, 'run'> & {
  /** Refuses flags and arguments that do not go together. @throws UsageError */
  readonly check?: (options: ExperimentOptions<Options, Arguments>) => void;
};

/**
 * Makes a command of an experiment, whose options are the values of its flags and arguments.
 * Among the flags are those of `runFolderOptions` or `outputFolderOptions`.
 *
 * @example
 * ```ts
 * export const sampleCommand = experimentCommand(sampling, {
 *   name: 'sample',
 *   summary: 'estimate pi',
 *   options: [
 *     integerOption('count', 'points', { default: 1000, minimum: 1 }),
 *     seedOption,
 *     ...outputFolderOptions('runs/<project>/sample'),
 *   ],
 * });
 * ```
 */
export function experimentCommand<
  Inputs extends object,
  const Options extends readonly CliOption[],
  const Arguments extends readonly CliArgument[] = readonly [],
>(
  experiment: Experiment<ExperimentOptions<Options, Arguments>, Inputs>,
  command: ExperimentCommand<Options, Arguments>,
): CliCommandDefinition {
  return defineCommand({
    ...command,
    async run(context: CliContext<OptionValues<Options>, ArgumentValues<Arguments>>) {
      const { program, signal } = context;
      const { out, resume, overwrite } = context.options as unknown as FolderValues;
      const options = { ...context.options, ...context.arguments };
      command.check?.(options);
      const run = await runExperiment(experiment, options, {
        out,
        resume: resume ?? false,
        overwrite,
        packages: { [program.name]: program.version },
        signal,
        onEvent: eventsShown(context),
      });
      context.result({ out: run.path, ...run.metrics }, run.text);
    },
  });
}

type ExperimentOptions<
  Options extends readonly CliOption[],
  Arguments extends readonly CliArgument[],
> = OptionValues<Options> & ArgumentValues<Arguments>;

/** The values of `runFolderOptions`. */
interface FolderValues {
  readonly out: string;
  readonly resume?: boolean;
  readonly overwrite: boolean;
}

/** Shows events as the frame shows such things. */
function eventsShown({
  log,
  progress,
  checkpointSaved,
}: Pick<CliContext<unknown, unknown>, 'log' | 'progress' | 'checkpointSaved'>) {
  const displays = new Map<string, CliProgress>();
  return (event: RunEvent): void => {
    if (event.type === 'log') log[event.level](event.text);
    if (event.type === 'checkpoint') checkpointSaved(event.path);
    if (event.type !== 'progress') return;
    const { stage, done, total, unit, note, ended } = event;
    const display = displays.get(stage) ?? progress(stage, total, unit ? { unit } : {});
    displays.set(stage, display);
    display.update(done, note);
    if (!ended) return;
    display.stop();
    displays.delete(stage);
  };
}
