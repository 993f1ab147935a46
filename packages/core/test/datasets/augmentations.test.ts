import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Augmentation,
  composeAugmentations,
  randomBrightness,
  randomCutout,
  randomFlip,
  randomRotateScale,
  randomShift,
} from '../../src/datasets/index.js';
import { InvalidArgumentError } from '../../src/errors.js';
import { createRandom } from '../../src/random/index.js';

type Shape = readonly [number, number, number];

/** One run of an augmentation on the values 1, 2, 3, ... */
function run(augment: Augmentation, shape: Shape, seed = 1, values?: number[]): number[] {
  const size = shape[0] * shape[1] * shape[2];
  const pixels = Float32Array.from(values ?? Array.from({ length: size }, (_, i) => i + 1));
  return [...augment(pixels, { shape, range: [0, 255], random: createRandom(seed) })];
}

/** Every result that a hundred seeds give, as text. */
function results(augment: Augmentation, shape: Shape): Set<string> {
  return new Set(Array.from({ length: 100 }, (_, seed) => run(augment, shape, seed).join()));
}

const all: Record<string, Augmentation> = {
  randomFlip: randomFlip(),
  randomShift: randomShift({ pixels: 2, padding: 'reflect' }),
  randomRotateScale: randomRotateScale({ degrees: 30, scale: [0.8, 1.2] }),
  randomCutout: randomCutout({ size: 3 }),
  randomBrightness: randomBrightness({ contrast: 0.3 }),
};

