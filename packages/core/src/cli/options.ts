import { statSync } from 'node:fs';
import { UsageError } from './usage-error.js';

/** What the frame tells an option or argument when it reads its text. */
export interface ParseContext {
  /** Resolves a person's path against the folder they called from. */
  resolvePath(path: string): string;
}

/** What a default that depends on other options is computed from. */
export interface DefaultContext extends ParseContext {
  /** The values of the options that come before this one in the command's list, by field name. */
  readonly values: Readonly<Record<string, unknown>>;
  /** The project's name, such as `clock`. */
  readonly project: string;
}

/** A flag of a command. Made by {@link integerOption} and its siblings. */
export interface CliOption<Name extends string = string, Value = unknown> {
  /** The flag without its dashes, in kebab-case: `batch-size`. */
  readonly name: Name;
  /** What the help says. */
  readonly description: string;
  /** What stands for the value in the help; undefined for a switch, which takes no value. */
  readonly placeholder: string | undefined;
  /** One letter, for `-o`. */
  readonly short?: string;
  /** The heading it stands under in the help. */
  readonly group?: string;
  /** True when a command line without it is wrong. */
  readonly required: boolean;
  /** The default as the help says it; absent when there is none worth saying. */
  readonly defaultText?: string;
  /** Reads the text given; absent text gives the default. @throws UsageError */
  readonly parse: (text: string, context: ParseContext) => Value;
  /** The value when the flag is not given. */
  readonly fallback: (context: DefaultContext) => Value;
}

/** Fields that every option may have. */
export interface CommonOptionSettings {
  /** One letter, for `-o`. */
  readonly short?: string;
  /** What stands for the value in the help. */
  readonly placeholder?: string;
  /** The heading it stands under in the help. */
  readonly group?: string;
  /** A command line without it is wrong. */
  readonly required?: boolean;
}

/** Settings of {@link integerOption} and {@link numberOption}. */
export interface NumberOptionSettings extends CommonOptionSettings {
  /** Smallest value allowed. */
  readonly minimum?: number;
  /** Largest value allowed. */
  readonly maximum?: number;
  /** For {@link numberOption}: the value must be greater than `minimum`, not equal to it. */
  readonly aboveMinimum?: boolean;
  readonly default?: number;
}

/** Settings of {@link textOption}. */
export interface TextOptionSettings extends CommonOptionSettings {
  readonly default?: string;
}

/** What a path must point at: read here, so that a missing picture is a line and not a stack. */
export interface PathRequirements {
  /** `file` or `folder`: it must be there already, and be that. Default: it may be absent. */
  readonly existing?: 'file' | 'folder';
}

/** Settings of {@link pathOption}. */
export interface PathOptionSettings extends CommonOptionSettings, PathRequirements {
  /** A path, or a function of the options before it and the project's name. */
  readonly default?: string | ((context: DefaultContext) => string);
  /** How the help says the default. Default: the path itself. */
  readonly defaultText?: string;
}

type Given<Settings, Value> = Settings extends { readonly default: NonNullable<unknown> }
  ? Value
  : Settings extends { readonly required: true }
    ? Value
    : Value | undefined;

/** A flag whose value is a whole number. */
export function integerOption<
  const Name extends string,
  const Settings extends NumberOptionSettings,
>(name: Name, description: string, settings?: Settings): CliOption<Name, Given<Settings, number>> {
  return numericOption(name, description, { placeholder: 'N', ...settings }, true);
}

/** A flag whose value is a finite number. */
export function numberOption<
  const Name extends string,
  const Settings extends NumberOptionSettings,
>(name: Name, description: string, settings?: Settings): CliOption<Name, Given<Settings, number>> {
  return numericOption(name, description, { placeholder: 'X', ...settings }, false);
}

/** A flag whose value is any text but the empty one. */
export function textOption<const Name extends string, const Settings extends TextOptionSettings>(
  name: Name,
  description: string,
  settings?: Settings,
): CliOption<Name, Given<Settings, string>> {
  const all: TextOptionSettings = { placeholder: 'TEXT', ...settings };
  return {
    ...shape(name, description, all, all.default),
    parse: (text) => notEmpty(text, `--${name}`, 'a text') as never,
    fallback: () => all.default as never,
  };
}

/**
 * A flag whose value is a path. The value is absolute: a relative path is resolved against the
 * folder the person called from, whatever folder a task runner changed into.
 */
