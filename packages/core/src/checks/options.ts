import { InvalidArgumentError } from '../errors.js';
import { type Check, checkValue, describeValue } from './values.js';

/**
 * A check for each option. TypeScript refuses a list with an option missing or one too many, so that
 * the names that {@link checkOptions} knows are those that are declared.
 */
export type OptionChecks<Options> = {
  readonly [Name in keyof Options]-?: Check<Options[Name]>;
};

/**
 * Checks the options that a caller gives. Options left out or `undefined` pass.
 *
 * @example
 * ```ts
 * interface BlurOptions {
 *   readonly radius?: number;
 *   readonly edge?: 'clamp' | 'wrap';
 * }
 * const blurChecks: OptionChecks<BlurOptions> = {
 *   radius: wholeNumber(1),
 *   edge: oneOf('clamp', 'wrap'),
 * };
 * checkOptions({ raduis: 3 }, blurChecks); // Unknown option `raduis`, did you mean `radius`?
 * ```
 *
 * @param of - The option that these are the options of, for messages: `earlyStopping`.
 * @throws InvalidArgumentError for a name that is no option, or a value that its check refuses.
 */
export function checkOptions<Options extends object>(
  options: Options,
  checks: OptionChecks<Options>,
  of?: string,
): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new InvalidArgumentError(
      `Expected \`${of ?? 'options'}\` to be an object, got ${describeValue(options)}.`,
    );
  }
  const prefix = of === undefined ? '' : `${of}.`;
  const given = options as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(checks, name) || given[name] === undefined) continue;
    throw new InvalidArgumentError(unknownOption(prefix, name, Object.keys(checks)));
  }
  for (const [name, check] of Object.entries<Check<unknown>>(checks)) {
    const value = given[name];
    if (value !== undefined || check.isRequired) checkValue(`${prefix}${name}`, value, check);
  }
}

function unknownOption(prefix: string, name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  if (nearest !== undefined) {
    return `Unknown option \`${prefix}${name}\`, did you mean \`${prefix}${nearest}\`?`;
  }
  const all = known.map((option) => `\`${prefix}${option}\``).join(', ');
  return known.length === 0
    ? `Unknown option \`${prefix}${name}\`: there are no options here.`
    : `Unknown option \`${prefix}${name}\`. The options are ${all}.`;
}

/** The known name that a wrong one most likely means; undefined when none is like it. */
function nearestName(name: string, known: readonly string[]): string | undefined {
  const wanted = plain(name);
  let nearest: string | undefined;
  let least = 0.5;
  for (const candidate of known) {
    const other = plain(candidate);
    const distance = isAbbreviation(wanted, other)
      ? 0.25
      : editDistance(wanted, other) / Math.max(wanted.length, other.length);
    if (distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

/** `n_neighbors` and `nNeighbors` are the same name. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
}

/** `mindist` for `minimumdistance`: the letters in order, from the first on. */
function isAbbreviation(short: string, long: string): boolean {
  if (short.length < 3 || short[0] !== long[0]) return false;
  let at = 0;
  for (const letter of long) if (letter === short[at]) at++;
  return at === short.length;
}

/** The fewest letters to insert, leave out, replace or swap with the next (Damerau, 1964). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, replaced);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        row[j] = Math.min(row[j]!, before[j - 2]! + 1);
      }
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}
