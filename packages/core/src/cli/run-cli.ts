import { resolve } from 'node:path';
import { InvalidArgumentError } from '../errors.js';
import { printable, printableJson } from '../printable.js';
import {
  allOptions,
  type CommandLineSetting,
  parseCommandLine,
  type Request,
} from './command-line.js';
import { describeFailure, describeStack } from './failure.js';
import { Interruption } from './interruption.js';
import { type CliOption, camelCase, type ParseContext } from './options.js';
import type {
  CliCommandDefinition,
  CliContext,
  CliLog,
  CliOutputValues,
  CliProgram,
} from './program.js';
import { type CliProgress, createProgress } from './progress.js';
import { type CliStream, Terminal } from './terminal.js';
import { UsageError } from './usage-error.js';
import { callerCommand, userFolder } from './user-folder.js';

/** The surroundings of a program, for tests; each field defaults to the process's own. */
export interface CliIo {
  readonly stdout?: CliStream;
  readonly stderr?: CliStream;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** The script that runs. */
  readonly entry?: string;
  /** Leaves the process. */
  readonly exit?: (code: number) => void;
}

/**
 * Runs a program: reads the command line, runs the command, reports, and leaves the process with
 * 0 (done), 1 (failed), 2 (wrong command line), 130 (stopped by Ctrl-C) or 143 (by SIGTERM).
 *
 * What a person reads goes to stderr, results to stdout. With `--json` stdout is exactly one JSON
 * document, also for a failure: `{ "error": { "name", "message" } }`.
 *
 * @example
 * A project's `src/cli.ts`. A command that trains or reproduces is made by `experimentCommand` of
 * `@nn-lab/core/experiment`; any other says what it does itself.
 * ```ts
 * #!/usr/bin/env node
 * import { defineCommand, integerOption, readPackageVersion, runCli } from '@nn-lab/core/cli';
 *
 * const count = defineCommand({
 *   name: 'count',
 *   summary: 'count to a number',
 *   options: [integerOption('to', 'the number', { default: 10, minimum: 1 })],
 *   run({ options, progress, result }) {
 *     const bar = progress('Counting', options.to);
 *     for (let n = 0; n < options.to; n++) bar.advance();
 *     result({ counted: options.to }, `Counted to ${options.to}.`);
 *   },
 * });
 *
 * await runCli({
 *   name: 'nn-count',
 *   packageName: '@nn-lab/count',
 *   version: readPackageVersion(import.meta.url),
 *   description: 'Counts.',
 *   commands: [count],
 * });
 * ```
 *
 * @param argv the command line after the script's name.
 * @returns the exit code, for an `io.exit` that does not leave.
 */
export async function runCli(
  program: CliProgram,
  argv: readonly string[] = process.argv.slice(2),
  io: CliIo = {},
): Promise<number> {
  const run = new CliRun(program, argv, io);
  return run.execute();
}

class CliRun {
  private readonly env: Readonly<Record<string, string | undefined>>;
  private readonly userFolder: string;
  private readonly entry: string;
  private readonly cwd: string;
  private readonly exit: (code: number) => void;
  private readonly terminal: Terminal;
  private readonly stdout: CliStream;
  private readonly writeStdout: CliStream['write'];
  private readonly displays = new Set<CliProgress>();
  private readonly interruption: Interruption;
  private readonly json: boolean;
  private verbose: boolean;
  private command: CliCommandDefinition | undefined;
  private checkpoint: string | undefined;
  private given: { readonly document: string; readonly text: string } | undefined;
  private leaving = false;

  constructor(
    private readonly program: CliProgram,
    private readonly argv: readonly string[],
    io: CliIo,
  ) {
    this.env = io.env ?? process.env;
    this.cwd = io.cwd ?? process.cwd();
    this.entry = io.entry ?? process.argv[1] ?? '';
    this.exit = io.exit ?? ((code) => process.exit(code));
    this.stdout = io.stdout ?? process.stdout;
    this.writeStdout = this.stdout.write.bind(this.stdout);
    this.terminal = new Terminal(io.stderr ?? process.stderr, this.env);
    this.userFolder = userFolder(this.env, this.cwd, this.entry);
    // Known before the command line is read: a wrong command line is reported in JSON too.
    const flags = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
    this.json = flags.includes('--json');
    // nx keeps --verbose for itself and says so in the environment.
    this.verbose =
      flags.includes('--verbose') ||
      (this.env.NX_VERBOSE_LOGGING === 'true' && Boolean(this.env.NX_TASK_TARGET_PROJECT));
    this.interruption = new Interruption({
      stopping: () => this.announceStop(),
      leave: (code) => this.leaveAtOnce(code),
    });
  }

