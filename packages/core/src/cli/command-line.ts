import { Command, type CommanderError, Option } from 'commander';
import { outputOptions, runGroup } from './common-options.js';
import type { CliOption } from './options.js';
import { camelCase, nearest } from './options.js';
import type { CliCommandDefinition, CliExample, CliProgram } from './program.js';
import { UsageError } from './usage-error.js';

/** What a command line asks for, before its values are read. */
export type Request =
  | { readonly kind: 'text'; readonly name: 'help' | 'version' | 'missing'; readonly text: string }
  | {
      readonly kind: 'run';
      readonly command: CliCommandDefinition;
      /** The text given for each flag, by the flag's name; `''` for a switch. */
      readonly texts: ReadonlyMap<string, string>;
      /** The texts of each positional argument, in order of declaration. */
      readonly argumentTexts: readonly (readonly string[])[];
    };

/** How the help is laid out, and how a person calls a command from where they are. */
export interface CommandLineSetting {
  readonly columns: number;
  readonly colors: boolean;
  /** The project's name, for defaults that hold it. */
  readonly project: string;
  callerCommand(command: string, args: readonly string[]): string;
}

/** A program whose commands are imported. */
export interface LoadedProgram extends CliProgram {
  readonly commands: readonly CliCommandDefinition[];
}

/**
 * Reads a command line as far as names go: which command, which flags.
 *
 * @throws UsageError with one line and the way to the help.
 */
export function parseCommandLine(
  program: LoadedProgram,
  argv: readonly string[],
  setting: CommandLineSetting,
): Request {
  let request: Request | undefined;
  let printed = '';
  const commandTerms = new Map(
    program.commands.map((command) => [
      command.name,
      [command.name, ...(command.arguments ?? []).map(argumentTerm)].join(' '),
    ]),
  );
  const quietly = (command: Command) =>
    command
      .exitOverride((error) => {
        throw error;
      })
      .configureHelp({
        helpWidth: Math.min(setting.columns, 100),
        minWidthToWrap: 20,
        subcommandTerm: (command) => commandTerms.get(command.name()) ?? command.name(),
        ...(setting.colors && { styleTitle: (title) => `\u001b[1m${title}\u001b[22m` }),
      })
      .configureOutput({
        writeOut: (text) => {
          printed += text;
        },
        writeErr: () => {},
        outputError: () => {},
        getOutHasColors: () => setting.colors,
        getOutHelpWidth: () => setting.columns,
      });

  const root = quietly(new Command(program.name))
    .description(program.description)
    .usage('<command> [flags]')
    .version(program.version, '--version', 'print the version')
    .addHelpOption(new Option('-h, --help', 'print this help'))
    .helpCommand(false);
  const call = ({ args }: CliExample) => {
    const [command = '', ...rest] = args.split(' ');
    return setting.callerCommand(command, rest);
  };
  root.addHelpText('after', examplesText(program.examples, call));

  for (const definition of program.commands) {
    const command = quietly(root.command(definition.name))
      .summary(definition.summary)
      .description(definition.description ?? sentence(definition.summary))
      .usage(['[flags]', ...(definition.arguments ?? []).map(argumentTerm)].join(' '))
      .addHelpOption(
        new Option('-h, --help', 'print this help').helpGroup(outputOptions[0].group!),
      );
    for (const argument of definition.arguments ?? []) {
      command.argument(argumentTerm(argument), argument.description);
    }
    const options = allOptions(definition);
    for (const option of options) command.addOption(commanderOption(option, setting.project));
    command.addHelpText('after', examplesText(definition.examples, call));
    command.action(() => {
      const texts = new Map<string, string>();
      for (const { name } of options) {
        const value: unknown = command.getOptionValue(camelCase(name));
        if (value !== undefined) texts.set(name, value === true ? '' : String(value));
      }
      request = {
        kind: 'run',
        command: definition,
        texts,
        argumentTexts: command.processedArgs.map((value: unknown) =>
          value === undefined ? [] : Array.isArray(value) ? value.map(String) : [String(value)],
        ),
      };
    });
  }

  if (argv.length === 0) {
    return { kind: 'text', name: 'missing', text: root.helpInformation() };
  }
  try {
    root.parse(argv, { from: 'user' });
  } catch (error) {
    const code = (error as CommanderError).code;
    if (code === 'commander.helpDisplayed') return { kind: 'text', name: 'help', text: printed };
    if (code === 'commander.version') return { kind: 'text', name: 'version', text: printed };
    if (typeof code !== 'string' || !code.startsWith('commander.')) throw error;
    throw usageError(code, { program, root, argv, setting });
  }
  return request!;
}

