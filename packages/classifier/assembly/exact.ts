import { add, mul, squaredLength, sub } from './vectors';

/**
 * force[i] = sum over j of q_ij^2 (y_i - y_j) and sums[i] = sum over j of q_ij, where
 * q_ij = 1 / (1 + |y_i - y_j|^2), for points `begin` to `end`, both multiples of eight: the arrays
 * are padded. A point that is among the others counts itself with q = 1.
 */
export function repelExact(
  begin: i32, end: i32, map: usize, others: usize, count: i32, force: usize, sums: usize,
): void {
  repel(begin, end, map, others, count, force, sums, true);
}

/** The same, and the numbers of a point do not depend on those beside it in the last digit either. */
export function repelEach(
  begin: i32, end: i32, map: usize, others: usize, count: i32, force: usize, sums: usize,
): void {
  repel(begin, end, map, others, count, force, sums, false);
}

// @ts-ignore: decorator
@inline
function repel(
  begin: i32, end: i32, map: usize, others: usize, count: i32, force: usize, sums: usize, inPairs: bool,
): void {
  const one = f32x4.splat(1), zero = f32x4.splat(0);
  const stop = others + (<usize>count << 3);
  for (let i = begin; i < end; i += 8) {
    const at = map + (<usize>i << 3);
    const p = v128.load(at), q = v128.load(at, 16), r = v128.load(at, 32), s = v128.load(at, 48);
    const xa = v128.shuffle<f32>(p, q, 0, 2, 4, 6), ya = v128.shuffle<f32>(p, q, 1, 3, 5, 7);
    const xb = v128.shuffle<f32>(r, s, 0, 2, 4, 6), yb = v128.shuffle<f32>(r, s, 1, 3, 5, 7);
    let forceXa = zero, forceYa = zero, forceXb = zero, forceYb = zero, sumA = zero, sumB = zero;
    for (let other = others; other < stop; other += 8) {
      const x = v128.load_splat<f32>(other), y = v128.load_splat<f32>(other, 4);
      const dxa = sub(xa, x), dya = sub(ya, y), dxb = sub(xb, x), dyb = sub(yb, y);
      const a = add(one, squaredLength(dxa, dya)), b = add(one, squaredLength(dxb, dyb));
      // One division for both halves: it is what takes the time. The halves then share its rounding.
      const inverse = f32x4.div(one, inPairs ? mul(a, b) : a);
      const qa = inPairs ? mul(inverse, b) : inverse, qb = inPairs ? mul(inverse, a) : f32x4.div(one, b);
      sumA = add(sumA, qa);
      sumB = add(sumB, qb);
      const pushA = mul(qa, qa), pushB = mul(qb, qb);
      forceXa = add(forceXa, mul(pushA, dxa));
      forceYa = add(forceYa, mul(pushA, dya));
      forceXb = add(forceXb, mul(pushB, dxb));
      forceYb = add(forceYb, mul(pushB, dyb));
    }
    const out = force + (<usize>i << 3);
    v128.store(out, v128.shuffle<f32>(forceXa, forceYa, 0, 4, 1, 5));
    v128.store(out, v128.shuffle<f32>(forceXa, forceYa, 2, 6, 3, 7), 16);
    v128.store(out, v128.shuffle<f32>(forceXb, forceYb, 0, 4, 1, 5), 32);
    v128.store(out, v128.shuffle<f32>(forceXb, forceYb, 2, 6, 3, 7), 48);
    v128.store(sums + (<usize>i << 2), sumA);
    v128.store(sums + (<usize>i << 2), sumB, 16);
  }
}
