/** Where the coefficient of each place in zigzag order stands in its block of 8x8. */
// biome-ignore format: a number a line says less.
export const zigzag = Uint8Array.of(
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5,
  12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
  58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
);

const halfway = new Int32Array(64);

/**
 * The inverse cosine transform of a block, in the integers of libjpeg's accurate one (Loeffler,
 * Ligtenberg and Moschytz, 1989), so that the samples are the same to the last bit.
 *
 * @param block - 64 dequantized coefficients, row by row.
 * @param samples - The 8x8 samples are written from `to` on, rows `stride` apart.
 */
export function inverseTransform(
  block: Int32Array,
  samples: Uint8ClampedArray,
  to: number,
  stride: number,
): void {
  for (let x = 0; x < 8; x++) {
    const [c1, c2, c3, c4] = [block[x + 8]!, block[x + 16]!, block[x + 24]!, block[x + 32]!];
    const [c5, c6, c7] = [block[x + 40]!, block[x + 48]!, block[x + 56]!];
    if ((c1 | c2 | c3 | c4 | c5 | c6 | c7) === 0) {
      const flat = block[x]! << 2;
      for (let y = 0; y < 64; y += 8) halfway[x + y] = flat;
      continue;
    }
    transform8(block[x]!, c1, c2, c3, c4, c5, c6, c7, 1 << 10, 11, halfway, x, 8);
  }
  for (let y = 0; y < 8; y++) {
    const i = 8 * y;
    const [c0, c1, c2, c3] = [halfway[i]!, halfway[i + 1]!, halfway[i + 2]!, halfway[i + 3]!];
    const [c4, c5, c6, c7] = [halfway[i + 4]!, halfway[i + 5]!, halfway[i + 6]!, halfway[i + 7]!];
    const rounding = (1 << 17) + (128 << 18);
    transform8(c0, c1, c2, c3, c4, c5, c6, c7, rounding, 18, samples, to + y * stride, 1);
  }
}

/** The same where all coefficients but the first are 0. */
export function inverseTransformOfMean(
  first: number,
  samples: Uint8ClampedArray,
  to: number,
  stride: number,
): void {
  const sample = ((first + 4) >> 3) + 128;
  for (let y = 0; y < 8; y++) samples.fill(sample, to + y * stride, to + y * stride + 8);
}

/** One dimension of it; the results, `shift` bits too large, are rounded by `rounding`. */
function transform8(
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  c4: number,
  c5: number,
  c6: number,
  c7: number,
  rounding: number,
  shift: number,
  out: Int32Array | Uint8ClampedArray,
  at: number,
  step: number,
): void {
  // Even part. The factors are square roots and sums of cosines times 2^13.
  const e1 = (c2 + c6) * 4433;
  const e2 = e1 - c6 * 15137;
  const e3 = e1 + c2 * 6270;
  const e0 = ((c0 + c4) << 13) + rounding;
  const e4 = ((c0 - c4) << 13) + rounding;
  const [t10, t13, t11, t12] = [e0 + e3, e0 - e3, e4 + e2, e4 - e2];
  // Odd part.
  const z5 = (c7 + c3 + c5 + c1) * 9633;
  const z1 = (c7 + c1) * -7373;
  const z2 = (c5 + c3) * -20995;
  const z3 = (c7 + c3) * -16069 + z5;
  const z4 = (c5 + c1) * -3196 + z5;
  const t0 = c7 * 2446 + z1 + z3;
  const t1 = c5 * 16819 + z2 + z4;
  const t2 = c3 * 25172 + z2 + z3;
  const t3 = c1 * 12299 + z1 + z4;
  out[at] = (t10 + t3) >> shift;
  out[at + 7 * step] = (t10 - t3) >> shift;
  out[at + step] = (t11 + t2) >> shift;
  out[at + 6 * step] = (t11 - t2) >> shift;
  out[at + 2 * step] = (t12 + t1) >> shift;
  out[at + 5 * step] = (t12 - t1) >> shift;
  out[at + 3 * step] = (t13 + t0) >> shift;
  out[at + 4 * step] = (t13 - t0) >> shift;
}
