import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidArgumentError } from '../../src/errors.js';
import { createRandom, type Random } from '../../src/random/index.js';

const seeds = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

function draw<T>(count: number, one: () => T): T[] {
  return Array.from({ length: count }, one);
}

/** Pearson's statistic of observed counts against equal expectation. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

/** A bound that a chi-square variable exceeds with probability about 1e-5 (Wilson and Hilferty). */
function chiSquareBound(degrees: number): number {
  return degrees * (1 - 2 / (9 * degrees) + 4.265 * Math.sqrt(2 / (9 * degrees))) ** 3;
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((s, v) => s + v, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let index = 0; index < a.length; index++) {
    ab += (a[index]! - meanA) * (b[index]! - meanB);
    aa += (a[index]! - meanA) ** 2;
    bb += (b[index]! - meanB) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}

describe('a seeded stream is frozen: a change here is a change of every seeded result', () => {
  it.each([0, 1, 42, Number.MAX_SAFE_INTEGER])('seed %d', (seed) => {
    const random = createRandom(seed);
    expect({
      uint32: draw(4, () => random.uint32()),
      uniform: draw(3, () => random.uniform()),
      ranged: random.uniform(-5, 5),
      integer: draw(6, () => random.integer(0, 100)),
      wide: random.integer(Number.MIN_SAFE_INTEGER, 0),
      normal: draw(4, () => random.normal()),
      bernoulli: draw(8, () => random.bernoulli(0.3)),
      shuffle: random.shuffle([...'seeded']).join(''),
      permutation: Array.from(random.permutation(8)),
    }).toMatchSnapshot();
  });

  it('forks of seed 42', () => {
    const random = createRandom(42);
    const first = (stream: Random) => stream.uint32();
    expect({
      weights: first(random.fork('weights')),
      empty: first(random.fork('')),
      order3: first(random.fork('order').fork(3)),
      negative: first(random.fork(-1)),
      long: first(random.fork('a label that is longer than one block of the hash')),
      unicode: first(random.fork('двенадцать 🕛')),
    }).toMatchSnapshot();
  });
});

describe('uniform', () => {
  it('fills its range evenly', () => {
    const random = createRandom(1);
    const counts = new Array(100).fill(0);
    for (let n = 0; n < 200_000; n++) counts[Math.floor(random.uniform() * 100)]++;
    expect(chiSquare(counts)).toBeLessThan(chiSquareBound(99));
  });

  it('stays inside [low, high), whatever the bounds', () => {
    const bound = fc.double({ min: -1e300, max: 1e300, noNaN: true });
    fc.assert(
      fc.property(seeds, bound, bound, (seed, a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        const value = createRandom(seed).uniform(low, high);
        expect(value).toBeGreaterThanOrEqual(low);
        if (low < high) expect(value).toBeLessThan(high);
      }),
    );
  });

  it('cannot be rounded up to its excluded bound', () => {
    const random = createRandom(3);
    const high = 1 + 2 ** -52; // 1 and its next double: half of all sums round up
    expect(draw(100, () => random.uniform(1, high)).every((value) => value === 1)).toBe(true);
  });

  it('has 53 random bits', () => {
    const random = createRandom(5);
    const numerators = draw(1000, () => random.uniform() * 2 ** 53);
    expect(numerators.every(Number.isInteger)).toBe(true);
    const oddShare = numerators.filter((value) => value % 2 === 1).length / 1000;
    expect(Math.abs(oddShare - 0.5)).toBeLessThan(0.07);
  });

  it('refuses bounds in the wrong order or not finite', () => {
    const random = createRandom(0);
    expect(() => random.uniform(2, 1)).toThrow('got low 2 and high 1');
    expect(() => random.uniform(0, Number.NaN)).toThrow(InvalidArgumentError);
    expect(() => random.uniform(0, Number.POSITIVE_INFINITY)).toThrow(InvalidArgumentError);
  });
});

describe('integer', () => {
  it.each([2, 3, 6, 7, 10, 100, 257])('favours none of %d values', (count) => {
    const random = createRandom(11);
    const counts = new Array(count).fill(0);
    for (let n = 0; n < 1000 * Math.max(20, count); n++) counts[random.integer(0, count)]++;
    expect(chiSquare(counts)).toBeLessThan(chiSquareBound(count - 1));
  });

  it('favours none of the thirds of a range that no power of two divides', () => {
    // 3 * 2^30 of 2^32: a plain remainder would give the first third half of all draws.
    for (const third of [2 ** 30, 2 ** 50]) {
      const random = createRandom(12);
      const counts = [0, 0, 0];
      for (let n = 0; n < 30_000; n++) counts[Math.floor(random.integer(0, 3 * third) / third)]!++;
      expect(chiSquare(counts)).toBeLessThan(chiSquareBound(2));
    }
  });

  it('stays in [low, high)', () => {
    fc.assert(
      fc.property(seeds, fc.maxSafeInteger(), fc.maxSafeInteger(), (seed, a, b) => {
        fc.pre(a !== b && Math.abs(a - b) <= Number.MAX_SAFE_INTEGER);
        const [low, high] = a < b ? [a, b] : [b, a];
        const value = createRandom(seed).integer(low, high);
        expect(Number.isSafeInteger(value)).toBe(true);
        expect(value).toBeGreaterThanOrEqual(low);
        expect(value).toBeLessThan(high);
      }),
    );
  });

  it.each([
    [0, 0],
    [5, 4],
    [0, 1.5],
    [Number.NaN, 3],
    [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  ])('refuses the range %d to %d', (low, high) => {
    expect(() => createRandom(0).integer(low, high)).toThrow(InvalidArgumentError);
  });
});

describe('normal', () => {
  it('has the moments and the tails of the normal distribution', () => {
    const random = createRandom(21);
    const n = 200_000;
    const values = draw(n, () => random.normal());
    const moment = (power: number) => values.reduce((sum, v) => sum + v ** power, 0) / n;
    expect(Math.abs(moment(1))).toBeLessThan(4.5 * Math.sqrt(1 / n));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(4.5 * Math.sqrt(2 / n));
    expect(Math.abs(moment(3))).toBeLessThan(4.5 * Math.sqrt(15 / n));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(4.5 * Math.sqrt(96 / n));
    const beyond = (z: number) => values.filter((value) => Math.abs(value) > z).length / n;
    expect(beyond(1)).toBeCloseTo(0.31731, 2); // tables of the normal distribution
    expect(beyond(2)).toBeCloseTo(0.0455, 2);
    expect(beyond(3)).toBeCloseTo(0.0027, 3);
  });

  it('scales and shifts', () => {
    const standard = createRandom(8);
    const scaled = createRandom(8);
    for (let n = 0; n < 10; n++) expect(scaled.normal(10, 2)).toBe(10 + 2 * standard.normal());
    expect(createRandom(8).normal(3, 0)).toBe(3);
  });

  it('refuses a negative or missing spread', () => {
    expect(() => createRandom(0).normal(0, -1)).toThrow('got mean 0 and std -1');
    expect(() => createRandom(0).normal(Number.NaN)).toThrow(InvalidArgumentError);
  });
});

describe('bernoulli', () => {
  it('is true as often as asked', () => {
    const random = createRandom(2);
    const share = draw(100_000, () => random.bernoulli(0.3)).filter(Boolean).length / 100_000;
    expect(Math.abs(share - 0.3)).toBeLessThan(4.5 * Math.sqrt((0.3 * 0.7) / 100_000));
    expect(draw(100, () => random.bernoulli(0)).some(Boolean)).toBe(false);
    expect(draw(100, () => random.bernoulli(1)).every(Boolean)).toBe(true);
  });

  it('refuses what is no probability', () => {
    for (const p of [-0.1, 1.1, Number.NaN]) {
      expect(() => createRandom(0).bernoulli(p)).toThrow(InvalidArgumentError);
    }
  });
});

describe('permutation and shuffle', () => {
  it('a permutation holds each number below n once', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 0, max: 500 }), (seed, n) => {
        const sorted = Array.from(createRandom(seed).permutation(n)).sort((a, b) => a - b);
        expect(sorted).toEqual(Array.from({ length: n }, (_, index) => index));
      }),
    );
  });

  it('all 24 orders of four are equally likely', () => {
    const random = createRandom(4);
    const counts = new Map<string, number>();
    for (let n = 0; n < 48_000; n++) {
      const order = random.permutation(4).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    expect(chiSquare([...counts.values()])).toBeLessThan(chiSquareBound(23));
  });

  it('shuffles arrays and typed arrays in place, alike', () => {
    const list = ['a', 'b', 'c', 'd', 'e'];
    const codes = Uint8Array.of(97, 98, 99, 100, 101);
    expect(createRandom(9).shuffle(list)).toBe(list);
    expect(createRandom(9).shuffle(codes)).toBe(codes);
    expect(String.fromCharCode(...codes)).toBe(list.join(''));
  });

  it('refuses lengths that are none', () => {
    for (const n of [-1, 0.5, Number.NaN, 2 ** 32]) {
      expect(() => createRandom(0).permutation(n)).toThrow(InvalidArgumentError);
    }
  });
});

