import { createRandom, type Random } from '@nn-lab/core/random';
import type { Work } from '@nn-lab/core/work';
import { type Eigenpairs, symmetricEigenpairs } from './symmetric-eigenpairs.js';

const blockWidth = 8;
/** Largest residual allowed, as a share of the largest eigenvalue. */
const tolerance = 1e-9;

/**
 * The largest eigenvalues of a symmetric matrix with their vectors, by Rayleigh-Ritz in a block
 * Krylov space with full reorthogonalisation (Golub and Underwood, "The block Lanczos method for
 * computing eigenvalues", 1977). The space grows until every pair satisfies `|A v - λ v| <= 1e-9 λ₁`,
 * at last to the whole space, so that the result is exact whatever the spectrum.
 *
 * @param matrix - `[size, size]`, symmetric.
 */
export async function leadingEigenpairs(
  matrix: Float64Array,
  size: number,
  count: number,
  work: Work,
): Promise<Eigenpairs> {
  const random = createRandom(0).fork('block krylov');
  const basis = new Float64Array((size + blockWidth) * size);
  const images = new Float64Array((size + blockWidth) * size);
  let dimension = 0;
  const appendBlock = async (vectorAt: (place: number) => Float64Array) => {
    const start = dimension;
    for (const end = Math.min(size, start + blockWidth); dimension < end; dimension++) {
      const vector = vectorAt(dimension);
      orthonormalize(vector, basis, dimension, random);
      basis.set(vector, dimension * size);
      if (work.isDue) await work.turn();
    }
    await work.inParts(size, (begin, end) =>
      multiplyBlock(matrix, size, basis, images, start, begin, end),
    );
  };
  await appendBlock(() => randomVector(size, random));
  for (let target = Math.min(size, 3 * count + 40); ; target = Math.min(size, target + count)) {
    while (dimension < target) {
      await appendBlock((place) =>
        images.slice((place - blockWidth) * size, (place - blockWidth + 1) * size),
      );
    }
    const pairs = await ritzPairs(basis, images, size, dimension, count, work);
    if (dimension === size || pairs.residual <= tolerance * Math.abs(pairs.values[0]!)) {
      return pairs;
    }
  }
}

/** The best approximations to the leading eigenpairs in the space of the basis. */
async function ritzPairs(
  basis: Float64Array,
  images: Float64Array,
  size: number,
  dimension: number,
  count: number,
  work: Work,
): Promise<Eigenpairs & { readonly residual: number }> {
  const projected = new Float64Array(dimension * dimension);
  for (let i = 0; i < dimension; i++) {
    for (let j = 0; j <= i; j++) {
      const value = dot(basis, i * size, images, j * size, size);
      projected[i * dimension + j] = value;
      projected[j * dimension + i] = value;
    }
    if (work.isDue) await work.turn();
  }
  const all = await symmetricEigenpairs(projected, dimension, work);
  const values = new Float64Array(count);
  const vectors = new Float64Array(count * size);
  const image = new Float64Array(size);
  let residual = 0;
  for (let pair = 0; pair < count; pair++) {
    const place = dimension - 1 - pair; // the smallest is first
    values[pair] = all.values[place]!;
    const vector = vectors.subarray(pair * size, (pair + 1) * size);
    image.fill(0);
    for (let i = 0; i < dimension; i++) {
      const weight = all.vectors[place * dimension + i]!;
      const from = i * size;
      for (let at = 0; at < size; at++) {
        vector[at]! += weight * basis[from + at]!;
        image[at]! += weight * images[from + at]!;
      }
    }
    let square = 0;
    for (let at = 0; at < size; at++) square += (image[at]! - values[pair]! * vector[at]!) ** 2;
    residual = Math.max(residual, Math.sqrt(square));
    if (work.isDue) await work.turn();
  }
  return { values, vectors, residual };
}

/**
 * Makes a vector of length 1 and orthogonal to the first `count` of the basis, twice over, since
 * once leaves rounding behind. One that lies in their space is replaced by a random one.
 */
export function orthonormalize(
  vector: Float64Array,
  basis: Float64Array,
  count: number,
  random: Random,
): void {
  const size = vector.length;
  for (;;) {
    const before = Math.sqrt(dot(vector, 0, vector, 0, size));
    for (let pass = 0; pass < 2; pass++) {
      for (let i = 0; i < count; i++) {
        const along = dot(basis, i * size, vector, 0, size);
        const from = i * size;
        for (let at = 0; at < size; at++) vector[at]! -= along * basis[from + at]!;
      }
    }
    const length = Math.sqrt(dot(vector, 0, vector, 0, size));
    if (length > 1e-10 * before && length > 0) {
      for (let at = 0; at < size; at++) vector[at]! /= length;
      return;
    }
    vector.set(randomVector(size, random));
  }
}

function randomVector(size: number, random: Random): Float64Array {
  return Float64Array.from({ length: size }, () => random.normal());
}

/** Entries `begin` to `end` of the images of `blockWidth` vectors from the basis: side by side, since reading the matrix takes the time. */
function multiplyBlock(
  matrix: Float64Array,
  size: number,
  basis: Float64Array,
  images: Float64Array,
  start: number,
  begin: number,
  end: number,
): void {
  const [v0, v1, v2, v3, v4, v5, v6, v7] = Array.from({ length: blockWidth }, (_, i) =>
    basis.subarray((start + i) * size, (start + i + 1) * size),
  );
  for (let row = begin; row < end; row++) {
    let [s0, s1, s2, s3, s4, s5, s6, s7] = [0, 0, 0, 0, 0, 0, 0, 0];
    for (let column = 0, at = row * size; column < size; column++, at++) {
      const entry = matrix[at]!;
      s0 += entry * v0![column]!;
      s1 += entry * v1![column]!;
      s2 += entry * v2![column]!;
      s3 += entry * v3![column]!;
      s4 += entry * v4![column]!;
      s5 += entry * v5![column]!;
      s6 += entry * v6![column]!;
      s7 += entry * v7![column]!;
    }
    [s0, s1, s2, s3, s4, s5, s6, s7].forEach((sum, i) => {
      images[(start + i) * size + row] = sum;
    });
  }
}

/** Four sums side by side, so that no addition waits for the one before. */
function dot(a: Float64Array, i: number, b: Float64Array, j: number, size: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let at = 0;
  for (; at + 3 < size; at += 4) {
    s0 += a[i + at]! * b[j + at]!;
    s1 += a[i + at + 1]! * b[j + at + 1]!;
    s2 += a[i + at + 2]! * b[j + at + 2]!;
    s3 += a[i + at + 3]! * b[j + at + 3]!;
  }
  for (; at < size; at++) s0 += a[i + at]! * b[j + at]!;
  return s0 + s1 + (s2 + s3);
}
