import { add, mul, squaredLength, sub, sumLanes } from './vectors';

/**
 * force[i] = sum over j of p_ij (y_i - y_j) / (1 + |y_i - y_j|^2) for points `begin` to `end`.
 *
 * @param map interleaved coordinates of the points i, @param others of the points j.
 * @param starts of each row in `columns` and `values`; rows are multiples of four entries, the last
 *   of them perhaps with p = 0.
 */
export function attract(
  begin: i32, end: i32, map: usize, others: usize, starts: usize, columns: usize, values: usize, force: usize,
): void {
  const one = f32x4.splat(1);
  for (let i = begin; i < end; i++) {
    const at = map + (<usize>i << 3);
    const x = v128.load_splat<f32>(at), y = v128.load_splat<f32>(at, 4);
    const row = starts + (<usize>i << 2);
    const first = <usize>load<u32>(row) << 2, stop = <usize>load<u32>(row, 4) << 2;
    let forceX = f32x4.splat(0), forceY = f32x4.splat(0);
    for (let entry = first; entry < stop; entry += 16) {
      const ends = columns + entry;
      const a = v128.load64_lane(pointAt(others, ends + 4), v128.load64_zero(pointAt(others, ends)), 1);
      const b = v128.load64_lane(pointAt(others, ends + 12), v128.load64_zero(pointAt(others, ends + 8)), 1);
      const dx = sub(x, v128.shuffle<f32>(a, b, 0, 2, 4, 6)), dy = sub(y, v128.shuffle<f32>(a, b, 1, 3, 5, 7));
      const pull = f32x4.div(v128.load(values + entry), add(one, squaredLength(dx, dy)));
      forceX = add(forceX, mul(pull, dx));
      forceY = add(forceY, mul(pull, dy));
    }
    store<f32>(force + (<usize>i << 3), sumLanes(forceX));
    store<f32>(force + (<usize>i << 3), sumLanes(forceY), 4);
  }
}

// @ts-ignore: decorator
@inline
function pointAt(map: usize, index: usize): usize {
  return map + (<usize>load<u32>(index) << 3);
}
