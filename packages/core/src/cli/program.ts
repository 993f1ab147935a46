import type { ArgumentValues, CliArgument, CliOption, OptionValues } from './options.js';
import type { CliProgress, CliProgressOptions } from './progress.js';

/** A program with subcommands: what {@link runCli} runs. */
export interface CliProgram {
  /** The name of the bin: `nn-clock`. */
  readonly name: string;
  /** The package that has the bin, for calls with `npx`: `@nn-lab/clock`. */
  readonly packageName: string;
  /** The version of the package; see {@link readPackageVersion}. */
  readonly version: string;
  /** One or two sentences for the top of the help. */
  readonly description: string;
  /** The project's name, for `runs/<project>`. Default: the program's name without `nn-`. */
  readonly project?: string;
  /**
   * The commands, or a function that imports them: a package of theirs that is not installed is
   * then a line on how to install it.
   */
  readonly commands:
    | readonly CliCommandDefinition[]
    | (() => Promise<readonly CliCommandDefinition[]>);
  /** Shown at the end of the program's help. */
  readonly examples?: readonly CliExample[];
}

/** An example in a help text. */
export interface CliExample {
  /** What follows the program's name: `train --preset smoke`. */
  readonly args: string;
  /** What it does, in a few words. */
  readonly does: string;
}

/** A subcommand; made with {@link defineCommand}, which infers the types of its values. */
export interface CliCommand<
  Options extends readonly CliOption[],
  Arguments extends readonly CliArgument[],
> {
  /** One word: `train`. */
  readonly name: string;
  /** A few words for the list of commands, without a full stop. */
  readonly summary: string;
  /** Sentences for the command's own help. Default: the summary. */
  readonly description?: string;
  /** Positional arguments, in order. */
  readonly arguments?: Arguments;
  /** Flags, in the order of the help; `--json`, `--quiet` and `--verbose` come by themselves. */
  readonly options?: Options;
  readonly examples?: readonly CliExample[];
  /** Does the work. What it throws becomes one line and exit code 1. */
  run(context: CliContext<OptionValues<Options>, ArgumentValues<Arguments>>): Promise<void> | void;
}

/** A command with the types of its values forgotten, as a program lists it. */
export interface CliCommandDefinition
  extends Omit<CliCommand<readonly CliOption[], readonly CliArgument[]>, 'run'> {
  readonly run: (context: never) => Promise<void> | void;
}

/** Declares a subcommand; the options and arguments decide the types that `run` receives. */
export function defineCommand<
  const Options extends readonly CliOption[] = readonly [],
  const Arguments extends readonly CliArgument[] = readonly [],
>(command: CliCommand<Options, Arguments>): CliCommandDefinition {
  return command;
}

/** What a running command is given. */
export interface CliContext<Options, Arguments> {
  /** The flags, parsed and validated. */
  readonly options: Options & CliOutputValues;
  /** The positional arguments, parsed and validated. */
  readonly arguments: Arguments;
  /** The program's name, version and project. */
  readonly program: { readonly name: string; readonly version: string; readonly project: string };
  /** Lines for people, on stderr. */
  readonly log: CliLog;
  /**
   * Aborted by the first Ctrl-C (or SIGTERM, or a closed terminal). The command then saves a
   * checkpoint, tells with {@link CliContext.checkpointSaved}, and returns or throws. One that is
   * all but done may go to its end and give its result.
   */
  readonly signal: AbortSignal;
  /**
   * Shows progress: a bar with rate and time left on a terminal, a line now and then elsewhere,
   * nothing with `--quiet`.
   */
  progress(label: string, total: number, options?: CliProgressOptions): CliProgress;
  /**
   * Gives the command's result, once. With `--json`, `document` is all that stdout gets and
   * `text` goes to stderr; otherwise `text` goes to stdout. What the command throws after it says
   * what the result lacks: both are printed, and the exit code is that of the error.
   */
  result(document: unknown, text: string): void;
  /**
   * Says that a checkpoint lies on the disk, so that the frame can say how to resume after a
   * Ctrl-C.
   */
  checkpointSaved(path: string): void;
  /**
   * An absolute path from a person's path: relative ones start at the folder the person called
   * from, also under npm and nx. Path options and arguments are resolved already.
   */
  resolvePath(path: string): string;
}

/** The values of the switches that every command has. */
export interface CliOutputValues {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/** Lines for people, on stderr, above a progress bar where there is one. */
export interface CliLog {
  /** A line of news. Silent with `--quiet`. */
  info(line: string): void;
  /** A line that matters even with `--quiet`. */
  warn(line: string): void;
  /** A detail, with `--verbose` only. */
  detail(line: string): void;
}
