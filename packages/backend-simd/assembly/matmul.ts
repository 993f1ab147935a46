// Matrix products of float32 operands in every transposition: blocked for the caches, the right
// operand packed into panels, the left one read where it lies (packed when it is transposed).

import { madd, maddScalar, sumLanes } from './simd';
import { ACCUMULATE, CLAMP, EDGE_BYTES, TILE_COLUMNS, TILE_ROWS, tileColumns, tileRows } from './matmul-tile';
import { packLeftTransposed, packRight, packRightTransposed, panels } from './matmul-pack';

/** Blocks of the summed dimension, of columns and of rows: a right block fills half of a 512 KiB L2. */
const BLOCK_K = 256;
const BLOCK_N = 256;
const BLOCK_M = 64;

/** Up to this many summed steps a transposed left operand is read where it lies. */
const DIRECT_K = 64;

/** Bytes of scratch that `matmul` needs. */
export function matmulScratch(m: i32, n: i32, k: i32): usize {
  const depth = <usize>min(k, BLOCK_K);
  const width = <usize>panels(min(n, BLOCK_N)) * TILE_COLUMNS;
  const height = <usize>min(m + TILE_ROWS, BLOCK_M);
  return ((depth * width + depth * height + 2 * height + width) << 2) + EDGE_BYTES;
}

/**
 * c[m, n] = a[m, k] * b[k, n] (+ bias[n]), or c += with ACCUMULATE in `flags`; limited to
 * [low, high] with CLAMP.
 *
 * Call it on a range of rows or columns by moving the pointers: each element of c is summed in the
 * same order whatever the range, if that has at least two rows and two columns. A single row or
 * column takes a shorter way, which sums in another order.
 *
 * @param lda floats between two stored rows of a; with `transposeA` a is stored [k, m].
 * @param bias n floats, or 0 for none.
 * @param work scratch of `matmulScratch` bytes, 16-byte aligned.
 */
export function matmul(
  a: usize, lda: i32, transposeA: bool, b: usize, ldb: i32, transposeB: bool, c: usize, ldc: i32,
  m: i32, n: i32, k: i32, bias: usize, flags: i32, low: f32, high: f32, work: usize,
): void {
  if (m <= 0 || n <= 0) return;
  if (m == 1 || (n == 1 && ldc == 1)) {
    // The one row or column is the vector, the other operand the matrix.
    const isRow = m == 1;
    const vector = isRow ? a : b;
    const step = isRow ? (transposeA ? lda : 1) : transposeB ? 1 : ldb;
    const matrix = isRow ? b : a;
    const stride = isRow ? ldb : lda;
    const count = isRow ? n : m;
    startVector(c, count, bias, isRow, flags);
    if (isRow ? !transposeB : transposeA) addRows(vector, step, matrix, stride, c, count, k);
    else addProducts(vector, step, matrix, stride, c, count, k);
    if (flags & CLAMP) clampVector(c, count, low, high);
    return;
  }
  const depthMax = <usize>min(k, BLOCK_K);
  const widthMax = <usize>panels(min(n, BLOCK_N)) * TILE_COLUMNS;
  const heightMax = <usize>min(m + TILE_ROWS, BLOCK_M);
  const packedB = work;
  const packedA = packedB + ((depthMax * widthMax) << 2);
  const start = packedA + ((depthMax * heightMax) << 2);
  const table = start + (widthMax << 2);
  const edge = table + (heightMax << 2);
  const outs = edge + EDGE_BYTES;

  for (let column = 0; column < n; column += BLOCK_N) {
    const width = min(BLOCK_N, n - column);
    fillStart(start, bias == 0 ? 0 : bias + (<usize>column << 2), width);
    let step = 0;
    do {
      // Equal blocks, not full ones and a rest.
      const left = k - step;
      const blocks = (left + BLOCK_K - 1) / BLOCK_K;
      const depth = blocks > 0 ? (left + blocks - 1) / blocks : 0;
      const panelBytes = <usize>depth * TILE_COLUMNS << 2;
      if (transposeB) {
        packRightTransposed(b + ((<usize>column * ldb + step) << 2), ldb, depth, width, packedB, panelBytes);
      } else {
        packRight(b + ((<usize>step * ldb + column) << 2), ldb, depth, width, packedB, panelBytes);
      }
      let mode = flags;
      if (step > 0) mode |= ACCUMULATE;
      if (step + depth < k) mode &= ACCUMULATE;
      const direct = depth <= DIRECT_K;
      for (let row = 0; row < m; row += BLOCK_M) {
        const height = min(BLOCK_M, m - row);
        rowTable(outs, c + ((<usize>row * ldc + column) << 2), <usize>ldc << 2, height);
        let left: usize = 0, leftTile: usize = 0, leftStep: usize = 0;
        if (!transposeA) {
          rowTable(table, a + ((<usize>row * lda + step) << 2), <usize>lda << 2, height);
        } else if (direct) {
          left = a + ((<usize>step * lda + row) << 2);
          leftTile = 16;
          leftStep = <usize>lda << 2;
        } else {
          packLeftTransposed(a + ((<usize>step * lda + row) << 2), lda, depth, height, packedA);
          left = packedA;
          leftTile = <usize>depth << 4;
          leftStep = 16;
        }
        for (let panel = 0; panel < width; panel += TILE_COLUMNS) {
          const columns = min(TILE_COLUMNS, width - panel);
          const right = packedB + <usize>(panel / TILE_COLUMNS) * panelBytes;
          const shift = <usize>panel << 2;
          if (transposeA && depth > 0) {
            tileColumns(
              height, left, leftTile, leftStep, 0, 0, right, TILE_COLUMNS << 2, 0, 0, 1, 1, depth,
              outs, shift, columns, start + shift, mode, low, high, edge,
            );
          } else {
            tileRows(
              (height + TILE_ROWS - 1) / TILE_ROWS, table, 0, depth > 0 ? 1 : 0, depth, right,
              outs, shift, columns, start + shift, mode, low, high, edge,
            );
          }
        }
      }
      step += depth;
    } while (step < k);
  }
}