describe('fork', () => {
  const label = fc.oneof(fc.string({ unit: 'binary' }), fc.maxSafeInteger());

  it('depends on the seed and the path alone, not on what was drawn', () => {
    fc.assert(
      fc.property(
        seeds,
        fc.array(label, { minLength: 1, maxLength: 4 }),
        fc.nat(50),
        (seed, path, draws) => {
          const follow = (busy: boolean) => {
            let stream = createRandom(seed);
            for (const step of path) {
              if (busy) {
                for (let n = 0; n < draws; n++) stream.normal();
                stream.fork('elsewhere').uint32();
              }
              stream = stream.fork(step);
            }
            return draw(3, () => stream.uint32());
          };
          expect(follow(true)).toEqual(follow(false));
        },
      ),
    );
  });

  it('leaves its parent’s stream alone', () => {
    const [alone, forking] = [createRandom(6), createRandom(6)];
    forking.fork('a').uint32();
    expect(forking.uint32()).toBe(alone.uint32());
  });

  it('tells labels, orders of labels and joined labels apart', () => {
    const random = createRandom(42);
    const streams = [
      random,
      random.fork('a'),
      random.fork('b'),
      random.fork('ab'),
      random.fork('a').fork('b'),
      random.fork('b').fork('a'),
      random.fork('a\0'),
      random.fork(''),
      random.fork('').fork(''),
      random.fork(0),
      createRandom(0),
      createRandom(43).fork('a'),
    ];
    const starts = streams.map((stream) => draw(4, () => stream.uint32()).join());
    expect(new Set(starts).size).toBe(streams.length);
    expect(random.fork(12).uint32()).toBe(random.fork('12').uint32());
  });

  it('never gives two of 100,000 numbered forks the same start, and starts them evenly', () => {
    const random = createRandom(7);
    const starts = new Set<number>();
    const counts = new Array(256).fill(0);
    for (let n = 0; n < 100_000; n++) {
      const value = random.fork(n).uniform();
      starts.add(value);
      counts[Math.floor(value * 256)]++;
    }
    expect(starts.size).toBe(100_000);
    expect(chiSquare(counts)).toBeLessThan(chiSquareBound(255));
  });

  it('makes streams that are not correlated with their parent, siblings or neighbours', () => {
    const n = 20_000;
    const random = createRandom(42);
    const streams = [
      random,
      random.fork(0),
      random.fork(1),
      random.fork(0).fork(0),
      createRandom(43),
    ];
    const values = streams.map((stream) => draw(n, () => stream.uniform()));
    for (let a = 0; a < values.length; a++) {
      for (let b = 0; b < a; b++) {
        expect(Math.abs(correlation(values[a]!, values[b]!))).toBeLessThan(4.5 / Math.sqrt(n));
      }
    }
  });

  it('refuses a label that is neither text nor a whole number', () => {
    for (const label of [0.5, Number.NaN, undefined, null] as number[]) {
      expect(() => createRandom(0).fork(label)).toThrow(InvalidArgumentError);
    }
  });
});

describe('createRandom', () => {
  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, undefined, null, '42'])(
    'refuses the seed %s and names it',
    (seed) => {
      expect(() => createRandom(seed as number)).toThrow(InvalidArgumentError);
      expect(() => createRandom(seed as number)).toThrow(`${seed}`);
    },
  );
});
