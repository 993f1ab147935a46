// The five linear maps of Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray, 2016,
// arXiv:1509.09308), each along one axis: evaluation at the points 0, a, -a, b, -b and infinity, and
// its transposes. Any four distinct finite points give an exact algorithm; a = 5/8 and b = 3/2 round
// two times less than the customary 1 and 2.
//
// Each function takes a line of four-channel vectors and stores the mapped line, `step` bytes from
// vector to vector.

import { madd, nmadd } from './simd';

const A: f32 = 0.625;
const B: f32 = 1.5;
const A2: f32 = A * A;
const B2: f32 = B * B;
/** The points' Lagrange weights, which the filter takes on. */
const AT_ZERO: f32 = 1 / (A2 * B2);
const AT_A: f32 = 1 / (2 * A2 * (A2 - B2));
const AT_B: f32 = 1 / (2 * B2 * (B2 - A2));

// @ts-ignore: decorator
@inline
function store6(to: usize, step: usize, y0: v128, y1: v128, y2: v128, y3: v128, y4: v128, y5: v128): void {
  v128.store(to, y0);
  v128.store(to + step, y1);
  v128.store(to + step * 2, y2);
  v128.store(to + step * 3, y3);
  v128.store(to + step * 4, y4);
  v128.store(to + step * 5, y5);
}

/** Six values of the input. */
// @ts-ignore: decorator
@inline
export function inputLine(
  d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, d5: v128, to: usize, step: usize,
): void {
  const a = f32x4.splat(A), a2 = f32x4.splat(A2), b = f32x4.splat(B), b2 = f32x4.splat(B2);
  const sum = f32x4.splat(A2 + B2), product = f32x4.splat(A2 * B2);
  const evenA = nmadd(b2, d2, d4), oddA = nmadd(b2, d1, d3);
  const evenB = nmadd(a2, d2, d4), oddB = nmadd(a2, d1, d3);
  store6(
    to, step,
    madd(product, d0, nmadd(sum, d2, d4)),
    madd(a, oddA, evenA), nmadd(a, oddA, evenA),
    madd(b, oddB, evenB), nmadd(b, oddB, evenB),
    madd(product, d1, nmadd(sum, d3, d5)),
  );
}

/** Three values of the filter. */
// @ts-ignore: decorator
@inline
export function filterLine(g0: v128, g1: v128, g2: v128, to: usize, step: usize): void {
  const atA = f32x4.splat(AT_A), atB = f32x4.splat(AT_B);
  const evenA = f32x4.mul(atA, madd(f32x4.splat(A2), g2, g0)), oddA = f32x4.mul(f32x4.splat(AT_A * A), g1);
  const evenB = f32x4.mul(atB, madd(f32x4.splat(B2), g2, g0)), oddB = f32x4.mul(f32x4.splat(AT_B * B), g1);
  store6(
    to, step,
    f32x4.mul(f32x4.splat(AT_ZERO), g0),
    f32x4.add(evenA, oddA), f32x4.sub(evenA, oddA),
    f32x4.add(evenB, oddB), f32x4.sub(evenB, oddB),
    g2,
  );
}

/** From the six products to four values of the output. */
// @ts-ignore: decorator
@inline
export function outputLine(
  m0: v128, m1: v128, m2: v128, m3: v128, m4: v128, m5: v128, to: usize, step: usize,
): void {
  const a2 = f32x4.splat(A2), b2 = f32x4.splat(B2);
  const evenA = f32x4.add(m1, m2), oddA = f32x4.mul(f32x4.splat(A), f32x4.sub(m1, m2));
  const evenB = f32x4.add(m3, m4), oddB = f32x4.mul(f32x4.splat(B), f32x4.sub(m3, m4));
  v128.store(to, f32x4.add(m0, f32x4.add(evenA, evenB)));
  v128.store(to + step, f32x4.add(oddA, oddB));
  v128.store(to + step * 2, madd(b2, evenB, f32x4.mul(a2, evenA)));
  v128.store(to + step * 3, madd(b2, oddB, madd(a2, oddA, m5)));
}

/** Four values of the output's gradient: the transpose of `outputLine`. */
// @ts-ignore: decorator
@inline
export function outputGradientLine(
  d0: v128, d1: v128, d2: v128, d3: v128, to: usize, step: usize,
): void {
  const a = f32x4.splat(A), a2 = f32x4.splat(A2), b = f32x4.splat(B), b2 = f32x4.splat(B2);
  const evenA = madd(a2, d2, d0), oddA = madd(a2, d3, d1);
  const evenB = madd(b2, d2, d0), oddB = madd(b2, d3, d1);
  store6(
    to, step,
    d0,
    madd(a, oddA, evenA), nmadd(a, oddA, evenA),
    madd(b, oddB, evenB), nmadd(b, oddB, evenB),
    d3,
  );
}

/** From the six products to three values of the filter's gradient: the transpose of `filterLine`. */
// @ts-ignore: decorator
@inline
export function filterGradientLine(
  m0: v128, m1: v128, m2: v128, m3: v128, m4: v128, m5: v128, to: usize, step: usize,
): void {
  const evenA = f32x4.mul(f32x4.splat(AT_A), f32x4.add(m1, m2));
  const oddA = f32x4.mul(f32x4.splat(AT_A * A), f32x4.sub(m1, m2));
  const evenB = f32x4.mul(f32x4.splat(AT_B), f32x4.add(m3, m4));
  const oddB = f32x4.mul(f32x4.splat(AT_B * B), f32x4.sub(m3, m4));
  v128.store(to, madd(f32x4.splat(AT_ZERO), m0, f32x4.add(evenA, evenB)));
  v128.store(to + step, f32x4.add(oddA, oddB));
  v128.store(to + step * 2, madd(f32x4.splat(A2), evenA, madd(f32x4.splat(B2), evenB, m5)));
}
