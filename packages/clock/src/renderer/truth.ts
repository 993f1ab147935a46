import { type ClockTime, validateClockTime } from '../time.js';
import { cosine, sine } from './arithmetic.js';
import { type Camera, createCamera, project } from './camera.js';
import { type ClockParameters, completeClockParameters } from './parameters.js';

/** A point or a vector in the picture: x to the right, y down, in picture widths. */
export type PictureVector = readonly [x: number, y: number];

/**
 * Where the parts of a clock are in its picture. Points are fractions of the picture (the centre of
 * the top left pixel is 0.5 / size). Directions start at the projected centre of the dial and point
 * exactly along the projected hand or radius; their length is the picture length that a dial radius
 * has there, right at the centre, so that `twelve` and `three` are the two columns of the local
 * affine map from dial to picture, and any hand's direction is
 * `cos(angle) * twelve + sin(angle) * three`.
 */
export interface ClockTruth extends ClockTime {
  /** Direction of the minute hand. */
  readonly minuteHand: PictureVector;
  /** Direction of the hour hand. */
  readonly hourHand: PictureVector;
  /** Direction of the twelve. */
  readonly twelve: PictureVector;
  /** Direction of the three. */
  readonly three: PictureVector;
  /** The dial's centre. */
  readonly center: PictureVector;
  /** The minute hand's end. */
  readonly minuteTip: PictureVector;
  /** The hour hand's end. */
  readonly hourTip: PictureVector;
  /** The points of the dial's edge at twelve, three, six and nine. */
  readonly twelvePoint: PictureVector;
  readonly threePoint: PictureVector;
  readonly sixPoint: PictureVector;
  readonly ninePoint: PictureVector;
  /** Dial to picture, 3x3 row by row, for dial coordinates x towards three and y towards twelve. */
  readonly homography: readonly number[];
}

const vectorNames = [
  'minuteHand',
  'hourHand',
  'twelve',
  'three',
  'center',
  'minuteTip',
  'hourTip',
  'twelvePoint',
  'threePoint',
  'sixPoint',
  'ninePoint',
] as const;

/**
 * The numbers of a flat truth row in order: x and y of minuteHand, hourHand, twelve, three, center,
 * minuteTip, hourTip, twelvePoint, threePoint, sixPoint, ninePoint, then the nine of the homography.
 */
export const clockTruthLayout: readonly string[] = [
  ...vectorNames.flatMap((name) => [`${name}.x`, `${name}.y`]),
  ...Array.from({ length: 9 }, (_, i) => `homography.${i}`),
];

/** Numbers in a flat truth row; see {@link clockTruthLayout}. */
export const clockTruthSize: number = clockTruthLayout.length;

/**
 * The ground truth of the picture that `renderClock` draws of the same time and parameters.
 *
 * @throws InvalidArgumentError for a time that is none or a parameter outside its limits.
 */
export function clockTruth(time: ClockTime, parameters: Partial<ClockParameters> = {}): ClockTruth {
  validateClockTime(time);
  const complete = completeClockParameters(parameters);
  const row = new Float64Array(clockTruthSize);
  writeTruth(time.hour, time.minute, complete, createCamera(complete), row, 0);
  return truthFromRow(time, row);
}

/** Reads a flat truth row back. */
export function truthFromRow(time: ClockTime, row: ArrayLike<number>): ClockTruth {
  const vectors = Object.fromEntries(
    vectorNames.map((name, i) => [name, [row[2 * i]!, row[2 * i + 1]!] as const]),
  ) as unknown as Record<(typeof vectorNames)[number], PictureVector>;
  const homography = Array.from({ length: 9 }, (_, i) => row[2 * vectorNames.length + i]!);
  return { hour: time.hour, minute: time.minute, ...vectors, homography };
}

/** Writes a flat truth row at an offset. */
export function writeTruth(
  hour: number,
  minute: number,
  parameters: ClockParameters,
  camera: Camera,
  target: Float32Array | Float64Array,
  offset: number,
): void {
  const h = camera.homography;
  const [centerX, centerY] = project(h, 0, 0);
  let at = offset;
  const direction = (x: number, y: number) => {
    target[at++] = h[0]! * x + h[1]! * y - centerX * (h[6]! * x + h[7]! * y);
    target[at++] = h[3]! * x + h[4]! * y - centerY * (h[6]! * x + h[7]! * y);
  };
  const point = (x: number, y: number) => {
    const [pictureX, pictureY] = project(h, x, y);
    target[at++] = pictureX;
    target[at++] = pictureY;
  };
  const minuteX = sine(6 * minute);
  const minuteY = cosine(6 * minute);
  const hourX = sine(30 * (hour + minute / 60));
  const hourY = cosine(30 * (hour + minute / 60));
  direction(minuteX, minuteY);
  direction(hourX, hourY);
  direction(0, 1);
  direction(1, 0);
  point(0, 0);
  point(minuteX * parameters.minuteHandLength, minuteY * parameters.minuteHandLength);
  point(hourX * parameters.hourHandLength, hourY * parameters.hourHandLength);
  point(0, 1);
  point(1, 0);
  point(0, -1);
  point(-1, 0);
  for (let i = 0; i < 9; i++) target[at++] = h[i]!;
}
