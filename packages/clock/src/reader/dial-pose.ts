import { ShapeError } from '@nn-lab/core/errors';

/**
 * Where a dial lies in a picture, but for how it is turned: seven numbers that change smoothly with
 * the camera, so that a network can regress them. A point of the unrolled dial at radius r (1 is the
 * dial's edge) and angle a (clockwise from the top of the picture) lies at
 *
 *     (stretch · e + center) / (1 + perspective · e),   e = r (sin a, -cos a),
 *
 * in fractions of the picture, x to the right and y down. `stretch` is symmetric: a dial's affine map
 * to the picture is a rotation (which the unrolled dial shows as a shift) and then this stretch (the
 * polar decomposition).
 */
export interface DialPose {
  readonly centerX: number;
  readonly centerY: number;
  /** The symmetric 2x2 stretch: dial radius along x, along y, and how much one leans into the other. */
  readonly stretchXX: number;
  readonly stretchYY: number;
  readonly stretchXY: number;
  readonly perspectiveX: number;
  readonly perspectiveY: number;
}

/** The numbers of a pose in the order in which networks and flat arrays hold them. */
export const dialPoseNames = [
  'centerX',
  'centerY',
  'stretchXX',
  'stretchYY',
  'stretchXY',
  'perspectiveX',
  'perspectiveY',
] as const satisfies readonly (keyof DialPose)[];

/** Numbers in a flat pose. */
export const dialPoseSize: number = dialPoseNames.length;

/** Middle and spread of each number over pictures of the course's look: networks see (x - middle) / spread. */
const middles = [0.5, 0.48, 0.344, 0.24, -0.023, 0.0126, -0.113];
const spreads = [0.0144, 0.0144, 0.042, 0.053, 0.011, 0.0157, 0.038];

/** Standard deviations of the errors that a trained locator makes, for training the dial reader. */
export const dialPoseJitter: readonly number[] = [0.006, 0.006, 0.006, 0.006, 0.006, 0.02, 0.02];

/**
 * Splits a dial's homography into its pose and how far the dial is turned.
 *
 * @param homography - Dial to picture, 3x3 row by row, as `ClockTruth` has it: dial x towards three, y
 *   towards twelve.
 * @returns The pose, and the angle of the twelve in the unrolled dial in radians clockwise from its top.
 * @throws ShapeError unless there are nine numbers.
 */
export function poseFromHomography(homography: ArrayLike<number>): {
  readonly pose: DialPose;
  readonly rotation: number;
} {
  if (homography.length !== 9) {
    throw new ShapeError(`Expected a 3x3 homography of 9 numbers, got ${homography.length}.`);
  }
  const scale = homography[8]!;
  const [a, b, centerX, c, d, centerY, e, f] = Array.from(homography, (h) => h / scale) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  // The dial's y points up and the picture's down: [a -b; c -d] has a positive determinant.
  const xx = a * a + b * b;
  const yy = c * c + d * d;
  const xy = a * c + b * d;
  // The square root of the symmetric 2x2 matrix [xx xy; xy yy] in closed form.
  const root = Math.sqrt(xx * yy - xy * xy);
  const trace = Math.sqrt(xx + yy + 2 * root);
  const stretchXX = (xx + root) / trace;
  const stretchYY = (yy + root) / trace;
  const stretchXY = xy / trace;
  const determinant = stretchXX * stretchYY - stretchXY * stretchXY;
  const cosine = (stretchYY * a - stretchXY * c) / determinant;
  const sine = (stretchXX * c - stretchXY * a) / determinant;
  const pose = {
    centerX,
    centerY,
    stretchXX,
    stretchYY,
    stretchXY,
    perspectiveX: cosine * e + sine * f,
    perspectiveY: sine * e - cosine * f,
  };
  return { pose, rotation: Math.atan2(sine, cosine) };
}

/** Writes a pose as a network sees it: `dialPoseSize` numbers around 0 with a spread around 1. */
export function writeNormalizedPose(pose: DialPose, target: Float32Array, offset: number): void {
  dialPoseNames.forEach((name, i) => {
    target[offset + i] = (pose[name] - middles[i]!) / spreads[i]!;
  });
}

/** Reads a pose back from what a network gave. */
export function readNormalizedPose(numbers: ArrayLike<number>, offset = 0): DialPose {
  const pose = {} as Record<keyof DialPose, number>;
  dialPoseNames.forEach((name, i) => {
    pose[name] = numbers[offset + i]! * spreads[i]! + middles[i]!;
  });
  return pose;
}
