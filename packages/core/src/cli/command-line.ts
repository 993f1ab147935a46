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
    throw usageError(error as CommanderError, program, argv, setting);
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

/** Commander's message in the frame's words: what was expected, what came, what to do. */
function usageError(
  error: CommanderError,
  program: LoadedProgram,
  argv: readonly string[],
  setting: CommandLineSetting,
): UsageError {
  const command = program.commands.find(
    ({ name }) => name === argv.find((word) => word[0] !== '-'),
  );
  const quotedWord = /'([^']*)'/.exec(error.message)?.[1] ?? '';
  const help = command
    ? `See ${setting.callerCommand(command.name, ['--help'])}`
    : `See ${setting.callerCommand('', ['--help'])}`;
  const line = (text: string) => new UsageError(`${text} ${help}`);

  switch (error.code) {
    case 'commander.unknownCommand': {
      const near = nearest(
        quotedWord,
        program.commands.map(({ name }) => name),
      );
      return line(
        `Unknown command ${JSON.stringify(quotedWord)}${near ? `; did you mean ${near}?` : '.'} ${commandList(program)}`,
      );
    }
    case 'commander.unknownOption': {
      const flag = quotedWord.split('=')[0]!;
      const flagsOf = (definition: CliCommandDefinition) => [
        '--help',
        ...allOptions(definition).flatMap(({ name, short }) =>
          short ? [`--${name}`, `-${short}`] : [`--${name}`],
        ),
      ];
      if (isBefore(argv, quotedWord, command?.name)) {
        const owner = command && flagsOf(command).includes(flag);
        return line(
          `Unknown flag ${flag} before the command.${owner ? ` Write it after ${command.name}.` : ''}`,
        );
      }
      const near = nearest(flag, command ? flagsOf(command) : ['--help', '--version']);
      return line(`Unknown flag ${flag}${near ? `; did you mean ${near}?` : '.'}`);
    }
    case 'commander.missingArgument':
      return line(`The argument <${quotedWord}> is missing.`);
    case 'commander.optionMissingArgument':
      return line(`The flag ${quotedWord.split(' <')[0]} expects a value and got none.`);
    case 'commander.excessArguments': {
      const count = command?.arguments?.length ?? 0;
      const takes =
        count === 0 ? 'flags only' : count === 1 ? 'one argument' : `${count} arguments`;
      return line(`Too many arguments: ${command?.name ?? program.name} takes ${takes}.`);
    }
    default:
      return line(`${error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ')}.`);
  }
}

function isBefore(argv: readonly string[], flag: string, command: string | undefined): boolean {
  const at = argv.findIndex((word) => word === flag || word.startsWith(`${flag}=`));
  return command !== undefined && at >= 0 && at < argv.indexOf(command);
}

function commandList(program: LoadedProgram): string {
  return `Commands: ${program.commands.map(({ name }) => name).join(', ')}.`;
}
