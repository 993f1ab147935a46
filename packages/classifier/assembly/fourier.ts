import { add, mul, sub } from './vectors';

// Fourier transforms of eight columns at once, as Stockham's self-sorting passes of radix 4, 2, 3
// and 5. A column block holds 64 bytes an element: the real parts of eight columns, then the
// imaginary ones. `real` and `imaginary` say where they lie, 0 and 32; the other way round, the same
// passes transform back (times the length).
//
// A pass of radix r over sub-transforms of length r * m with stride s takes element q + s (p + m j)
// to q + s (r p + k), with w^(p k) for w = exp(-2 pi i / (r m)), which is entry p s k of the
// twiddles: pairs of cosine and sine.

/** Bytes an element of a column block. */
export const elementBytes: usize = 64;

/**
 * Transforms the column block at `block`.
 *
 * @param length a product of 2, 3 and 5. @param twiddles exp(-2 pi i k / length) for each k.
 * @param other a block as large as scratch.
 * @returns the address of the result: one of the two.
 */
export function transformColumns(
  block: usize, other: usize, length: usize, twiddles: usize, real: usize, imaginary: usize,
): usize {
  let from = block, to = other, left = length, stride: usize = 1;
  while (left > 1) {
    let radix: usize = 5;
    if (left % 4 === 0) {
      radix = 4;
      passOf4(from, to, left / 4, stride, twiddles, real, imaginary);
    } else if (left % 2 === 0) {
      radix = 2;
      passOf2(from, to, left / 2, stride, twiddles, real, imaginary);
    } else if (left % 3 === 0) {
      radix = 3;
      passOf3(from, to, left / 3, stride, twiddles, real, imaginary);
    } else passOf5(from, to, left / 5, stride, twiddles, real, imaginary);
    left /= radix;
    stride *= radix;
    const swap = from;
    from = to;
    to = swap;
  }
  return from;
}

function passOf2(from: usize, to: usize, m: usize, stride: usize, twiddles: usize, real: usize, imaginary: usize): void {
  const far = m * stride * elementBytes, near = stride * elementBytes;
  for (let p: usize = 0; p < m; p++) {
    const w = twiddles + ((p * stride) << 3);
    const c = v128.load_splat<f32>(w), s = v128.load_splat<f32>(w, 4);
    let source = from + p * near, result = to + 2 * p * near;
    for (const stop = source + near; source < stop; source += elementBytes, result += elementBytes) {
      for (let half: usize = 0; half < 32; half += 16) {
        const a = source + half, b = a + far, out = result + half;
        const ax = v128.load(a + real), ay = v128.load(a + imaginary);
        const bx = v128.load(b + real), by = v128.load(b + imaginary);
        v128.store(out + real, add(ax, bx));
        v128.store(out + imaginary, add(ay, by));
        storeTurned(out + near, real, imaginary, sub(ax, bx), sub(ay, by), c, s);
      }
    }
  }
}

function passOf3(from: usize, to: usize, m: usize, stride: usize, twiddles: usize, real: usize, imaginary: usize): void {
  const far = m * stride * elementBytes, near = stride * elementBytes;
  const half = f32x4.splat(0.5), root = f32x4.splat(0.8660254037844386); // sin 60 degrees
  for (let p: usize = 0; p < m; p++) {
    const w1 = twiddles + ((p * stride) << 3), w2 = twiddles + ((2 * p * stride) << 3);
    const c1 = v128.load_splat<f32>(w1), s1 = v128.load_splat<f32>(w1, 4);
    const c2 = v128.load_splat<f32>(w2), s2 = v128.load_splat<f32>(w2, 4);
    let source = from + p * near, result = to + 3 * p * near;
    for (const stop = source + near; source < stop; source += elementBytes, result += elementBytes) {
      for (let lanes: usize = 0; lanes < 32; lanes += 16) {
        const a = source + lanes, b = a + far, c = b + far, out = result + lanes;
        const ax = v128.load(a + real), ay = v128.load(a + imaginary);
        const bx = v128.load(b + real), by = v128.load(b + imaginary);
        const cx = v128.load(c + real), cy = v128.load(c + imaginary);
        const sumX = add(bx, cx), sumY = add(by, cy);
        const turnX = mul(root, sub(by, cy)), turnY = mul(root, sub(cx, bx));
        const midX = sub(ax, mul(half, sumX)), midY = sub(ay, mul(half, sumY));
        v128.store(out + real, add(ax, sumX));
        v128.store(out + imaginary, add(ay, sumY));
        storeTurned(out + near, real, imaginary, add(midX, turnX), add(midY, turnY), c1, s1);
        storeTurned(out + 2 * near, real, imaginary, sub(midX, turnX), sub(midY, turnY), c2, s2);
      }
    }
  }
}

