/**
 * One row of pixels on its way through the painters. For each pixel: the ground point that it looks
 * at in dial coordinates, the square of its distance from the dial's centre, and the shade so far.
 */
export interface Row {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly squared: Float64Array;
  readonly shade: Float64Array;
  /** Width in dial radii that a pixel of this row averages over. */
  window: number;
}

/** An empty row of a given number of pixels; ground points have room for an even number. */
export function createRow(size: number): Row {
  const even = size + (size % 2);
  return {
    x: new Float64Array(even),
    y: new Float64Array(even),
    squared: new Float64Array(even),
    shade: new Float64Array(size),
    window: 0,
  };
}
