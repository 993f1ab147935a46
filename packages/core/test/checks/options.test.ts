import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  abortSignal,
  arrayOf,
  callback,
  checkOptions,
  checkValue,
  describeValue,
  either,
  flag,
  numberFrom,
  numberList,
  type OptionChecks,
  oneOf,
  positiveNumber,
  required,
  shareBelowOne,
  wholeNumber,
} from '../../src/checks/index.js';
import { InvalidArgumentError } from '../../src/errors.js';

interface MapOptions {
  readonly neighbors?: number;
  readonly minimumDistance?: number;
  readonly perplexity?: number;
  readonly metric?: 'euclidean' | 'cosine';
  readonly rate?: number | 'auto';
  readonly verbose?: boolean;
}

const mapChecks: OptionChecks<MapOptions> = {
  neighbors: wholeNumber(2),
  minimumDistance: numberFrom(0, 1),
  perplexity: positiveNumber,
  metric: oneOf('euclidean', 'cosine'),
  rate: either(positiveNumber, oneOf('auto')),
  verbose: flag,
};

const check = (options: unknown) => () => checkOptions(options as MapOptions, mapChecks);

describe('names of options', () => {
  it.each([
    ['n_neighbors', 'neighbors'],
    ['neighbours', 'neighbors'],
    ['nNeighbors', 'neighbors'],
    ['Neighbors', 'neighbors'],
    ['perplexityy', 'perplexity'],
    ['preplexity', 'perplexity'],
    ['min_dist', 'minimumDistance'],
    ['metrics', 'metric'],
    ['verbos', 'verbose'],
  ])('takes %s for %s', (wrong, right) => {
    expect(check({ [wrong]: 5 })).toThrow(
      new InvalidArgumentError(`Unknown option \`${wrong}\`, did you mean \`${right}\`?`),
    );
  });

  it('names all options where none is like the unknown one', () => {
    expect(check({ zzz: 1 })).toThrow(
      'Unknown option `zzz`. The options are `neighbors`, `minimumDistance`, `perplexity`, `metric`, `rate`, `verbose`.',
    );
    expect(() => checkOptions({ zzz: 1 } as object, {})).toThrow(
      'Unknown option `zzz`: there are no options here.',
    );
  });

  it('refuses names that every object inherits', () => {
    for (const name of ['toString', 'constructor', 'hasOwnProperty']) {
      expect(check({ [name]: 1 })).toThrow(`Unknown option \`${name}\``);
    }
    expect(check(JSON.parse('{"__proto__": 1}'))).toThrow('Unknown option `__proto__`');
  });

  it('passes what is undefined, under any name', () => {
    expect(check({ neighbors: undefined, zzz: undefined })).not.toThrow();
  });

  it('passes objects without prototype, and instances of classes', () => {
    class Given {
      neighbors = 5;
      get perplexity() {
        return 30;
      }
    }
    expect(check(new Given())).not.toThrow();
    expect(check(Object.assign(Object.create(null), { neighbors: 5 }))).not.toThrow();
    expect(check(Object.create({ neighbors: 1 }))).toThrow('`neighbors`');
    expect(check(Object.assign(Object.create(null), { n_neighbors: 5 }))).toThrow('n_neighbors');
  });

  it('says whose options they are', () => {
    expect(() => checkOptions({ neigbors: 2 } as MapOptions, mapChecks, 'map')).toThrow(
      'Unknown option `map.neigbors`, did you mean `map.neighbors`?',
    );
    expect(() => checkOptions({ neighbors: 1 }, mapChecks, 'map')).toThrow('`map.neighbors`');
  });

  it.each([
    [null, 'null'],
    [5, '5'],
    ['fast', "'fast'"],
    [[1, 2], '[1, 2]'],
  ])('refuses %s in place of options', (options, shown) => {
    expect(check(options)).toThrow(`Expected \`options\` to be an object, got ${shown}.`);
  });

  it('refuses every name that is none of the known ones, and no known one', () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        const run = check({ [name]: 1 });
        if (!Object.hasOwn(mapChecks, name)) expect(run).toThrow(`Unknown option \`${name}\``);
      }),
    );
  });
});