  async execute(): Promise<number> {
    const restore = this.guardProcess();
    let code: number;
    try {
      code = await this.perform();
    } catch (error) {
      code = await this.fail(error);
    } finally {
      for (const display of this.displays) display.stop();
      restore();
    }
    if (!this.leaving) this.exit(code);
    return code;
  }

  private async perform(): Promise<number> {
    const { commands } = this.program;
    const loaded = typeof commands === 'function' ? await commands() : commands;
    const request = parseCommandLine(
      { ...this.program, commands: loaded },
      this.argv,
      this.setting(),
    );
    if (request.kind === 'text') {
      const { name, text } = request;
      if (name === 'missing') {
        this.terminal.block(text.trimEnd());
        return 2;
      }
      await this.print(this.json ? jsonText({ [name]: text.trimEnd() }) : text);
      return 0;
    }
    this.command = request.command;
    const context = this.context(request);
    this.interruption.listen();
    try {
      await request.command.run(context as never);
    } catch (error) {
      if (!this.interruption.signal.aborted || !isAbort(error)) throw error;
    } finally {
      for (const display of this.displays) display.stop();
      this.interruption.stopListening();
    }
    const stopped = this.interruption.exitCode;
    // A command that gave its result was done when the signal reached it.
    const isDone = stopped === undefined || this.given !== undefined;
    if (stopped !== undefined) {
      this.terminal.line(
        `${this.program.name}: ${isDone ? 'Done before it could be stopped: nothing is missing.' : this.stopLine()}`,
      );
    }
    await this.printResult(!isDone);
    return isDone ? 0 : stopped;
  }

  private context(request: Request & { kind: 'run' }): CliContext<unknown, unknown> {
    const { command } = request;
    const resolving: ParseContext = { resolvePath: (path) => resolve(this.userFolder, path) };
    const { project } = this;
    const options = this.readOptions(request, resolving, project);
    const named: Record<string, unknown> = {};
    for (const [index, argument] of (command.arguments ?? []).entries()) {
      named[camelCase(argument.name)] = argument.parse(
        request.argumentTexts[index] ?? [],
        resolving,
      );
    }
    const output = options as unknown as CliOutputValues;
    this.verbose ||= output.verbose;
    this.terminal.quiet = output.quiet;
    return {
      options: { ...output, verbose: this.verbose },
      arguments: named,
      program: { name: this.program.name, version: this.program.version, project },
      log: this.log(),
      signal: this.interruption.signal,
      progress: (label, total, settings) => {
        const display = createProgress(this.terminal, label, total, settings);
        this.displays.add(display);
        return display;
      },
      result: (document, text) => {
        if (this.given)
          throw new InvalidArgumentError('A command gives its result once, not twice.');
        this.given = { document: jsonText(document), text };
      },
      checkpointSaved: (path) => {
        this.checkpoint = path;
      },
      resolvePath: resolving.resolvePath,
    };
  }

  private readOptions(
    request: Request & { kind: 'run' },
    resolving: ParseContext,
    project: string,
  ): Readonly<Record<string, unknown>> {
    const options = allOptions(request.command);
    const values: Record<string, unknown> = {};
    try {
      for (const option of options) {
        const text = request.texts.get(option.name);
        if (text === undefined && option.required) {
          throw new UsageError(`The flag --${option.name} is required.`);
        }
        if (text !== undefined) refuseFlagAsValue(option, text, options);
        values[camelCase(option.name)] =
          text === undefined
            ? option.fallback({ ...resolving, values, project })
            : option.parse(text, resolving);
      }
    } catch (error) {
      if (!UsageError.isInstance(error)) throw error;
      const help = this.setting().callerCommand(request.command.name, ['--help']);
      throw new UsageError(`${error.message} See ${help}`, { cause: error });
    }
    return values;
  }

  private log(): CliLog {
    return {
      info: (line) => {
        if (!this.terminal.quiet) this.terminal.line(line);
      },
      warn: (line) => this.terminal.line(line),
      detail: (line) => {
        if (this.verbose && !this.terminal.quiet) this.terminal.line(line);
      },
    };
  }

  private get project(): string {
    return this.program.project ?? this.program.name.replace(/^nn-/, '');
  }

  private setting(): CommandLineSetting {
    const { env } = this;
    return {
      columns: this.stdout.columns || this.terminal.columns,
      colors: this.stdout.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb' && !this.json,
      project: this.project,
      callerCommand: (command, args) =>
        callerCommand(this.program, command, args, env, this.cwd, this.entry),
    };
  }

