// Moving elements of four bytes without looking at them: the same code for float32, int32 and bool.

/** Runs at least this long go through memory.copy; its call costs more than a short loop. */
// @ts-ignore: decorator
@inline
const LONG_RUN: usize = 256;

// @ts-ignore: decorator
@inline
function copyRun(from: usize, to: usize, length: usize): void {
  if (length >= LONG_RUN) {
    memory.copy(to, from, length);
    return;
  }
  const end = to + length;
  for (; to + 16 <= end; to += 16, from += 16) v128.store(to, v128.load(from));
  for (; to < end; to += 4, from += 4) store<i32>(to, load<i32>(from));
}

/** Copies `count` elements; the strides lead from one to the next, in bytes. */
// @ts-ignore: decorator
@inline
function copyLine(x: usize, out: usize, count: i32, fromStep: isize, toStep: isize): void {
  if (fromStep == 4 && toStep == 4) {
    copyRun(x, out, <usize>count << 2);
  } else {
    for (let index = 0; index < count; index++, x += fromStep, out += toStep) {
      store<i32>(out, load<i32>(x));
    }
  }
}

/**
 * Copies a block of `rank` >= 2 dimensions between two layouts. `layout` holds an int32 triple for
 * each dimension, outermost first: its size, and its strides in bytes in the source and in the target
 * (0 to repeat, negative to run backwards); room for `rank` counters follows.
 */
export function copyStrided(x: usize, out: usize, rank: i32, layout: usize): void {
  const inner = layout + <usize>(rank - 1) * 12;
  const count = load<i32>(inner);
  const fromStep = <isize>load<i32>(inner, 4);
  const toStep = <isize>load<i32>(inner, 8);
  const lines = load<i32>(inner - 12);
  const fromLine = <isize>load<i32>(inner - 8);
  const toLine = <isize>load<i32>(inner - 4);
  const outer = rank - 2;
  const counters = layout + <usize>rank * 12;
  for (let dimension = 0; dimension < outer; dimension++) {
    store<i32>(counters + (<usize>dimension << 2), 0);
  }
  while (true) {
    let from = x;
    let to = out;
    for (let line = 0; line < lines; line++, from += fromLine, to += toLine) {
      copyLine(from, to, count, fromStep, toStep);
    }
    let dimension = outer - 1;
    for (; dimension >= 0; dimension--) {
      const counter = counters + (<usize>dimension << 2);
      const entry = layout + <usize>dimension * 12;
      const size = load<i32>(entry);
      x += <isize>load<i32>(entry, 4);
      out += <isize>load<i32>(entry, 8);
      const next = load<i32>(counter) + 1;
      if (next < size) {
        store<i32>(counter, next);
        break;
      }
      store<i32>(counter, 0);
      x -= <isize>load<i32>(entry, 4) * <isize>size;
      out -= <isize>load<i32>(entry, 8) * <isize>size;
    }
    if (dimension < 0) return;
  }
}

