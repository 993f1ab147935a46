import type { Picture } from '@nn-lab/core/datasets';
import { ShapeError } from '@nn-lab/core/errors';
import type { DialPose } from './dial-pose.js';

/** Columns of an unrolled dial: one each two degrees, clockwise from the top of the picture. */
export const unrolledAngles = 180;
/** Rows of an unrolled dial, from near the centre to just beyond the edge. */
export const unrolledRadii = 35;
const innerRadius = 0.08;
const outerRadius = 1.12;

const radii = Float64Array.from(
  { length: unrolledRadii },
  (_, row) => innerRadius + ((outerRadius - innerRadius) * row) / (unrolledRadii - 1),
);
const angles = Float64Array.from(
  { length: unrolledAngles },
  (_, column) => (2 * Math.PI * column) / unrolledAngles,
);
const sines = angles.map(Math.sin);
const cosines = angles.map(Math.cos);

/**
 * Unrolls a dial into a band: `unrolledRadii` rows (centre to edge) of `unrolledAngles` grey values,
 * in -1 (black) to 1 (white). A turned dial is the same band shifted around; beyond the picture its
 * edge is repeated.
 *
 * @param picture - A grey picture.
 * @param target - Where to write `unrolledRadii * unrolledAngles` values, from `offset` on.
 * @throws ShapeError unless the picture has one channel.
 */
export function unrollDial(
  picture: Picture,
  pose: DialPose,
  target: Float32Array,
  offset = 0,
): void {
  const { width, height, channels, data } = picture;
  if (channels !== 1) {
    throw new ShapeError(
      `Expected a grey picture (1 channel), got ${channels} channels: use toGray.`,
    );
  }
  const { centerX, centerY, stretchXX, stretchXY, stretchYY, perspectiveX, perspectiveY } = pose;
  let at = offset;
  for (let row = 0; row < unrolledRadii; row++) {
    const radius = radii[row]!;
    for (let column = 0; column < unrolledAngles; column++) {
      const ex = radius * sines[column]!;
      const ey = -radius * cosines[column]!;
      // A wild pose must not send points behind the camera.
      const depth = Math.max(0.2, 1 + perspectiveX * ex + perspectiveY * ey);
      const x = ((stretchXX * ex + stretchXY * ey + centerX) / depth) * width - 0.5;
      const y = ((stretchXY * ex + stretchYY * ey + centerY) / depth) * height - 0.5;
      const insideX = x < 0 ? 0 : Math.min(x, width - 1);
      const insideY = y < 0 ? 0 : Math.min(y, height - 1);
      const left = Math.floor(insideX);
      const top = Math.floor(insideY);
      const right = left + 1 < width ? left + 1 : left;
      const bottom = top + 1 < height ? top + 1 : top;
      const fx = insideX - left;
      const fy = insideY - top;
      const upper = data[top * width + left]! * (1 - fx) + data[top * width + right]! * fx;
      const lower = data[bottom * width + left]! * (1 - fx) + data[bottom * width + right]! * fx;
      target[at++] = (upper * (1 - fy) + lower * fy) / 127.5 - 1;
    }
  }
}
