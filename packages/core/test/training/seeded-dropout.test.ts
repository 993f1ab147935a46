import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/random/index.js';
import {
  initializerSeed,
  registerTrainingLayers,
  SeededDropout,
} from '../../src/training/index.js';
import { dropoutMask } from '../../src/training/seeded-dropout.js';

const apply = (layer: SeededDropout, input: tf.Tensor, training = true) => [
  ...(layer.apply(input, { training }) as tf.Tensor).dataSync(),
];

describe('a dropout mask', () => {
  it('never changes: it is part of what a seed means', () => {
    const kept = (mask: Float32Array) => Array.from(mask, (value) => (value > 0 ? 1 : 0)).join('');
    expect(kept(dropoutMask(48, 0.5, [42, 0, 0]))).toMatchInlineSnapshot(
      `"011111011101000110010001010001110010011110101111"`,
    );
    expect(kept(dropoutMask(48, 0.5, [42, 1, 0]))).toMatchInlineSnapshot(
      `"000111101001010000110011101011010000101001101010"`,
    );
    expect(kept(dropoutMask(48, 0.1, [42, 1, 1]))).toMatchInlineSnapshot(
      `"011111011111111111111111110111101011111111111111"`,
    );
  });

  it('drops the share it is told to, and keeps the mean', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 0.95, noNaN: true }),
        fc.integer({ min: 1 }),
        fc.nat(),
        (rate, seed, step) => {
          const size = 20_000;
          const mask = dropoutMask(size, rate, [seed, step, 0]);
          const dropped = mask.filter((value) => value === 0).length / size;
          // Five standard deviations: fails once in two million draws.
          const deviation = Math.sqrt((rate * (1 - rate)) / size);
          expect(Math.abs(dropped - rate)).toBeLessThan(5 * deviation + 1 / 65_536);
          expect(Math.max(...mask)).toBeCloseTo(1 / (1 - rate), 1);
        },
      ),
      { numRuns: 50, seed: 1 },
    );
  });

  it('is independent between steps, seeds, calls and neighbours', () => {
    const size = 100_000;
    const base = dropoutMask(size, 0.5, [1, 0, 0]);
    const agreement = (other: Float32Array, shift = 0) => {
      let equal = 0;
      for (let index = 0; index < size; index++) {
        if (base[index] === other[(index + shift) % size]) equal++;
      }
      return equal / size;
    };
    const others = [
      dropoutMask(size, 0.5, [1, 1, 0]),
      dropoutMask(size, 0.5, [1, 2, 0]),
      dropoutMask(size, 0.5, [2, 0, 0]),
      dropoutMask(size, 0.5, [1 + 2 ** 32, 0, 0]),
      dropoutMask(size, 0.5, [1, 0, 1]),
    ];
    for (const other of others) {
      for (const shift of [0, 1, 2]) expect(agreement(other, shift)).toBeCloseTo(0.5, 1.5);
    }
    for (const shift of [1, 2, 3, 128, 4096]) expect(agreement(base, shift)).toBeCloseTo(0.5, 1.5);
  });

  it.each([0, 1, 2, 3, 7])('can have %i values', (size) => {
    const mask = dropoutMask(size, 0.3, [9, 9, 9]);
    expect(mask).toHaveLength(size);
    expect(mask).toEqual(dropoutMask(8, 0.3, [9, 9, 9]).slice(0, size));
  });
});

