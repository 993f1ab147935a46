import { createRandom } from '@nn-lab/core/random';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  dialPoseSize,
  poseFromHomography,
  readNormalizedPose,
  writeNormalizedPose,
} from '../../src/reader/dial-pose.js';
import { clockTruth, sampleClockParameters } from '../../src/renderer/index.js';

const truthOfSeed = (seed: number) =>
  clockTruth({ hour: 3, minute: 17 }, sampleClockParameters(createRandom(seed)));

describe('the pose of a dial', () => {
  it('puts every point of the dial where the homography puts it', () => {
    fc.assert(
      fc.property(
        fc.nat(10_000),
        fc.double({ min: 0, max: 1.1, noNaN: true }),
        fc.double({ min: 0, max: 2 * Math.PI, noNaN: true }),
        (seed, radius, angle) => {
          const h = truthOfSeed(seed).homography;
          const { pose, rotation } = poseFromHomography(h);
          const [x, y] = [radius * Math.sin(angle), radius * Math.cos(angle)];
          const w = h[6]! * x + h[7]! * y + h[8]!;
          const expected = [
            (h[0]! * x + h[1]! * y + h[2]!) / w,
            (h[3]! * x + h[4]! * y + h[5]!) / w,
          ];
          const ex = radius * Math.sin(angle + rotation);
          const ey = -radius * Math.cos(angle + rotation);
          const depth = 1 + pose.perspectiveX * ex + pose.perspectiveY * ey;
          const got = [
            (pose.stretchXX * ex + pose.stretchXY * ey + pose.centerX) / depth,
            (pose.stretchXY * ex + pose.stretchYY * ey + pose.centerY) / depth,
          ];
          expect(got[0]).toBeCloseTo(expected[0]!, 9);
          expect(got[1]).toBeCloseTo(expected[1]!, 9);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('does not depend on how the dial is turned', () => {
    const parameters = sampleClockParameters(createRandom(5));
    const poseAt = (rotation: number) =>
      poseFromHomography(
        clockTruth({ hour: 0, minute: 0 }, { ...parameters, rotation }).homography,
      );
    const [straight, turned] = [poseAt(0), poseAt(50)];
    for (const [name, value] of Object.entries(straight.pose)) {
      expect(turned.pose[name as keyof typeof turned.pose]).toBeCloseTo(value, 9);
    }
    expect(turned.rotation).not.toBeCloseTo(straight.rotation, 1);
  });

  it('comes back from the numbers that networks see, which lie around 0 with a spread around 1', () => {
    const count = 300;
    const numbers = new Float32Array(count * dialPoseSize);
    for (let i = 0; i < count; i++) {
      const { pose } = poseFromHomography(truthOfSeed(i).homography);
      writeNormalizedPose(pose, numbers, i * dialPoseSize);
      const back = readNormalizedPose(numbers, i * dialPoseSize);
      for (const [name, value] of Object.entries(pose)) {
        expect(back[name as keyof typeof back]).toBeCloseTo(value, 6);
      }
    }
    for (let at = 0; at < dialPoseSize; at++) {
      const column = Array.from({ length: count }, (_, i) => numbers[i * dialPoseSize + at]!);
      const mean = column.reduce((sum, value) => sum + value) / count;
      const std = Math.sqrt(column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count);
      expect(Math.abs(mean)).toBeLessThan(0.5);
      expect(std).toBeGreaterThan(0.4);
      expect(std).toBeLessThan(1.6);
    }
  });

  it('is refused without nine numbers', () => {
    expect(() => poseFromHomography([1, 2, 3])).toThrow(/9 numbers, got 3/);
  });
});