export function pathOption<const Name extends string, const Settings extends PathOptionSettings>(
  name: Name,
  description: string,
  settings?: Settings,
): CliOption<Name, Given<Settings, string>> {
  const all: PathOptionSettings = { placeholder: 'PATH', ...settings };
  const defaultText =
    all.defaultText ?? (typeof all.default === 'string' ? all.default : undefined);
  return {
    ...shape(name, description, all, defaultText),
    parse: (text, context) => parsePath(text, `--${name}`, all, context) as never,
    fallback: (context) => {
      const path = typeof all.default === 'function' ? all.default(context) : all.default;
      if (path === undefined) return undefined as never;
      try {
        return parsePath(path, `--${name}`, all, context) as never;
      } catch (error) {
        if (!UsageError.isInstance(error)) throw error;
        throw new UsageError(
          `${error.message} It is the default: make it first, or give --${name}.`,
        );
      }
    },
  };
}

/** Settings of {@link choiceOption}. */
export interface ChoiceOptionSettings<Choice extends string> extends CommonOptionSettings {
  readonly default?: NoInfer<Choice>;
}

/**
 * A flag whose value is one of a few words.
 *
 * @param choices the words, or an object from each word to what it means; the help lists them.
 */
export function choiceOption<
  const Name extends string,
  const Choice extends string,
  const Settings extends ChoiceOptionSettings<Choice>,
>(
  name: Name,
  description: string,
  choices: readonly Choice[] | Readonly<Record<Choice, string>>,
  settings?: Settings & ChoiceOptionSettings<Choice>,
): CliOption<Name, Given<Settings, Choice>> {
  const all: ChoiceOptionSettings<Choice> = { placeholder: 'NAME', ...settings };
  const words = (Array.isArray(choices) ? choices : Object.keys(choices)) as readonly Choice[];
  const meaning = Array.isArray(choices)
    ? words.join(', ')
    : Object.entries(choices)
        .map(([word, text]) => `${word} (${text})`)
        .join(', ');
  return {
    ...shape(name, `${description}: ${meaning}`, all, all.default),
    parse: (text) => {
      const found = words.find((word) => word === text);
      if (found !== undefined) return found as never;
      const near = nearest(text, words);
      throw new UsageError(
        `--${name} expects one of ${words.join(', ')}, got ${shown(text)}${near ? `; did you mean ${near}?` : '.'}`,
      );
    },
    fallback: () => all.default as never,
  };
}

/** A flag without a value: true when given, false otherwise. */
export function switchOption<const Name extends string>(
  name: Name,
  description: string,
  settings: Pick<CommonOptionSettings, 'short' | 'group'> = {},
): CliOption<Name, boolean> {
  return {
    ...shape(name, description, settings, undefined),
    placeholder: undefined,
    parse: () => true,
    fallback: () => false,
  };
}

/**
 * The same flag with a list for its value, separated by commas: `--classes 24,48,120`.
 *
 * @param item an option for one value of the list; its name and help are the list's.
 */
export function listOption<const Name extends string, Value>(
  item: CliOption<Name, Value>,
  settings: { readonly default?: readonly NonNullable<Value>[] } = {},
): CliOption<Name, readonly NonNullable<Value>[]> {
  const placeholder = `${item.placeholder},...`;
  const { defaultText: _itemDefault, ...rest } = item;
  return {
    ...rest,
    placeholder,
    ...(settings.default && { defaultText: settings.default.join(',') }),
    parse: (text, context) =>
      text.split(',').map((part) => item.parse(part.trim(), context) as NonNullable<Value>),
    fallback: () => settings.default ?? [],
  };
}

/** A positional argument of a command. Made by {@link pathArgument} and {@link textArgument}. */
export interface CliArgument<Name extends string = string, Value = unknown> {
  readonly name: Name;
  readonly description: string;
  readonly required: boolean;
  /** True for the last argument that takes all that is left. */
  readonly many: boolean;
  readonly parse: (texts: readonly string[], context: ParseContext) => Value;
}

/** Settings of {@link pathArgument} and {@link textArgument}. */
export interface ArgumentSettings {
  /** May be left out. */
  readonly optional?: boolean;
  /** Takes all that is left, as a list; with `optional` the list may be empty. */
  readonly many?: boolean;
}

type GivenArgument<Settings> = Settings extends { readonly many: true }
  ? readonly string[]
  : Settings extends { readonly optional: true }
    ? string | undefined
    : string;

/** A positional path, absolute in the values; see {@link pathOption}. */
export function pathArgument<
  const Name extends string,
  const Settings extends ArgumentSettings & PathRequirements,
>(
  name: Name,
  description: string,
  settings?: Settings,
): CliArgument<Name, GivenArgument<Settings>> {
  const all: ArgumentSettings & PathRequirements = settings ?? {};
  return argument(name, description, all, (text, context) => parsePath(text, name, all, context));
}