describe('values of options', () => {
  it.each([
    [{ neighbors: 1 }, 'Expected `neighbors` to be a whole number from 2, got 1.'],
    [{ neighbors: 2.5 }, 'Expected `neighbors` to be a whole number from 2, got 2.5.'],
    [{ neighbors: '5' }, "Expected `neighbors` to be a whole number from 2, got '5'."],
    [{ neighbors: null }, 'Expected `neighbors` to be a whole number from 2, got null.'],
    [{ neighbors: 5n }, 'Expected `neighbors` to be a whole number from 2, got 5n.'],
    [{ minimumDistance: 2 }, 'Expected `minimumDistance` to be a number from 0 to 1, got 2.'],
    [{ minimumDistance: Number.NaN }, 'got NaN.'],
    [
      { perplexity: Infinity },
      'Expected `perplexity` to be a finite number above 0, got Infinity.',
    ],
    [{ metric: 'cosin' }, "Expected `metric` to be one of 'euclidean', 'cosine', got 'cosin'."],
    [{ rate: 'fast' }, "Expected `rate` to be a finite number above 0 or 'auto', got 'fast'."],
    [{ verbose: 1 }, 'Expected `verbose` to be true or false, got 1.'],
    [{ verbose: () => true }, 'got a function.'],
    [{ verbose: {} }, 'got an object.'],
    [{ verbose: Symbol('x') }, 'got Symbol(x).'],
    [{ verbose: new Map() }, 'got a Map.'],
    [{ verbose: new Float32Array(3) }, 'got a Float32Array of 3.'],
    [{ verbose: [true] }, 'got [true].'],
  ])('refuses %o', (options, message) => {
    expect(check(options)).toThrow(InvalidArgumentError);
    expect(check(options)).toThrow(message);
  });

  it('refuses an option that is required and left out', () => {
    const checks = { epochs: required(wholeNumber(1)) };
    expect(() => checkOptions({} as { epochs: number }, checks)).toThrow(
      'Expected `epochs` to be a whole number from 1, got undefined.',
    );
  });

  it('accepts exactly the numbers of a range', () => {
    fc.assert(
      fc.property(fc.anything(), fc.integer(), fc.nat(), (value, least, width) => {
        const accepted = wholeNumber(least, least + width).accepts(value);
        const expected =
          typeof value === 'number' &&
          Math.trunc(value) === value &&
          value >= least &&
          value <= least + width;
        expect(accepted).toBe(expected);
      }),
    );
    expect([0, 0.999].every(shareBelowOne.accepts)).toBe(true);
    expect([1, -0.1, Number.NaN, '0'].some(shareBelowOne.accepts)).toBe(false);
  });

  it('knows lists, signals and functions', () => {
    expect(numberList.accepts(Float64Array.of(1, 2))).toBe(true);
    expect(numberList.accepts([1, Number.NaN])).toBe(false);
    expect(numberList.accepts(new DataView(new ArrayBuffer(8)))).toBe(false);
    expect(arrayOf(wholeNumber(0)).accepts([1, 2])).toBe(true);
    expect(arrayOf(wholeNumber(0)).accepts([1, -2])).toBe(false);
    expect(abortSignal.accepts(AbortSignal.abort())).toBe(true);
    expect([null, undefined, {}, new AbortController()].some(abortSignal.accepts)).toBe(false);
    expect(callback.accepts(() => 1)).toBe(true);
    expect(() => checkValue('onEpoch', {}, callback)).toThrow(
      'Expected `onEpoch` to be a function, got an object.',
    );
  });

  it('describes anything in one line', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withTypedArray: true }), (value) => {
        expect(describeValue(value).length).toBeGreaterThan(0);
      }),
    );
  });
});
