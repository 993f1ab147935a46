/**
 * Arithmetic that gives the same bits on every engine: only + - * / and the correctly rounded
 * square root, where ECMAScript leaves `Math.sin` and its like to the engine.
 */

/** Sine of an angle in degrees, correct to 1e-9, the same bits on every engine. */
export function sine(degrees: number): number {
  let angle = degrees % 360;
  if (angle < 0) angle += 360;
  let sign = 1;
  if (angle >= 180) {
    angle -= 180;
    sign = -1;
  }
  if (angle > 90) angle = 180 - angle;
  const x = angle * (Math.PI / 180);
  const q = x * x;
  // Taylor series to x^15; the next term is below 6e-12 at a right angle.
  let sum = 1 - q / 210;
  sum = 1 - (q / 156) * sum;
  sum = 1 - (q / 110) * sum;
  sum = 1 - (q / 72) * sum;
  sum = 1 - (q / 42) * sum;
  sum = 1 - (q / 20) * sum;
  sum = 1 - (q / 6) * sum;
  return sign * x * sum;
}

/** Cosine of an angle in degrees; see {@link sine}. */
export function cosine(degrees: number): number {
  return sine(degrees + 90);
}

/** A well-mixed unsigned 32-bit hash of an integer (the finaliser of MurmurHash3). */
export function hash(integer: number): number {
  let h = integer | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** {@link hash} of an integer as a number in [0, 1). */
export function hashUnit(integer: number): number {
  return hash(integer) / 0x1_0000_0000;
}

/** `value` limited to [0, 1]. */
export function clampUnit(value: number): number {
  return value < 0 ? 0 : Math.min(value, 1);
}

/**
 * How much of a window of width `window` around a point at `distance` from the middle of a band
 * lies in the band of half width `halfWidth`: an exact one-dimensional box filter, in [0, 1].
 * `perWindow` is 1 / window.
 */
export function bandCoverage(
  distance: number,
  halfWidth: number,
  window: number,
  perWindow: number,
): number {
  const high = distance + window * 0.5;
  const low = high - window;
  const covered = Math.min(high, halfWidth) - Math.max(low, -halfWidth);
  return covered > 0 ? covered * perWindow : 0;
}

/** How much of a window of width `window` lies beyond an edge that is `distance` ahead of its middle. */
export function edgeCoverage(distance: number, window: number): number {
  return clampUnit(0.5 - distance / window);
}