/** The options of a command, with the ones that every command has. */
export function allOptions(definition: CliCommandDefinition): readonly CliOption[] {
  return [...(definition.options ?? []), ...outputOptions];
}

function commanderOption(option: CliOption, project: string): Option {
  const flags = `${option.short ? `-${option.short}, ` : ''}--${option.name}`;
  const notes = [
    option.required ? ' (required)' : '',
    option.defaultText === undefined
      ? ''
      : ` (default: ${option.defaultText.replace('<project>', project)})`,
  ].join('');
  const made = new Option(
    option.placeholder === undefined ? flags : `${flags} <${option.placeholder}>`,
    option.description + notes,
  );
  return made.helpGroup(option.group ?? runGroup);
}

function sentence(summary: string): string {
  return `${summary[0]!.toUpperCase()}${summary.slice(1)}.`;
}

function argumentTerm(argument: { name: string; required: boolean; many: boolean }): string {
  const name = argument.many ? `${argument.name}...` : argument.name;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function examplesText(
  examples: readonly CliExample[] | undefined,
  call: (example: CliExample) => string,
): string {
  if (!examples?.length) return '';
  const lines = examples.map((example) => `  # ${example.does}\n  ${call(example)}`);
  return `\nExamples:\n${lines.join('\n\n')}`;
}

/** Commander's finding, by its code, in the frame's words: what was expected, what came, what to do. */
function usageError(
  code: string,
  {
    program,
    root,
    argv,
    setting,
  }: {
    readonly program: LoadedProgram;
    readonly root: Command;
    readonly argv: readonly string[];
    readonly setting: CommandLineSetting;
  },
): UsageError {
  const command = program.commands.find(
    ({ name }) => name === argv.find((word) => word[0] !== '-'),
  );
  const parser = root.commands.find((one) => one.name() === command?.name);
  const help = `See ${setting.callerCommand(command?.name ?? '', ['--help'])}`;
  const line = (text: string) => new UsageError(`${text} ${help}`);

  switch (code) {
    case 'commander.unknownCommand': {
      const word = root.args[0]!;
      const near = nearest(
        word,
        program.commands.map(({ name }) => name),
      );
      return line(
        `Unknown command ${JSON.stringify(word)}${near ? `; did you mean ${near}?` : '.'} ${commandList(program)}`,
      );
    }
    case 'commander.unknownOption': {
      const { operands, unknown } = root.parseOptions([...argv]);
      const isBefore = operands.length === 0;
      const [given] = isBefore || !parser ? unknown : parser.parseOptions(unknown).unknown;
      const flag = given!.split('=')[0]!;
      const flags = command
        ? ['--help', ...allOptions(command).flatMap(flagsOf)]
        : ['--help', '--version'];
      if (isBefore && command) {
        const owner = flags.includes(flag) ? ` Write it after ${command.name}.` : '';
        return line(`Unknown flag ${flag} before the command.${owner}`);
      }
      const near = nearest(flag, flags);
      return line(`Unknown flag ${flag}${near ? `; did you mean ${near}?` : '.'}`);
    }
    case 'commander.missingArgument': {
      const missing = command!.arguments![parser!.args.length]!;
      return line(`The argument <${missing.name}> is missing.`);
    }
    case 'commander.optionMissingArgument': {
      // A flag lacks its value only where it is the last word.
      const flag = argv.at(-1)!;
      return line(`The flag ${flag} expects a value and got none.`);
    }
    case 'commander.excessArguments': {
      const count = command?.arguments?.length ?? 0;
      const takes =
        count === 0 ? 'flags only' : count === 1 ? 'one argument' : `${count} arguments`;
      return line(`Too many arguments: ${command?.name ?? program.name} takes ${takes}.`);
    }
    default:
      return line(`The command line cannot be read (${code}).`);
  }
}

/** How a flag may be written. */
function flagsOf({ name, short }: CliOption): readonly string[] {
  return short ? [`--${name}`, `-${short}`] : [`--${name}`];
}

function commandList(program: LoadedProgram): string {
  return `Commands: ${program.commands.map(({ name }) => name).join(', ')}.`;
}
