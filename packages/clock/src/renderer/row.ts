/**
 * One row of pixels on its way through the painters.
 *
 * The ground point that pixel i looks at, in dial coordinates, is (u + i du, v + i dv) / (w + i dw).
 * Where the clock may be, x, y and squared hold it and the square of its distance from the dial's
 * centre; elsewhere they are left over from other rows.
 */
export interface Row {
  u: number;
  v: number;
  w: number;
  du: number;
  dv: number;
  dw: number;
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly squared: Float64Array;
  /** The shade of each pixel so far. */
  readonly shade: Float64Array;
  /** Width in dial radii that a pixel of this row averages over. */
  window: number;
}

/** What lies near or over the horizon is far table: depths are cut off here. */
export const leastDepth = 0.02;

/** An empty row of a given number of pixels; ground points have room for an even number. */
export function createRow(size: number): Row {
  const even = size + (size % 2);
  return {
    u: 0,
    v: 0,
    w: 1,
    du: 0,
    dv: 0,
    dw: 0,
    x: new Float64Array(even),
    y: new Float64Array(even),
    squared: new Float64Array(even),
    shade: new Float64Array(size),
    window: 0,
  };
}