/** A positional text. */
export function textArgument<const Name extends string, const Settings extends ArgumentSettings>(
  name: Name,
  description: string,
  settings?: Settings,
): CliArgument<Name, GivenArgument<Settings>> {
  return argument(name, description, settings ?? {}, (text) => notEmpty(text, name, 'a text'));
}

/** The field name of a flag: `batch-size` to `batchSize`. */
type CamelCase<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name;

/** The parsed options of a command, by field name. */
export type OptionValues<Options extends readonly CliOption[]> = {
  readonly [Option in Options[number] as CamelCase<Option['name']>]: Option extends CliOption<
    string,
    infer Value
  >
    ? Value
    : never;
};

/** The parsed positional arguments of a command, by field name. */
export type ArgumentValues<Arguments extends readonly CliArgument[]> = {
  readonly [Argument in Arguments[number] as CamelCase<
    Argument['name']
  >]: Argument extends CliArgument<string, infer Value> ? Value : never;
};

/** `batch-size` to `batchSize`. */
export function camelCase(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** The word most like `text`, if one is near enough to be what was meant. */
export function nearest<Word extends string>(
  text: string,
  words: readonly Word[],
): Word | undefined {
  let best: Word | undefined;
  let bestDistance = Math.max(1, Math.floor(text.length * 0.4)) + 1;
  for (const word of words) {
    const distance =
      text.length > 1 && word.startsWith(text) ? 0 : editDistance(text.toLowerCase(), word);
    if (distance < bestDistance) {
      best = word;
      bestDistance = distance;
    }
  }
  return best;
}

function shape<Name extends string>(
  name: Name,
  description: string,
  settings: CommonOptionSettings,
  defaultText: string | undefined,
) {
  return {
    name,
    description,
    placeholder: settings.placeholder,
    required: settings.required ?? false,
    ...(settings.short && { short: settings.short }),
    ...(settings.group && { group: settings.group }),
    ...(defaultText !== undefined && { defaultText }),
  };
}

function numericOption<Name extends string, Value>(
  name: Name,
  description: string,
  settings: NumberOptionSettings,
  whole: boolean,
): CliOption<Name, Value> {
  const { minimum, maximum, aboveMinimum = false } = settings;
  const kind = whole ? 'a whole number' : 'a number';
  const range =
    minimum === undefined
      ? maximum === undefined
        ? ''
        : ` of at most ${maximum}`
      : aboveMinimum
        ? ` above ${minimum}${maximum === undefined ? '' : ` and up to ${maximum}`}`
        : maximum === undefined
          ? ` of at least ${minimum}`
          : ` from ${minimum} to ${maximum}`;
  return {
    ...shape(name, description, settings, settings.default?.toString()),
    parse: (text) => {
      const value = decimal.test(text) ? Number(text) : Number.NaN;
      const fits =
        (whole ? Number.isSafeInteger(value) : Number.isFinite(value)) &&
        (minimum === undefined || (aboveMinimum ? value > minimum : value >= minimum)) &&
        (maximum === undefined || value <= maximum);
      if (!fits) throw new UsageError(`--${name} expects ${kind}${range}, got ${shown(text)}.`);
      return value as never;
    },
    fallback: () => settings.default as never,
  };
}

const decimal = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

function parsePath(
  text: string,
  what: string,
  requirements: PathRequirements,
  context: ParseContext,
): string {
  const path = context.resolvePath(notEmpty(text, what, 'a path'));
  const { existing } = requirements;
  if (existing === undefined) return path;
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) throw new UsageError(`${what}: there is no ${existing} at ${path}. Check the path.`);
  const isFolder = stats.isDirectory();
  if (isFolder !== (existing === 'folder')) {
    throw new UsageError(
      `${what} expects a ${existing}, but ${path} is a ${isFolder ? 'folder' : 'file'}.`,
    );
  }
  return path;
}

function argument<Name extends string, Value>(
  name: Name,
  description: string,
  settings: ArgumentSettings,
  parseOne: (text: string, context: ParseContext) => string,
): CliArgument<Name, Value> {
  const { optional = false, many = false } = settings;
  return {
    name,
    description,
    required: !optional,
    many,
    parse: (texts, context) => {
      const values = texts.map((text) => parseOne(text, context));
      return (many ? values : values[0]) as never;
    },
  };
}

function notEmpty(text: string, what: string, kind: string): string {
  if (text.trim() === '') throw new UsageError(`${what} expects ${kind}, got an empty value.`);
  return text;
}

/** What came, short enough for a line. */
function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}

/** Damerau-Levenshtein distance with adjacent transpositions. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        last[column]! + 1,
        current[column - 1]! + 1,
        last[column - 1]! + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, beforeLast[column - 2]! + 1);
      }
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length]!;
}