/** Transposes `rows` x `columns` elements; the strides lead from row to row, in bytes. */
function transposeMatrix(
  x: usize, out: usize, rows: i32, columns: i32, xStride: isize, outStride: isize,
): void {
  const tile = 32;
  for (let rowStart = 0; rowStart < rows; rowStart += tile) {
    const rowEnd = min(rowStart + tile, rows);
    for (let columnStart = 0; columnStart < columns; columnStart += tile) {
      const columnEnd = min(columnStart + tile, columns);
      let row = rowStart;
      for (; row + 4 <= rowEnd; row += 4) {
        let from = x + <isize>row * xStride + (<isize>columnStart << 2);
        let to = out + <isize>columnStart * outStride + (<isize>row << 2);
        let column = columnStart;
        for (; column + 4 <= columnEnd; column += 4, from += 16, to += outStride << 2) {
          const a = v128.load(from);
          const b = v128.load(from + xStride);
          const c = v128.load(from + (xStride << 1));
          const d = v128.load(from + xStride * 3);
          const ac = i32x4.shuffle(a, c, 0, 4, 1, 5);
          const bd = i32x4.shuffle(b, d, 0, 4, 1, 5);
          const ac2 = i32x4.shuffle(a, c, 2, 6, 3, 7);
          const bd2 = i32x4.shuffle(b, d, 2, 6, 3, 7);
          v128.store(to, i32x4.shuffle(ac, bd, 0, 4, 1, 5));
          v128.store(to + outStride, i32x4.shuffle(ac, bd, 2, 6, 3, 7));
          v128.store(to + (outStride << 1), i32x4.shuffle(ac2, bd2, 0, 4, 1, 5));
          v128.store(to + outStride * 3, i32x4.shuffle(ac2, bd2, 2, 6, 3, 7));
        }
        for (; column < columnEnd; column++, from += 4, to += outStride) {
          store<i32>(to, load<i32>(from));
          store<i32>(to, load<i32>(from + xStride), 4);
          store<i32>(to, load<i32>(from + (xStride << 1)), 8);
          store<i32>(to, load<i32>(from + xStride * 3), 12);
        }
      }
      for (; row < rowEnd; row++) {
        let from = x + <isize>row * xStride + (<isize>columnStart << 2);
        let to = out + <isize>columnStart * outStride + (<isize>row << 2);
        for (let column = columnStart; column < columnEnd; column++, from += 4, to += outStride) {
          store<i32>(to, load<i32>(from));
        }
      }
    }
  }
}

/**
 * Transposes a matrix at each place of `rank` outer dimensions, which `layout` describes as in
 * `copyStrided`.
 */
export function transposeMatrices(
  x: usize, out: usize, rows: i32, columns: i32, xStride: isize, outStride: isize, rank: i32, layout: usize,
): void {
  const counters = layout + <usize>rank * 12;
  for (let dimension = 0; dimension < rank; dimension++) {
    store<i32>(counters + (<usize>dimension << 2), 0);
  }
  while (true) {
    transposeMatrix(x, out, rows, columns, xStride, outStride);
    let dimension = rank - 1;
    for (; dimension >= 0; dimension--) {
      const counter = counters + (<usize>dimension << 2);
      const entry = layout + <usize>dimension * 12;
      const size = load<i32>(entry);
      x += <isize>load<i32>(entry, 4);
      out += <isize>load<i32>(entry, 8);
      const next = load<i32>(counter) + 1;
      if (next < size) {
        store<i32>(counter, next);
        break;
      }
      store<i32>(counter, 0);
      x -= <isize>load<i32>(entry, 4) * <isize>size;
      out -= <isize>load<i32>(entry, 8) * <isize>size;
    }
    if (dimension < 0) return;
  }
}

/** out[i] = x[indices[i]] for rows of `length` bytes. */
export function gatherRows(x: usize, indices: usize, out: usize, count: i32, length: usize): void {
  for (let index = 0; index < count; index++, indices += 4, out += length) {
    copyRun(x + <usize>load<i32>(indices) * length, out, length);
  }
}

/** out[ids[i]] += x[i] for rows of `columns` numbers; rows whose id is not below `count` are lost. */
export function addRows(x: usize, ids: usize, out: usize, rows: i32, columns: i32, count: i32): void {
  const length = <usize>columns << 2;
  for (let row = 0; row < rows; row++, ids += 4, x += length) {
    const id = load<i32>(ids);
    if (<u32>id >= <u32>count) continue;
    const target = out + <usize>id * length;
    let column: usize = 0;
    for (; column + 16 <= length; column += 16) {
      v128.store(target + column, f32x4.add(v128.load(target + column), v128.load(x + column)));
    }
    for (; column < length; column += 4) {
      store<f32>(target + column, load<f32>(target + column) + load<f32>(x + column));
    }
  }
}

export function addRowsInt(x: usize, ids: usize, out: usize, rows: i32, columns: i32, count: i32): void {
  const length = <usize>columns << 2;
  for (let row = 0; row < rows; row++, ids += 4, x += length) {
    const id = load<i32>(ids);
    if (<u32>id >= <u32>count) continue;
    const target = out + <usize>id * length;
    for (let column: usize = 0; column < length; column += 4) {
      store<i32>(target + column, load<i32>(target + column) + load<i32>(x + column));
    }
  }
}
