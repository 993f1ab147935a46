import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { InvalidArgumentError } from '../../src/errors.js';
import { RandomState, type Size } from '../../src/random/index.js';

/** Drawn by NumPy itself: fixtures/make_numpy_fixtures.py. */
const numpy: {
  streams: {
    seed: number | number[];
    calls: {
      method: string;
      arguments: (number | number[])[];
      /** With the logarithm of the normal numbers rounded correctly. */
      result: number | number[];
      /** With glibc's logarithm, where that gives other last bits. */
      numpy?: number[];
    }[];
  }[];
  permutation18000: number[];
  shuffledAlphabet: string;
  longRun: { every50th: number[]; last: number[] };
} = JSON.parse(
  readFileSync(new URL('./fixtures/numpy-random-state.json', import.meta.url), 'utf8'),
);

const ourName: Record<string, keyof RandomState> = { random_sample: 'randomSample' };

function call(state: RandomState, method: string, args: (number | number[])[]): number | number[] {
  const name = ourName[method] ?? (method as keyof RandomState);
  const result = (state[name] as (...values: unknown[]) => number | ArrayLike<number>).apply(
    state,
    args,
  );
  return typeof result === 'number' ? result : Array.from(result);
}

describe('RandomState draws what NumPy draws', () => {
  for (const { seed, calls } of numpy.streams) {
    const label = Array.isArray(seed) && seed.length > 5 ? `${seed.length} words` : `${seed}`;
    it(`exactly: seed ${label}: ${calls.length} calls on one stream`, () => {
      const state = new RandomState(seed);
      for (const { method, arguments: args, result, numpy } of calls) {
        const ours = call(state, method, args);
        expect(ours, `${method}(${args})`).toEqual(result);
        if (numpy) expectLastBits(ours as number[], numpy, 3);
      }
    });
  }

  it('the course’s permutation of 18,000 pictures', () => {
    expect(Array.from(new RandomState(42).permutation(18000))).toEqual(numpy.permutation18000);
  });

  it('shuffles any indexed list in place', () => {
    const letters = [...'abcdefghijklmnopqrstuvwxyz'];
    expect(new RandomState(42).shuffle(letters)).toBe(letters);
    expect(letters.join('')).toBe(numpy.shuffledAlphabet);
  });

  it('stays within a last bit of NumPy, and mostly on it, over 200,000 normals', () => {
    const run = new RandomState(42).normal(0, 1, 200_000);
    const ours = numpy.longRun.every50th.map((_, index) => run[50 * index]!);
    expectLastBits(ours, numpy.longRun.every50th, 4);
    expect(Array.from(run.slice(-3))).toEqual(numpy.longRun.last);
  });
});

function expectLastBits(ours: number[], theirs: number[], mostDiffering: number): void {
  const differing = theirs.filter((value, index) => value !== ours[index]);
  expect(differing.length).toBeLessThanOrEqual(mostDiffering);
  for (const [index, value] of theirs.entries()) {
    expect(Math.abs(ours[index]! - value)).toBeLessThanOrEqual(Math.abs(value) * 2 ** -51);
  }
}

describe('RandomState', () => {
  it('keeps the second normal of a pair for the next call, as NumPy does', () => {
    const inOne = new RandomState(7).normal(0, 1, 5);
    const state = new RandomState(7);
    expect([state.normal(), ...state.normal(0, 1, 3), state.normal()]).toEqual(Array.from(inOne));
  });

  it('permutes a copy of a typed array', () => {
    const values = Float32Array.of(0, 1, 2, 3, 4);
    const permuted = new RandomState(3).permutation(values);
    expect(values).toEqual(Float32Array.of(0, 1, 2, 3, 4));
    expect(Array.from(permuted)).toEqual(Array.from(new RandomState(3).permutation(5)));
  });

  it.each([[-1], [1.5], [Number.NaN], [2 ** 32], [[]], [[1, -2]]])(
    'refuses the seed %j',
    (seed) => {
      expect(() => new RandomState(seed)).toThrow(InvalidArgumentError);
      expect(() => new RandomState(seed)).toThrow(/Expected a seed from 0 to 2\^32 - 1/);
    },
  );

  it('refuses what NumPy refuses', () => {
    const state = new RandomState(0);
    expect(() => state.normal(0, -1)).toThrow('Expected a scale of 0 or more, got -1.');
    expect(() => state.uniform(0, Number.POSITIVE_INFINITY)).toThrow('got low 0 and high Infinity');
    expect(() => state.randint(5, 5)).toThrow('got low 5 and high 5');
    expect(() => state.randint(0)).toThrow('got low 0 and high 0');
    expect(() => state.randint(0, 2 ** 40, 3)).toThrow('32-bit');
    expect(() => state.permutation(-3)).toThrow('got -3');
    for (const size of [-1, 2.5, [2, -1], 2 ** 40] as Size[]) {
      expect(() => state.uniform(0, 1, size)).toThrow(InvalidArgumentError);
    }
  });
});