describe.each(Object.entries(all))('%s', (_, augment) => {
  it('is a pure function of pixels and stream, and keeps to the range', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 60, maxLength: 60 }), fc.nat(), (bytes, seed) => {
        const pixels = Float32Array.from(bytes);
        const context = { shape: [5, 4, 3] as const, range: [0, 255] as const };
        const once = augment(pixels, { ...context, random: createRandom(seed) });
        const again = augment(pixels, { ...context, random: createRandom(seed) });
        expect(again).toEqual(once);
        expect(pixels).toEqual(Float32Array.from(bytes));
        expect(once.length).toBe(60);
        expect(once.every((value) => value >= -1e-3 && value <= 255.001)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('gives different results for different seeds', () => {
    expect(results(augment, [5, 4, 3]).size).toBeGreaterThan(1);
  });
});

describe('randomFlip', () => {
  it('exchanges left and right, channels together', () => {
    expect(run(randomFlip({ probability: 1 }), [2, 2, 2])).toEqual([3, 4, 1, 2, 7, 8, 5, 6]);
    expect(run(randomFlip({ probability: 1, direction: 'vertical' }), [2, 2, 2])).toEqual([
      5, 6, 7, 8, 1, 2, 3, 4,
    ]);
    expect(run(randomFlip({ probability: 0 }), [1, 2, 1])).toEqual([1, 2]);
  });

  it('flips about half of the images', () => {
    const flipped = Array.from(
      { length: 1000 },
      (_, seed) => run(randomFlip(), [1, 2, 1], seed)[0] === 2,
    );
    // 1,000 fair throws lie this far from 500 less than once in 10,000 times.
    expect(Math.abs(flipped.filter(Boolean).length - 500)).toBeLessThan(65);
  });
});

describe('randomShift', () => {
  it.each([
    [undefined, ['0,0,0', '0,0,1', '0,1,2', '1,2,3', '2,3,0', '3,0,0']],
    [9, ['9,9,9', '9,9,1', '9,1,2', '1,2,3', '2,3,9', '3,9,9']],
  ])('moves in either direction and fills with %s', (padding, possible) => {
    const shift =
      padding === undefined ? randomShift({ pixels: 2 }) : randomShift({ pixels: 2, padding });
    expect([...results(shift, [1, 3, 1])].sort()).toEqual([...possible].sort());
  });

  it('mirrors about the outermost pixels, or repeats them', () => {
    // Up or down a single row is mirrored or repeated to itself.
    expect([...results(randomShift({ pixels: 2, padding: 'reflect' }), [1, 3, 1])].sort()).toEqual([
      '1,2,3',
      '2,1,2',
      '2,3,2',
      '3,2,1',
    ]);
    expect([...results(randomShift({ pixels: 2, padding: 'edge' }), [1, 3, 1])].sort()).toEqual([
      '1,1,1',
      '1,1,2',
      '1,2,3',
      '2,3,3',
      '3,3,3',
    ]);
  });
});

describe('randomRotateScale', () => {
  it('turns about the centre', () => {
    const middle = [0, 0, 0, 0, 200, 0, 0, 0, 0];
    expect(run(randomRotateScale({ degrees: 180 }), [3, 3, 1], 3, middle)[4]).toBeCloseTo(200, 3);
  });

  it('moves a corner of a square to the next by a quarter turn', () => {
    const quarter = randomRotateScale({ degrees: 90 });
    const corner = [100, 0, 0, 0, 0, 0, 0, 0, 0];
    const turns = { shape: [3, 3, 1], range: [0, 255] } as const;
    const clockwise = quarter(Float32Array.from(corner), {
      ...turns,
      random: { ...createRandom(1), uniform: () => 1 } as never,
    });
    expect(clockwise[2]).toBeCloseTo(100, 3);
  });

  it('halves a picture about its centre', () => {
    const half = randomRotateScale({ scale: [0.5, 0.5] });
    expect(run(half, [1, 4, 1], 1, [40, 40, 80, 80])).toEqual([0, 40, 80, 0]);
    expect(run(randomRotateScale({ scale: [1, 1] }), [1, 2, 1])).toEqual([1, 2]);
  });
});

describe('randomCutout', () => {
  it('blanks a square that may reach over the edge', () => {
    const counts = Array.from({ length: 200 }, (_, seed) => {
      const cut = run(randomCutout({ size: 3, fill: 0 }), [6, 6, 1], seed);
      return cut.filter((value) => value === 0).length;
    });
    expect(new Set(counts)).toEqual(new Set([4, 6, 9]));
  });

  it('fills with the middle of the range', () => {
    expect(run(randomCutout({ size: 9 }), [1, 2, 2])).toEqual([127.5, 127.5, 127.5, 127.5]);
  });
});

describe('randomBrightness', () => {
  it('adds the same to every pixel, within the range', () => {
    for (let seed = 0; seed < 50; seed++) {
      const [a, b, c] = run(
        randomBrightness({ brightness: 0.1 }),
        [1, 3, 1],
        seed,
        [100, 150, 255],
      );
      expect(b! - a!).toBeCloseTo(50, 3);
      expect(Math.abs(a! - 100)).toBeLessThanOrEqual(25.5);
      expect(c).toBeLessThanOrEqual(255);
    }
  });

  it('changes contrast about the mean', () => {
    const [a, b] = run(
      randomBrightness({ brightness: 0, contrast: 0.5 }),
      [1, 2, 1],
      4,
      [100, 140],
    );
    expect(a! + b!).toBeCloseTo(240, 3);
    expect(b! - a!).not.toBeCloseTo(40, 1);
  });
});

describe('composeAugmentations', () => {
  it('applies one after another', () => {
    const compose = composeAugmentations(
      randomFlip({ probability: 1 }),
      randomFlip({ probability: 1 }),
    );
    expect(run(compose, [1, 3, 1])).toEqual([1, 2, 3]);
    expect(run(composeAugmentations(), [1, 3, 1])).toEqual([1, 2, 3]);
  });

  it('gives each a stream of its own: another before it changes nothing of what it draws', () => {
    const drawn: number[] = [];
    const record: Augmentation = (pixels, { random }) => {
      drawn.push(random.uint32());
      return pixels;
    };
    const idle: Augmentation = (pixels) => pixels;
    const greedy: Augmentation = (pixels, { random }) => {
      for (let i = 0; i < 9; i++) random.uniform();
      return pixels;
    };
    for (const before of [idle, greedy]) run(composeAugmentations(before, record), [1, 1, 1]);
    expect(drawn[0]).toBe(drawn[1]);
  });
});

it.each([
  () => randomFlip({ probability: 1.5 }),
  () => randomShift({ pixels: -1 }),
  () => randomShift({ pixels: 1.5 }),
  () => randomRotateScale({ degrees: 200 }),
  () => randomRotateScale({ scale: [0, 1] }),
  () => randomRotateScale({ scale: [2, 1] }),
  () => randomCutout({ size: 0 }),
  () => randomBrightness({ brightness: Number.NaN }),
])('options that cannot be used are refused when the augmentation is made: %s', (make) => {
  expect(make).toThrow(InvalidArgumentError);
});
