import type { Matrix } from '@nn-lab/core/tables';

/** The distance of row values that begin at `a` and at `b`; any number above `limit` if that is above it. */
export type RowDistance = (
  values: Float32Array | Float64Array,
  a: number,
  others: Float32Array | Float64Array,
  b: number,
  columns: number,
  limit: number,
) => number;

/**
 * The nearest rows of one query by comparing it with every row in double precision, nearest first; of
 * equally near rows, the one that comes first in the data is the nearer.
 *
 * @param self - A row to pass over, or -1.
 * @param indices - Filled with positions of as many rows as there is room for.
 * @param distances - Filled with their distances.
 */
export function compareAll(
  data: Matrix,
  queries: Matrix,
  query: number,
  self: number,
  distance: RowDistance,
  indices: Int32Array,
  distances: Float64Array,
): void {
  const { rows, columns, values } = data;
  const k = indices.length;
  let held = 0;
  let limit = Number.POSITIVE_INFINITY;
  for (let row = 0; row < rows; row++) {
    if (row === self) continue;
    const from = query * columns;
    const found = distance(queries.values, from, values, row * columns, columns, limit);
    if (!(found < limit)) continue;
    let place = held < k ? held++ : k - 1;
    for (; place > 0 && distances[place - 1]! > found; place--) {
      distances[place] = distances[place - 1]!;
      indices[place] = indices[place - 1]!;
    }
    distances[place] = found;
    indices[place] = row;
    if (held === k) limit = distances[k - 1]!;
  }
}
