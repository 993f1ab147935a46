import type { Work } from '@nn-lab/core/work';

/** Eigenvalues with orthonormal eigenvectors `[count, size]`, row by row. */
export interface Eigenpairs {
  readonly values: Float64Array;
  readonly vectors: Float64Array;
}

/**
 * All eigenpairs of a symmetric matrix, smallest first, by Householder reflections and the QL method
 * with implicit shifts (`tred2` and `tql2` of EISPACK, as `ml-matrix` has them), with turns for others.
 *
 * @param matrix - `[size, size]`; it becomes the vectors.
 */
export async function symmetricEigenpairs(
  matrix: Float64Array,
  size: number,
  work: Work,
): Promise<Eigenpairs> {
  const values = new Float64Array(size);
  const beside = new Float64Array(size);
  const last = size - 1;
  copyColumn(matrix, size, last, values);
  for (let i = last; i > 0; i--) {
    reflect(matrix, size, i, values, beside);
    if (work.isDue) await work.turn();
  }
  for (let i = 0; i < last; i++) {
    accumulate(matrix, size, i, values);
    if (work.isDue) await work.turn();
  }
  copyColumn(matrix, size, last, values);
  for (let j = 0; j < size; j++) matrix[j * size + last] = 0;
  matrix[size * size - 1] = 1;
  beside.copyWithin(0, 1);
  beside[last] = 0;

  let shift = 0;
  let largest = 0;
  for (let l = 0; l < size; l++) {
    largest = Math.max(largest, Math.abs(values[l]!) + Math.abs(beside[l]!));
    const negligible = Number.EPSILON * largest;
    let m = l;
    while (m < last && Math.abs(beside[m]!) > negligible) m++;
    if (m > l) {
      do {
        shift += rotate(matrix, size, l, m, values, beside);
        if (work.isDue) await work.turn();
      } while (Math.abs(beside[l]!) > negligible);
    }
    values[l]! += shift;
    beside[l] = 0;
  }
  sort(matrix, size, values);
  return { values, vectors: matrix };
}

function copyColumn(matrix: Float64Array, size: number, column: number, to: Float64Array): void {
  for (let j = 0; j < size; j++) to[j] = matrix[j * size + column]!;
}

/** Makes row `i` of the matrix tridiagonal by a reflection, which is kept in its place. */
function reflect(
  matrix: Float64Array,
  size: number,
  i: number,
  d: Float64Array,
  e: Float64Array,
): void {
  let scale = 0;
  for (let k = 0; k < i; k++) scale += Math.abs(d[k]!);
  if (scale === 0) {
    e[i] = d[i - 1]!;
    for (let j = 0; j < i; j++) {
      d[j] = matrix[j * size + i - 1]!;
      matrix[j * size + i] = 0;
      matrix[i * size + j] = 0;
    }
    d[i] = 0;
    return;
  }
  let h = 0;
  for (let k = 0; k < i; k++) {
    d[k]! /= scale;
    h += d[k]! * d[k]!;
  }
  const before = d[i - 1]!;
  const root = before > 0 ? -Math.sqrt(h) : Math.sqrt(h);
  e[i] = scale * root;
  h -= before * root;
  d[i - 1] = before - root;
  e.fill(0, 0, i);
  for (let j = 0; j < i; j++) {
    const f = d[j]!;
    const row = j * size;
    matrix[i * size + j] = f;
    let g = e[j]! + matrix[row + j]! * f;
    for (let k = j + 1; k < i; k++) {
      g += matrix[row + k]! * d[k]!;
      e[k]! += matrix[row + k]! * f;
    }
    e[j] = g;
  }
  let along = 0;
  for (let j = 0; j < i; j++) {
    e[j]! /= h;
    along += e[j]! * d[j]!;
  }
  const half = along / (h + h);
  for (let j = 0; j < i; j++) e[j]! -= half * d[j]!;
  for (let j = 0; j < i; j++) {
    const f = d[j]!;
    const g = e[j]!;
    const row = j * size;
    for (let k = j; k < i; k++) matrix[row + k]! -= f * e[k]! + g * d[k]!;
    d[j] = matrix[row + i - 1]!;
    matrix[row + i] = 0;
  }
  d[i] = h;
}

/** Multiplies the reflection of row `i + 1` into the vectors. */
function accumulate(matrix: Float64Array, size: number, i: number, d: Float64Array): void {
  const next = (i + 1) * size;
  matrix[i * size + size - 1] = matrix[i * size + i]!;
  matrix[i * size + i] = 1;
  const h = d[i + 1]!;
  if (h !== 0) {
    for (let k = 0; k <= i; k++) d[k] = matrix[next + k]! / h;
    for (let row = 0; row <= i * size; row += size) {
      let g = 0;
      for (let k = 0; k <= i; k++) g += matrix[next + k]! * matrix[row + k]!;
      for (let k = 0; k <= i; k++) matrix[row + k]! -= g * d[k]!;
    }
  }
  matrix.fill(0, next, next + i + 1);
}

/** One sweep of rotations over rows `l` to `m`. Returns the shift of the values after `l`. */
function rotate(
  vectors: Float64Array,
  size: number,
  l: number,
  m: number,
  d: Float64Array,
  e: Float64Array,
): number {
  const first = d[l]!;
  let p = (d[l + 1]! - first) / (2 * e[l]!);
  const length = p < 0 ? -hypotenuse(p, 1) : hypotenuse(p, 1);
  d[l] = e[l]! / (p + length);
  d[l + 1] = e[l]! * (p + length);
  const second = d[l + 1]!;
  const shift = first - d[l]!;
  for (let i = l + 2; i < size; i++) d[i]! -= shift;
  p = d[m]!;
  const beyond = e[l + 1]!;
  let [c, c2, c3, s, s2] = [1, 1, 1, 0, 0];
  for (let i = m - 1; i >= l; i--) {
    c3 = c2;
    c2 = c;
    s2 = s;
    const g = c * e[i]!;
    const h = c * p;
    const r = hypotenuse(p, e[i]!);
    e[i + 1] = s * r;
    s = e[i]! / r;
    c = p / r;
    p = c * d[i]! - s * g;
    d[i + 1] = h + s * (c * g + s * d[i]!);
    for (let at = i * size, end = at + size; at < end; at++) {
      const above = vectors[at]!;
      const below = vectors[at + size]!;
      vectors[at + size] = s * above + c * below;
      vectors[at] = c * above - s * below;
    }
  }
  p = (-s * s2 * c3 * beyond * e[l]!) / second;
  e[l] = s * p;
  d[l] = c * p;
  return shift;
}

/** As exact as `Math.hypot`, and the same on every engine. */
function hypotenuse(a: number, b: number): number {
  if (Math.abs(a) > Math.abs(b)) return Math.abs(a) * Math.sqrt(1 + (b / a) * (b / a));
  return b === 0 ? 0 : Math.abs(b) * Math.sqrt(1 + (a / b) * (a / b));
}

function sort(vectors: Float64Array, size: number, values: Float64Array): void {
  for (let i = 0; i < size - 1; i++) {
    let least = i;
    for (let j = i + 1; j < size; j++) if (values[j]! < values[least]!) least = j;
    if (least === i) continue;
    [values[i], values[least]] = [values[least]!, values[i]!];
    const row = vectors.slice(i * size, (i + 1) * size);
    vectors.copyWithin(i * size, least * size, (least + 1) * size);
    vectors.set(row, least * size);
  }
}