function passOf4(from: usize, to: usize, m: usize, stride: usize, twiddles: usize, real: usize, imaginary: usize): void {
  const far = m * stride * elementBytes, near = stride * elementBytes;
  for (let p: usize = 0; p < m; p++) {
    const step = (p * stride) << 3;
    const w1 = twiddles + step, w2 = w1 + step, w3 = w2 + step;
    const c1 = v128.load_splat<f32>(w1), s1 = v128.load_splat<f32>(w1, 4);
    const c2 = v128.load_splat<f32>(w2), s2 = v128.load_splat<f32>(w2, 4);
    const c3 = v128.load_splat<f32>(w3), s3 = v128.load_splat<f32>(w3, 4);
    let source = from + p * near, result = to + 4 * p * near;
    for (const stop = source + near; source < stop; source += elementBytes, result += elementBytes) {
      for (let half: usize = 0; half < 32; half += 16) {
        const a = source + half, b = a + far, c = b + far, d = c + far, out = result + half;
        const ax = v128.load(a + real), ay = v128.load(a + imaginary);
        const bx = v128.load(b + real), by = v128.load(b + imaginary);
        const cx = v128.load(c + real), cy = v128.load(c + imaginary);
        const dx = v128.load(d + real), dy = v128.load(d + imaginary);
        const evenX = add(ax, cx), evenY = add(ay, cy), restX = sub(ax, cx), restY = sub(ay, cy);
        const oddX = add(bx, dx), oddY = add(by, dy), turnX = sub(by, dy), turnY = sub(dx, bx);
        v128.store(out + real, add(evenX, oddX));
        v128.store(out + imaginary, add(evenY, oddY));
        storeTurned(out + near, real, imaginary, add(restX, turnX), add(restY, turnY), c1, s1);
        storeTurned(out + 2 * near, real, imaginary, sub(evenX, oddX), sub(evenY, oddY), c2, s2);
        storeTurned(out + 3 * near, real, imaginary, sub(restX, turnX), sub(restY, turnY), c3, s3);
      }
    }
  }
}

function passOf5(from: usize, to: usize, m: usize, stride: usize, twiddles: usize, real: usize, imaginary: usize): void {
  const far = m * stride * elementBytes, near = stride * elementBytes;
  const cos1 = f32x4.splat(0.30901699437494745), sin1 = f32x4.splat(0.9510565162951535); // 72 degrees
  const cos2 = f32x4.splat(-0.8090169943749475), sin2 = f32x4.splat(0.5877852522924731); // 144 degrees
  for (let p: usize = 0; p < m; p++) {
    const step = (p * stride) << 3;
    const w1 = twiddles + step, w2 = w1 + step, w3 = w2 + step, w4 = w3 + step;
    let source = from + p * near, result = to + 5 * p * near;
    for (const stop = source + near; source < stop; source += elementBytes, result += elementBytes) {
      for (let half: usize = 0; half < 32; half += 16) {
        const a = source + half, b = a + far, c = b + far, d = c + far, e = d + far, out = result + half;
        const ax = v128.load(a + real), ay = v128.load(a + imaginary);
        const bx = v128.load(b + real), by = v128.load(b + imaginary);
        const cx = v128.load(c + real), cy = v128.load(c + imaginary);
        const dx = v128.load(d + real), dy = v128.load(d + imaginary);
        const ex = v128.load(e + real), ey = v128.load(e + imaginary);
        const outerX = add(bx, ex), outerY = add(by, ey), innerX = add(cx, dx), innerY = add(cy, dy);
        v128.store(out + real, add(ax, add(outerX, innerX)));
        v128.store(out + imaginary, add(ay, add(outerY, innerY)));
        const spreadX = sub(by, ey), spreadY = sub(ex, bx), gapX = sub(cy, dy), gapY = sub(dx, cx);
        const firstX = add(ax, add(mul(cos1, outerX), mul(cos2, innerX)));
        const firstY = add(ay, add(mul(cos1, outerY), mul(cos2, innerY)));
        const firstTurnX = add(mul(sin1, spreadX), mul(sin2, gapX));
        const firstTurnY = add(mul(sin1, spreadY), mul(sin2, gapY));
        const secondX = add(ax, add(mul(cos2, outerX), mul(cos1, innerX)));
        const secondY = add(ay, add(mul(cos2, outerY), mul(cos1, innerY)));
        const secondTurnX = sub(mul(sin2, spreadX), mul(sin1, gapX));
        const secondTurnY = sub(mul(sin2, spreadY), mul(sin1, gapY));
        storeTurned(
          out + near, real, imaginary, add(firstX, firstTurnX), add(firstY, firstTurnY),
          v128.load_splat<f32>(w1), v128.load_splat<f32>(w1, 4),
        );
        storeTurned(
          out + 2 * near, real, imaginary, add(secondX, secondTurnX), add(secondY, secondTurnY),
          v128.load_splat<f32>(w2), v128.load_splat<f32>(w2, 4),
        );
        storeTurned(
          out + 3 * near, real, imaginary, sub(secondX, secondTurnX), sub(secondY, secondTurnY),
          v128.load_splat<f32>(w3), v128.load_splat<f32>(w3, 4),
        );
        storeTurned(
          out + 4 * near, real, imaginary, sub(firstX, firstTurnX), sub(firstY, firstTurnY),
          v128.load_splat<f32>(w4), v128.load_splat<f32>(w4, 4),
        );
      }
    }
  }
}

/** Stores (x + i y) (cosine + i sine). */
// @ts-ignore: decorator
@inline
function storeTurned(to: usize, real: usize, imaginary: usize, x: v128, y: v128, cosine: v128, sine: v128): void {
  v128.store(to + real, sub(mul(x, cosine), mul(y, sine)));
  v128.store(to + imaginary, add(mul(x, sine), mul(y, cosine)));
}
