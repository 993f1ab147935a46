import { cosine, sine } from './arithmetic.js';
import type { ClockParameters } from './parameters.js';

/**
 * A pinhole camera that looks at a dial. Dial coordinates: the dial is the unit disc, x towards
 * three, y towards twelve, z up from the dial. Picture coordinates: fractions of the picture's
 * width, x to the right, y down, the origin at the top left corner.
 */
export interface Camera {
  /** The camera's place in dial coordinates. */
  readonly x: number;
  readonly y: number;
  readonly z: number;
  /**
   * Dial to picture as a 3x3 homography, row by row: a dial point (x, y) is at ((h0 x + h1 y + h2) /
   * w, (h3 x + h4 y + h5) / w) with w = h6 x + h7 y + h8, which is 1 at the dial's centre.
   */
  readonly homography: Float64Array;
  /** Picture to dial, in the same layout. */
  readonly inverse: Float64Array;
  /** The dial's x and y axes as seen before tilting, for directions given in the picture. */
  readonly turnCosine: number;
  readonly turnSine: number;
}

/** Places the camera that {@link ClockParameters} describe. */
export function createCamera(parameters: ClockParameters): Camera {
  const { rotation, tilt, tiltDirection, focalLength, scale, rimWidth } = parameters;
  const distance = (2 * (1 + rimWidth) * focalLength) / scale;

  // In table coordinates (x right, y up in the picture, z to the viewer), the unit vector to the
  // camera leans by `tilt` towards the near edge; right and up follow by the least rotation.
  const lean = sine(tilt);
  const cosineTilt = cosine(tilt);
  const nearX = -sine(tiltDirection);
  const nearY = -cosine(tiltDirection);
  const shrink = cosineTilt - 1;
  const right = [1 + shrink * nearX * nearX, shrink * nearX * nearY, -lean * nearX] as const;
  const up = [shrink * nearX * nearY, 1 + shrink * nearY * nearY, -lean * nearY] as const;
  const back = [lean * nearX, lean * nearY, cosineTilt] as const;

  // From table to dial coordinates: the clock lies turned clockwise.
  const turnCosine = cosine(rotation);
  const turnSine = sine(rotation);
  const toDial = (v: readonly [number, number, number]): [number, number, number] => [
    v[0] * turnCosine - v[1] * turnSine,
    v[0] * turnSine + v[1] * turnCosine,
    v[2],
  ];
  const [rightX, rightY] = toDial(right);
  const [upX, upY] = toDial(up);
  const [backX, backY, backZ] = toDial(back);

  // A dial point has the depth distance - back . p; dividing by the distance makes w = 1 at the centre.
  const centerX = 0.5 + parameters.centerX;
  const centerY = 0.5 + parameters.centerY;
  const zoom = focalLength / distance;
  const wX = -backX / distance;
  const wY = -backY / distance;
  const homography = new Float64Array([
    zoom * rightX + centerX * wX,
    zoom * rightY + centerX * wY,
    centerX,
    -zoom * upX + centerY * wX,
    -zoom * upY + centerY * wY,
    centerY,
    wX,
    wY,
    1,
  ]);
  return {
    x: backX * distance,
    y: backY * distance,
    z: backZ * distance,
    homography,
    inverse: invert(homography),
    turnCosine,
    turnSine,
  };
}

/** Where a dial point is seen. */
export function project(
  homography: ArrayLike<number>,
  x: number,
  y: number,
): readonly [x: number, y: number] {
  const w = homography[6]! * x + homography[7]! * y + homography[8]!;
  return [
    (homography[0]! * x + homography[1]! * y + homography[2]!) / w,
    (homography[3]! * x + homography[4]! * y + homography[5]!) / w,
  ];
}

function invert(h: Float64Array): Float64Array {
  const [a, b, c, d, e, f, g, i, j] = h as unknown as readonly [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const adjugate = [
    e * j - f * i,
    c * i - b * j,
    b * f - c * e,
    f * g - d * j,
    a * j - c * g,
    c * d - a * f,
    d * i - e * g,
    b * g - a * i,
    a * e - b * d,
  ];
  const determinant = a * adjugate[0]! + b * adjugate[3]! + c * adjugate[6]!;
  return Float64Array.from(adjugate, (value) => value / determinant);
}