/** c = bias, the same of all or one each, or zero; nothing with ACCUMULATE. */
function startVector(c: usize, n: i32, bias: usize, each: bool, flags: i32): void {
  if (flags & ACCUMULATE) return;
  for (let i = 0; i < n; i++) {
    const value: f32 = bias == 0 ? 0 : load<f32>(each ? bias + (<usize>i << 2) : bias);
    store<f32>(c + (<usize>i << 2), value);
  }
}

/** c[j] += sum over i of x[i] * matrix[i][j], row after row. */
function addRows(x: usize, step: i32, matrix: usize, stride: i32, c: usize, n: i32, k: i32): void {
  const xStep = <usize>step << 2, rowBytes = <usize>stride << 2;
  let i = 0;
  for (; i + 4 <= k; i += 4) {
    const x0 = v128.load32_splat(x), x1 = v128.load32_splat(x + xStep);
    const x2 = v128.load32_splat(x + xStep * 2), x3 = v128.load32_splat(x + xStep * 3);
    let r0 = matrix, r1 = matrix + rowBytes, r2 = matrix + rowBytes * 2, r3 = matrix + rowBytes * 3;
    let to = c;
    let j = 0;
    for (; j + 4 <= n; j += 4) {
      let sum = madd(x0, v128.load(r0), v128.load(to));
      sum = madd(x1, v128.load(r1), sum);
      sum = madd(x2, v128.load(r2), sum);
      v128.store(to, madd(x3, v128.load(r3), sum));
      r0 += 16; r1 += 16; r2 += 16; r3 += 16; to += 16;
    }
    for (; j < n; j++) {
      let sum = maddScalar(load<f32>(x), load<f32>(r0), load<f32>(to));
      sum = maddScalar(load<f32>(x + xStep), load<f32>(r1), sum);
      sum = maddScalar(load<f32>(x + xStep * 2), load<f32>(r2), sum);
      store<f32>(to, maddScalar(load<f32>(x + xStep * 3), load<f32>(r3), sum));
      r0 += 4; r1 += 4; r2 += 4; r3 += 4; to += 4;
    }
    x += xStep * 4;
    matrix += rowBytes * 4;
  }
  for (; i < k; i++) {
    const x0 = v128.load32_splat(x);
    let r0 = matrix, to = c;
    let j = 0;
    for (; j + 4 <= n; j += 4) {
      v128.store(to, madd(x0, v128.load(r0), v128.load(to)));
      r0 += 16; to += 16;
    }
    for (; j < n; j++) {
      store<f32>(to, maddScalar(load<f32>(x), load<f32>(r0), load<f32>(to)));
      r0 += 4; to += 4;
    }
    x += xStep;
    matrix += rowBytes;
  }
}

/** c[j] += sum over i of x[i] * matrix[j][i]: a product of vectors for each row. */
function addProducts(x: usize, step: i32, matrix: usize, stride: i32, c: usize, n: i32, k: i32): void {
  for (let j = 0; j < n; j++) {
    let row = matrix;
    let from = x;
    let sum: f32 = 0;
    let i = 0;
    if (step == 1) {
      let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
      for (; i + 16 <= k; i += 16) {
        s0 = madd(v128.load(from), v128.load(row), s0);
        s1 = madd(v128.load(from, 16), v128.load(row, 16), s1);
        s2 = madd(v128.load(from, 32), v128.load(row, 32), s2);
        s3 = madd(v128.load(from, 48), v128.load(row, 48), s3);
        from += 64;
        row += 64;
      }
      sum = sumLanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
    }
    for (; i < k; i++) {
      sum = maddScalar(load<f32>(from), load<f32>(row), sum);
      from += <usize>step << 2;
      row += 4;
    }
    store<f32>(c, load<f32>(c) + sum);
    c += 4;
    matrix += <usize>stride << 2;
  }
}

function clampVector(c: usize, n: i32, low: f32, high: f32): void {
  for (let i = 0; i < n; i++) {
    const value = load<f32>(c);
    store<f32>(c, value < low ? low : value > high ? high : value);
    c += 4;
  }
}

/** The vector that tiles start from: a padded copy of the bias, or zeros. */
export function fillStart(start: usize, bias: usize, n: i32): void {
  memory.fill(start, 0, <usize>panels(n) * TILE_COLUMNS << 2);
  if (bias != 0) memory.copy(start, bias, <usize>n << 2);
}

/** Pointers to rows `step` bytes apart, the last repeated to a multiple of four. */
export function rowTable(table: usize, first: usize, step: usize, rows: i32): void {
  let line = first;
  for (let row = 0; row < rows; row++) {
    store<u32>(table, <u32>line);
    table += 4;
    line += step;
  }
  for (let row = rows; row & (TILE_ROWS - 1); row++) {
    store<u32>(table, <u32>(line - step));
    table += 4;
  }
}