describe('SeededDropout', () => {
  const ones = tf.ones([4, 50]);

  it('draws by seed and step alone', () => {
    const [a, b, c] = [7, 7, 8].map((seed) => new SeededDropout({ rate: 0.5, seed }));
    for (const layer of [a!, b!, c!]) layer.setTrainingStep(12);
    const mask = apply(a!, ones);
    expect(apply(b!, ones)).toEqual(mask);
    expect(apply(c!, ones)).not.toEqual(mask);
    a!.setTrainingStep(13);
    expect(apply(a!, ones)).not.toEqual(mask);
    a!.setTrainingStep(12);
    expect(apply(a!, ones)).toEqual(mask);
    expect(new Set(mask)).toEqual(new Set([0, 2]));
  });

  it('draws anew at each call where nobody tells it the step', () => {
    const layer = new SeededDropout({ rate: 0.5, seed: 7 });
    expect(apply(layer, ones)).not.toEqual(apply(layer, ones));
  });

  it('passes its input on when the model predicts, or at rate 0', () => {
    const input = tf.linspace(0, 1, 20).reshape([4, 5]);
    expect(apply(new SeededDropout({ rate: 0.5, seed: 7 }), input, false)).toEqual([
      ...input.dataSync(),
    ]);
    expect(apply(new SeededDropout({ rate: 0, seed: 7 }), input)).toEqual([...input.dataSync()]);
  });

  it('lets the gradient through what it kept, scaled alike', () => {
    const layer = new SeededDropout({ rate: 0.5, seed: 7 });
    layer.setTrainingStep(1);
    const output = apply(layer, ones);
    layer.setTrainingStep(1);
    const gradient = tf.grad((x) => layer.apply(x, { training: true }) as tf.Tensor)(ones);
    expect([...gradient.dataSync()]).toEqual(output);
  });

  it('drops whole channels by a noise shape', () => {
    const layer = new SeededDropout({ rate: 0.5, seed: 7, noiseShape: [null, 1, 1, null] });
    const output = layer.apply(tf.ones([2, 3, 3, 16]), { training: true }) as tf.Tensor4D;
    const channels = tf.mean(output, [1, 2]).dataSync();
    expect(new Set(channels)).toEqual(new Set([0, 2]));
  });

  it('survives being written as JSON', async () => {
    registerTrainingLayers();
    registerTrainingLayers();
    const options = { rate: 0.25, seed: 9, noiseShape: [null, 1, null], inputShape: [3, 4] };
    const model = tf.sequential({ layers: [new SeededDropout(options)] });
    const copy = await tf.models.modelFromJSON({
      modelTopology: model.toJSON(null, false) as object,
    } as never);
    const layer = copy.layers[0] as SeededDropout;
    expect(layer).toBeInstanceOf(SeededDropout);
    expect(layer).toMatchObject({ rate: 0.25, seed: 9, noiseShape: [null, 1, null] });
    expect(apply(layer, tf.ones([2, 3, 4]))).toEqual(
      apply(new SeededDropout(options), tf.ones([2, 3, 4])),
    );
  });

  it('refuses rates and seeds that cannot be', () => {
    expect(() => new SeededDropout({ rate: 1, seed: 1 })).toThrow(
      /`rate` to be a number from 0 to below 1/,
    );
    expect(() => new SeededDropout({ rate: 0.5, seed: 0 })).toThrow(/seed to be a whole number/);
    expect(() => new SeededDropout({ rate: 0.5, seed: 1.5 })).toThrow(/but got 1.5/);
  });
});

describe('initializerSeed', () => {
  it('depends on seed and label alone and is never 0', () => {
    const random = createRandom(42);
    const seed = initializerSeed(random, 'hidden');
    random.uint32();
    expect(initializerSeed(random, 'hidden')).toBe(seed);
    expect(initializerSeed(random, 'output')).not.toBe(seed);
    expect(initializerSeed(createRandom(43), 'hidden')).not.toBe(seed);
    for (let label = 0; label < 1000; label++) {
      expect(initializerSeed(random, label)).toBeGreaterThan(0);
    }
  });

  it('starts equal layers with different weights', () => {
    const random = createRandom(42);
    const start = (label: string) =>
      tf.initializers
        .glorotUniform({ seed: initializerSeed(random, label) })
        .apply([3, 3])
        .dataSync();
    expect(start('a')).toEqual(start('a'));
    expect(start('a')).not.toEqual(start('b'));
  });
});
