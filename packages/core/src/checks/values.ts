import { InvalidArgumentError } from '../errors.js';

/** What a value has to be: a phrase that completes "Expected `name` to be …", and its test. */
export interface Check<T> {
  readonly expected: string;
  readonly accepts: (value: unknown) => value is T;
  /** Whether an option may not be left out. Default false. */
  readonly isRequired?: boolean;
}

/** @throws InvalidArgumentError unless the check accepts the value. */
export function checkValue<T>(name: string, value: unknown, check: Check<T>): asserts value is T {
  if (check.accepts(value)) return;
  throw new InvalidArgumentError(
    `Expected \`${name}\` to be ${check.expected}, got ${describeValue(value)}.`,
  );
}

/** The same check for an option that may not be left out. */
export function required<T>(check: Check<T>): Check<T> {
  return { ...check, isRequired: true };
}

/** A whole number from `least` to `most`. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): Check<number> {
  return checkOf<number>(
    `a whole number${rangeOf(least, most, Number.MAX_SAFE_INTEGER)}`,
    (value) =>
      Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most,
  );
}

/** A finite number from `least` to `most`. */
export function numberFrom(least: number, most = Number.MAX_VALUE): Check<number> {
  return checkOf<number>(
    `a number${rangeOf(least, most, Number.MAX_VALUE)}`,
    (value) => typeof value === 'number' && value >= least && value <= most,
  );
}

/** A finite number above 0. */
export const positiveNumber: Check<number> = checkOf(
  'a finite number above 0',
  (value) => typeof value === 'number' && value > 0 && value < Infinity,
);

/** Any finite number. */
export const finiteNumber: Check<number> = checkOf('a finite number', Number.isFinite);

/** A number from 0 up to, but not including, 1. */
export const shareBelowOne: Check<number> = checkOf(
  'a number from 0 to below 1',
  (value) => typeof value === 'number' && value >= 0 && value < 1,
);

/** One of some values. */
export function oneOf<const T extends string | number>(...choices: readonly T[]): Check<T> {
  const names = choices.map(describeValue);
  return checkOf<T>(names.length === 1 ? names[0]! : `one of ${names.join(', ')}`, (value) =>
    choices.includes(value as T),
  );
}

export const flag: Check<boolean> = checkOf('true or false', (value) => typeof value === 'boolean');

export const text: Check<string> = checkOf('a string', (value) => typeof value === 'string');

/** A function; what it takes and returns cannot be checked. */
export const callback: Check<never> = checkOf('a function', (value) => typeof value === 'function');

/** An object whose contents are checked elsewhere. */
export const someObject: Check<never> = checkOf(
  'an object',
  (value) => typeof value === 'object' && value !== null,
);

/** Anything: its own check follows elsewhere. */
export const anything: Check<never> = checkOf('anything', () => true);

/** By its members: realms such as jsdom's have an `AbortSignal` class of their own. */
export const abortSignal: Check<AbortSignal> = checkOf('an AbortSignal', (value) => {
  const { aborted, throwIfAborted } = (value ?? {}) as Partial<AbortSignal>;
  return typeof aborted === 'boolean' && typeof throwIfAborted === 'function';
});

export const float32Array: Check<Float32Array> = checkOf(
  'a Float32Array',
  (value) => value instanceof Float32Array,
);

/** What one of the checks accepts. */
export function either<A, B>(first: Check<A>, second: Check<B>): Check<A | B> {
  return checkOf<A | B>(
    `${first.expected} or ${second.expected}`,
    (value) => first.accepts(value) || second.accepts(value),
  );
}

/** An array in which each element is accepted. */
export function arrayOf<T>(check: Check<T>): Check<T[]> {
  return checkOf<T[]>(
    `an array in which each element is ${check.expected}`,
    (value) => Array.isArray(value) && value.every((element) => check.accepts(element)),
  );
}

/** Two values, each accepted. */
export function pairOf<T>(check: Check<T>): Check<[T, T]> {
  return checkOf<[T, T]>(
    `two values, each ${check.expected}`,
    (value) => Array.isArray(value) && value.length === 2 && value.every(check.accepts),
  );
}

/** Numbers in an array or a typed array. */
export const numberList: Check<ArrayLike<number>> = checkOf(
  'an array of finite numbers',
  (value) =>
    (Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))) &&
    Array.prototype.every.call(value, Number.isFinite),
);

/** A value as error messages show it. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `'${value.length > 60 ? `${value.slice(0, 57)}...` : value}'`;
    case 'bigint':
      return `${value}n`;
    case 'function':
      return 'a function';
    case 'object':
      break;
    default:
      return String(value);
  }
  if (value === null) return 'null';
  if (Array.isArray(value)) {
    if (value.length <= 8 && value.every((element) => typeof element !== 'object')) {
      return `[${value.map((element) => describeValue(element)).join(', ')}]`;
    }
    return `an array of ${value.length}`;
  }
  const maker: unknown = (value as { constructor?: unknown }).constructor;
  const name = typeof maker === 'function' ? maker.name : undefined;
  if (ArrayBuffer.isView(value) && 'length' in value) return `a ${name} of ${value.length}`;
  if (!name || name === 'Object') return 'an object';
  return `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}`;
}

function checkOf<T>(expected: string, accepts: (value: unknown) => boolean): Check<T> {
  return { expected, accepts: accepts as Check<T>['accepts'] };
}

function rangeOf(least: number, most: number, unbounded: number): string {
  return most >= unbounded ? ` from ${least}` : ` from ${least} to ${most}`;
}
