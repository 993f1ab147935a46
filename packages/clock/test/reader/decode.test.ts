import { createRandom } from '@nn-lab/core/random';
import { describe, expect, it } from 'vitest';
import { decodeDirections } from '../../src/reader/decode.js';
import { unrolledAngles } from '../../src/reader/unroll.js';

/** Logits of three bells around angles in degrees, each with its own width in degrees. */
function logitsOf(angles: readonly number[], widths: readonly number[] = [2, 2, 2]): Float32Array {
  const logits = new Float32Array(3 * unrolledAngles);
  angles.forEach((angle, which) => {
    for (let column = 0; column < unrolledAngles; column++) {
      const apart = (((((column * 360) / unrolledAngles - angle) % 360) + 540) % 360) - 180;
      logits[which * unrolledAngles + column] = -0.5 * (apart / widths[which]!) ** 2;
    }
  });
  return logits;
}

const directionsOf = (time: number, rotation: number) => [
  (time % 60) * 6 + rotation,
  time / 2 + rotation,
  rotation,
];

describe('decoding directions', () => {
  it('gives back each of the 720 times at any turn', () => {
    const random = createRandom(1);
    for (let time = 0; time < 720; time++) {
      const rotation = random.uniform(0, 360);
      const decoded = decodeDirections(logitsOf(directionsOf(time, rotation)));
      expect(decoded.hour * 60 + decoded.minute).toBe(time);
      const apart = Math.abs(((decoded.rotation - rotation + 540) % 360) - 180);
      expect(apart).toBeLessThanOrEqual(1);
    }
  });

  it('reads the hour from a hand that is known to half an hour only, and the minute in full', () => {
    const random = createRandom(2);
    for (let time = 0; time < 720; time += 7) {
      const [minute, hour, twelve] = directionsOf(time, random.uniform(0, 360)) as [
        number,
        number,
        number,
      ];
      const blurred = logitsOf([minute, hour + random.uniform(-9, 9), twelve], [2, 12, 2]);
      const decoded = decodeDirections(blurred);
      expect(decoded.hour * 60 + decoded.minute).toBe(time);
    }
  });

  it('lets the hands decide between two places of the twelve', () => {
    const time = 4 * 60 + 50;
    const [minute, hour, twelve] = directionsOf(time, 0) as [number, number, number];
    const logits = logitsOf([minute, hour, twelve], [2, 2, 2]);
    const elsewhere = logitsOf([minute, hour, twelve + 13 * 6], [2, 2, 2]);
    for (let i = 2 * unrolledAngles; i < 3 * unrolledAngles; i++) {
      // The wrong place looks a little better, but there the hands cannot both be right.
      logits[i] = Math.log(Math.exp(logits[i]!) + 1.5 * Math.exp(elsewhere[i]!));
    }
    const decoded = decodeDirections(logits);
    expect(decoded.hour * 60 + decoded.minute).toBe(time);
  });

  it('says how sure it is: the probabilities of what was kept sum to at most 1', () => {
    const sure = decodeDirections(logitsOf(directionsOf(100, 33)));
    const unsure = decodeDirections(logitsOf(directionsOf(100, 33), [30, 30, 30]));
    expect(sure.probability).toBeGreaterThan(unsure.probability);
    for (const { alternatives, probability } of [sure, unsure]) {
      expect(alternatives[0]!.probability).toBe(probability);
      const sum = alternatives.reduce((total, one) => total + one.probability, 0);
      expect(sum).toBeLessThanOrEqual(1 + 1e-9);
    }
  });

  it('decodes logits that say nothing', () => {
    const { probability } = decodeDirections(new Float32Array(3 * unrolledAngles));
    expect(probability).toBeCloseTo(1 / 720, 9);
  });

  it('refuses too few numbers', () => {
    expect(() => decodeDirections(new Float32Array(100))).toThrow(/540 logits/);
  });
});