  private async printResult(stopped: boolean): Promise<void> {
    const text = this.given && `${printable(this.given.text).trimEnd()}\n`;
    if (!this.json) {
      if (text !== undefined && text !== '\n') await this.print(text);
      return;
    }
    if (text !== undefined && !this.terminal.quiet) this.terminal.block(text.trimEnd());
    const stopError = { error: { name: 'AbortError', message: this.stopLine() } };
    await this.print(this.given?.document ?? jsonText(stopped ? stopError : { ok: true }));
  }

  private async fail(error: unknown): Promise<number> {
    const failure = describeFailure(error);
    const { name, message, unexpected } = failure;
    const where = this.verbose ? '' : ' (an unexpected error; --verbose shows where)';
    for (const display of this.displays) display.stop();
    this.terminal.line(
      `${this.program.name}: ${unexpected ? `${name}: ${message}${where}` : message}`,
    );
    if (this.verbose) this.terminal.block(describeStack(error));
    if (this.given) await this.printResult(false).catch(() => {});
    else if (this.json) await this.print(jsonText({ error: { name, message } })).catch(() => {});
    return failure.exitCode;
  }

  private announceStop(): void {
    const way = this.resumable() ? 'saving a checkpoint' : 'finishing the step at hand';
    this.terminal.line(
      `${this.program.name}: stopping, ${way}; press Ctrl-C again to leave at once`,
    );
  }

  private leaveAtOnce(code: number): void {
    this.leaving = true;
    this.terminal.line(`${this.program.name}: left at once. ${this.stopLine()}`);
    if (this.json) {
      const error = { name: 'AbortError', message: `Left at once. ${this.stopLine()}` };
      this.writeStdout(jsonText({ error }));
    }
    this.exit(code);
  }

  /** What stays of a stopped run, and how to go on with it. */
  private stopLine(): string {
    if (!this.resumable()) return 'Stopped.';
    if (this.checkpoint === undefined) {
      return 'Stopped before the first checkpoint: there is nothing to resume.';
    }
    const args = this.argv.filter((word) => word !== '--overwrite').slice(1);
    const resume = args.includes('--resume') ? args : [...args, '--resume'];
    const call = this.setting().callerCommand(this.command!.name, resume);
    return `Stopped. The checkpoint is in ${this.checkpoint}; go on with: ${call}`;
  }

  private resumable(): boolean {
    return Boolean(this.command?.options?.some(({ name }) => name === 'resume'));
  }

  /** Writes to stdout and waits until the text is gone. A reader that has left is no failure. */
  private print(text: string): Promise<void> {
    return new Promise((done, failed) => {
      this.writeStdout(text, (error) => {
        if (!error || (error as NodeJS.ErrnoException).code === 'EPIPE') done();
        else failed(Object.assign(error, { path: 'standard output' }));
      });
    });
  }

  /**
   * With `--json`, sends to stderr whatever else is written to stdout: libraries print banners.
   * A broken pipe is not an error; anything thrown where nobody waits for it becomes one line.
   */
  private guardProcess(): () => void {
    tolerateBrokenPipes();
    const failed = (error: unknown) => {
      if (this.leaving) return;
      this.leaving = true;
      this.fail(error).then((code) => this.exit(code));
    };
    process.on('uncaughtException', failed);
    const original = process.stdout.write;
    const redirected = this.json && this.stdout === process.stdout;
    if (redirected) {
      process.stdout.write = process.stderr.write.bind(process.stderr) as typeof original;
    }
    return () => {
      process.off('uncaughtException', failed);
      if (redirected) process.stdout.write = original;
    };
  }
}

let toleratingBrokenPipes = false;

/** Without a listener Node throws the stream's error; each write's own callback reports it here. */
function tolerateBrokenPipes(): void {
  if (toleratingBrokenPipes) return;
  toleratingBrokenPipes = true;
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}

function refuseFlagAsValue(option: CliOption, text: string, options: readonly CliOption[]): void {
  if (options.some(({ name }) => text === `--${name}`)) {
    throw new UsageError(`The flag --${option.name} expects a value, got the flag ${text}.`);
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

function jsonText(document: unknown): string {
  const text = JSON.stringify(
    document,
    (_key, value: unknown) =>
      ArrayBuffer.isView(value) && !(value instanceof DataView)
        ? Array.from(value as unknown as ArrayLike<number>)
        : value,
    2,
  );
  if (text === undefined) {
    throw new InvalidArgumentError('A result must be a JSON value; undefined is not one.');
  }
  return `${printableJson(text)}\n`;
}
