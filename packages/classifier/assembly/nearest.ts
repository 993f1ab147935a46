import { add, mul, sub } from './vectors';

// What is known of a query: the distance that a row must be below, how many rows are held, and
// those: pairs of distance and row.
const headBytes: usize = 16;
/** So many queries at a time go past the data, and so many panels of the data stay in the cache. */
const queriesAtOnce: i32 = 64;
const panelsAtOnce: i32 = 32;

/** Bytes of scratch that `findNearest` needs. */
export function nearestScratch(capacity: usize): usize {
  return <usize>queriesAtOnce * stateBytes(capacity);
}

// @ts-ignore: decorator
@inline
function stateBytes(capacity: usize): usize {
  return (headBytes + (capacity << 3) + 15) & ~15;
}

/**
 * The k nearest other rows of rows `begin` (a multiple of four) to `end`, in no order.
 *
 * Distances are sums of squared differences: `|q|² - 2 q.x + |x|²` would take a third less time, and lose
 * every digit where rows are near to each other and far from 0.
 *
 * @param panels of eight rows, which are interleaved: eight values a column; NaN for those that fill up
 *   the last panel.
 * @param queries the same rows, one after another, padded to a multiple of four.
 * @param panelCount, @param columns sizes. @param capacity rows to hold before thinning, above k + 8.
 * @param result k rows for each query.
 */
export function findNearest(
  begin: i32, end: i32, panels: usize, panelCount: i32, queries: usize, columns: usize, k: i32, capacity: i32,
  result: usize, scratch: usize,
): void {
  const size = stateBytes(capacity), panelBytes = columns << 5, rowBytes = columns << 2;
  for (let block = begin; block < end; block += queriesAtOnce) {
    const stop = min(end, block + queriesAtOnce);
    for (let query = 0; query < queriesAtOnce; query++) {
      store<f32>(scratch + <usize>query * size, Infinity);
      store<i32>(scratch + <usize>query * size, 0, 4);
    }
    for (let tile = 0; tile < panelCount; tile += panelsAtOnce) {
      const tileEnd = min(panelCount, tile + panelsAtOnce);
      for (let query = block; query < stop; query += 4) {
        const a = queries + <usize>query * rowBytes;
        const state = scratch + <usize>(query - block) * size;
        for (let panel = tile; panel < tileEnd; panel++) {
          compare(
            panels + <usize>panel * panelBytes, a, rowBytes, state, size, query, panel << 3, k, capacity,
          );
        }
      }
    }
    for (let query = block; query < stop; query++) {
      const state = scratch + <usize>(query - block) * size;
      thin(state, k);
      const to = result + ((<usize>query * <usize>k) << 2);
      for (let place: usize = 0; place < <usize>k; place++) {
        store<u32>(to + (place << 2), load<u32>(state + headBytes + (place << 3), 4));
      }
    }
  }
}

/** Offers the eight rows of a panel to four queries. */
// @ts-ignore: decorator
@inline
function compare(
  panel: usize, a: usize, rowBytes: usize, state: usize, size: usize, query: i32, first: i32,
  k: i32, capacity: i32,
): void {
  const b = a + rowBytes, c = b + rowBytes, d = c + rowBytes;
  const zero = f32x4.splat(0);
  let a0 = zero, a1 = zero, b0 = zero, b1 = zero, c0 = zero, c1 = zero, d0 = zero, d1 = zero;
  for (let column: usize = 0; column < rowBytes; column += 4, panel += 32) {
    const x = v128.load(panel), y = v128.load(panel, 16);
    const qa = v128.load_splat<f32>(a + column), qb = v128.load_splat<f32>(b + column);
    a0 = addSquare(a0, sub(qa, x));
    a1 = addSquare(a1, sub(qa, y));
    b0 = addSquare(b0, sub(qb, x));
    b1 = addSquare(b1, sub(qb, y));
    const qc = v128.load_splat<f32>(c + column), qd = v128.load_splat<f32>(d + column);
    c0 = addSquare(c0, sub(qc, x));
    c1 = addSquare(c1, sub(qc, y));
    d0 = addSquare(d0, sub(qd, x));
    d1 = addSquare(d1, sub(qd, y));
  }
  offer(state, a0, a1, query, first, k, capacity);
  offer(state + size, b0, b1, query + 1, first, k, capacity);
  offer(state + 2 * size, c0, c1, query + 2, first, k, capacity);
  offer(state + 3 * size, d0, d1, query + 3, first, k, capacity);
}

// @ts-ignore: decorator
@inline
function addSquare(sum: v128, difference: v128): v128 {
  return add(sum, mul(difference, difference));
}

// @ts-ignore: decorator
@inline
function offer(state: usize, low: v128, high: v128, query: i32, first: i32, k: i32, capacity: i32): void {
  const limit = v128.load_splat<f32>(state);
  const isLow = f32x4.lt(low, limit), isHigh = f32x4.lt(high, limit);
  if (!v128.any_true(v128.or(isLow, isHigh))) return;
  take(state, low, i32x4.bitmask(isLow), query, first);
  take(state, high, i32x4.bitmask(isHigh), query, first + 4);
  if (load<i32>(state, 4) + 8 > capacity) thin(state, k);
}

function take(state: usize, distances: v128, mask: i32, query: i32, first: i32): void {
  let to = state + headBytes + (<usize>load<i32>(state, 4) << 3);
  const start = to;
  if ((mask & 1) && first !== query) to = put(to, f32x4.extract_lane(distances, 0), first);
  if ((mask & 2) && first + 1 !== query) to = put(to, f32x4.extract_lane(distances, 1), first + 1);
  if ((mask & 4) && first + 2 !== query) to = put(to, f32x4.extract_lane(distances, 2), first + 2);
  if ((mask & 8) && first + 3 !== query) to = put(to, f32x4.extract_lane(distances, 3), first + 3);
  store<i32>(state, load<i32>(state, 4) + <i32>((to - start) >> 3), 4);
}

// @ts-ignore: decorator
@inline
function put(to: usize, distance: f32, row: i32): usize {
  store<f32>(to, distance);
  store<i32>(to, row, 4);
  return to + 8;
}

/** Leaves the k nearest of the rows held (Hoare's selection), and lowers the limit to the farthest. */
function thin(state: usize, k: i32): void {
  const held = load<i32>(state, 4);
  if (held <= k) return;
  const base = state + headBytes;
  let first = 0, last = held - 1;
  while (first < last) {
    const pivot = load<f32>(base + (<usize>((first + last) >> 1) << 3));
    let i = first, j = last;
    while (i <= j) {
      while (load<f32>(base + (<usize>i << 3)) < pivot) i++;
      while (load<f32>(base + (<usize>j << 3)) > pivot) j--;
      if (i > j) break;
      const one = base + (<usize>i << 3), other = base + (<usize>j << 3);
      const swap = load<u64>(one);
      store<u64>(one, load<u64>(other));
      store<u64>(other, swap);
      i++;
      j--;
    }
    if (k - 1 <= j) last = j;
    else if (k - 1 >= i) first = i;
    else break;
  }
  let farthest = load<f32>(base);
  for (let at = 1; at < k; at++) farthest = max(farthest, load<f32>(base + (<usize>at << 3)));
  store<f32>(state, farthest);
  store<i32>(state, k, 4);
}
