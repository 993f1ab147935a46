import { describe, expect, it } from 'vitest';
import type { DialPose } from '../../src/reader/dial-pose.js';
import { unrollDial, unrolledAngles, unrolledRadii } from '../../src/reader/unroll.js';

/** A picture whose grey value depends on the angle around a point alone. */
function pinwheel(size: number, centerX: number, centerY: number) {
  const data = new Uint8Array(size * size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const angle = Math.atan2((x + 0.5) / size - centerX, centerY - (y + 0.5) / size);
      data[y * size + x] = Math.round(127.5 + 100 * Math.cos(angle));
    }
  }
  return { width: size, height: size, channels: 1 as const, data };
}

const pose: DialPose = {
  centerX: 0.52,
  centerY: 0.47,
  stretchXX: 0.35,
  stretchYY: 0.35,
  stretchXY: 0,
  perspectiveX: 0,
  perspectiveY: 0,
};

function unroll(picture: Parameters<typeof unrollDial>[0], by: DialPose): Float32Array {
  const band = new Float32Array(unrolledRadii * unrolledAngles);
  unrollDial(picture, by, band);
  return band;
}

describe('an unrolled dial', () => {
  it('has a column for each two degrees, clockwise from the top', () => {
    const band = unroll(pinwheel(200, pose.centerX, pose.centerY), pose);
    for (let row = 10; row < unrolledRadii; row++) {
      for (let column = 0; column < unrolledAngles; column++) {
        const expected = (100 / 127.5) * Math.cos((2 * Math.PI * column) / unrolledAngles);
        expect(band[row * unrolledAngles + column]).toBeCloseTo(expected, 1);
      }
    }
  });

  it('undoes the stretch of a tilted dial', () => {
    const size = 200;
    const round = pinwheel(size, 0.5, 0.5);
    const flat = { ...round, data: new Uint8Array(size * size) };
    for (let y = 0; y < size; y++) {
      const source = Math.min(
        size - 1,
        Math.max(0, Math.round((y + 0.5 - size / 2) * 2 + size / 2 - 0.5)),
      );
      flat.data.set(round.data.subarray(source * size, (source + 1) * size), y * size);
    }
    const centred = { ...pose, centerX: 0.5, centerY: 0.5 };
    const expected = unroll(round, centred);
    const got = unroll(flat, { ...centred, stretchYY: centred.stretchYY / 2 });
    const outer = 20 * unrolledAngles;
    for (let i = outer; i < expected.length; i++)
      expect(Math.abs(got[i]! - expected[i]!)).toBeLessThan(0.1);
  });

  it('lies in -1 to 1, whatever the pose', () => {
    const wild = { ...pose, centerX: -3, stretchXX: 40, perspectiveX: -30, perspectiveY: 5 };
    for (const value of unroll(pinwheel(50, 0.5, 0.5), wild)) {
      expect(value).toBeGreaterThanOrEqual(-1);
      expect(value).toBeLessThanOrEqual(1);
    }
  });

  it('is made of grey pictures only', () => {
    const colour = { width: 2, height: 2, channels: 3 as const, data: new Uint8Array(12) };
    expect(() => unroll(colour, pose)).toThrow(/1 channel.*got 3/);
  });
});
