import { add, mul, squaredLength, sub } from './vectors';

// A node of the tree: 32 bytes. x, y: the mean of its points; mass: their number; squared width of
// its cell; next: address of the first node that is not within it; first, last: its points, in
// sorted order; leaf: 1 or 0. Children follow their parent, so a walk goes forward only.
const nodeBytes: usize = 32;
const levels = 16;

/**
 * Sorts the points along a Z-shaped curve through the 2^16 x 2^16 cells of a square (Morton order).
 *
 * @param scale cells a unit, @param keys, @param order results: 4 bytes a point.
 * @param otherKeys, @param otherOrder as large, @param counts 1 KiB: scratch.
 */
export function sortByCell(
  count: i32, map: usize, left: f32, top: f32, scale: f32, keys: usize, order: usize, otherKeys: usize,
  otherOrder: usize, counts: usize,
): void {
  for (let i = 0; i < count; i++) {
    const at = map + (<usize>i << 3);
    const column = <u32>min<f32>(65535, (load<f32>(at) - left) * scale);
    const row = <u32>min<f32>(65535, (load<f32>(at, 4) - top) * scale);
    store<u32>(keys + (<usize>i << 2), spreadBits(column) | (spreadBits(row) << 1));
    store<u32>(order + (<usize>i << 2), i);
  }
  // Four passes by a byte each, least first: the last one ends in `keys` and `order`.
  let fromKeys = keys, fromOrder = order, toKeys = otherKeys, toOrder = otherOrder;
  for (let shift: u32 = 0; shift < 32; shift += 8) {
    memory.fill(counts, 0, 1024);
    for (let i: usize = 0, stop = <usize>count << 2; i < stop; i += 4) {
      const slot = counts + (<usize>((load<u32>(fromKeys + i) >> shift) & 255) << 2);
      store<u32>(slot, load<u32>(slot) + 4);
    }
    let total: u32 = 0;
    for (let slot = counts; slot < counts + 1024; slot += 4) {
      const here = load<u32>(slot);
      store<u32>(slot, total);
      total += here;
    }
    for (let i: usize = 0, stop = <usize>count << 2; i < stop; i += 4) {
      const key = load<u32>(fromKeys + i);
      const slot = counts + (<usize>((key >> shift) & 255) << 2);
      const to = load<u32>(slot);
      store<u32>(slot, to + 4);
      store<u32>(toKeys + to, key);
      store<u32>(toOrder + to, load<u32>(fromOrder + i));
    }
    let swap = fromKeys; fromKeys = toKeys; toKeys = swap;
    swap = fromOrder; fromOrder = toOrder; toOrder = swap;
  }
}

/** The low 16 bits with a zero between each two. */
// @ts-ignore: decorator
@inline
function spreadBits(bits: u32): u32 {
  bits = (bits | (bits << 8)) & 0x00ff00ff;
  bits = (bits | (bits << 4)) & 0x0f0f0f0f;
  bits = (bits | (bits << 2)) & 0x33333333;
  return (bits | (bits << 1)) & 0x55555555;
}

/**
 * Builds the quadtree over points in the order of {@link sortByCell}.
 *
 * @param sorted result: their coordinates in that order, the last one repeated to a multiple of four.
 * @param nodes result: see BarnesHutRepulsion for how many there can be. @param stack 4 KiB of scratch.
 * @param width of the square, @param leafPoints points that need no further division.
 * @returns the end of the nodes.
 */
export function buildTree(
  count: i32, map: usize, keys: usize, order: usize, sorted: usize, nodes: usize, stack: usize,
  width: f32, leafPoints: i32,
): usize {
  for (let i = 0; i < count; i++) {
    const from = map + (<usize>load<u32>(order + (<usize>i << 2)) << 3);
    store<u64>(sorted + (<usize>i << 3), load<u64>(from));
  }
  for (let i = count; i & 3; i++) {
    store<u64>(sorted + (<usize>i << 3), load<u64>(sorted + (<usize>(count - 1) << 3)));
  }
  let node = nodes;
  let top = push(stack, 0, count, 0, 0);
  while (top > stack) {
    top -= 16;
    const first = load<i32>(top), last = load<i32>(top, 4), level = load<i32>(top, 8);
    const opened = <usize>load<u32>(top, 12);
    if (opened) {
      close(opened, node);
      continue;
    }
    const cell = width * reinterpret<f32>((127 - level) << 23); // width / 2^level
    store<f32>(node, cell * cell, 12);
    store<i32>(node, first, 20);
    store<i32>(node, last, 24);
    if (last - first <= leafPoints || level === levels) {
      fillLeaf(node, sorted, first, last);
      node += nodeBytes;
      continue;
    }
    // Come back to this node once its children, pushed after it, are there.
    top = push(top, 0, 0, 0, <u32>node);
    node += nodeBytes;
    const shift = <u32>(30 - 2 * level);
    for (let quadrant = 3, stop = last; quadrant >= 0; quadrant--) {
      const start = quadrant === 0 ? first : firstOf(keys, first, stop, shift, quadrant);
      if (start < stop) top = push(top, start, stop, level + 1, 0);
      stop = start;
    }
  }
  return node;
}

// @ts-ignore: decorator
@inline
function push(top: usize, first: i32, last: i32, level: i32, opened: u32): usize {
  store<i32>(top, first);
  store<i32>(top, last, 4);
  store<i32>(top, level, 8);
  store<u32>(top, opened, 12);
  return top + 16;
}

/** The first of the keys from `low` to `high` that lies in the quadrant or a later one. */
function firstOf(keys: usize, low: i32, high: i32, shift: u32, quadrant: i32): i32 {
  while (low < high) {
    const middle = (low + high) >> 1;
    if (<i32>((load<u32>(keys + (<usize>middle << 2)) >> shift) & 3) < quadrant) low = middle + 1;
    else high = middle;
  }
  return low;
}

function fillLeaf(node: usize, sorted: usize, first: i32, last: i32): void {
  let x: f32 = 0, y: f32 = 0;
  for (let i = first; i < last; i++) {
    x += load<f32>(sorted + (<usize>i << 3));
    y += load<f32>(sorted + (<usize>i << 3), 4);
  }
  finish(node, x, y, <f32>(last - first), node + nodeBytes, 1);
}

/** Sums up the children of a node, which lie between it and `next`. */
function close(node: usize, next: usize): void {
  let x: f32 = 0, y: f32 = 0, mass: f32 = 0;
  for (let child = node + nodeBytes; child < next; child = <usize>load<u32>(child, 16)) {
    const weight = load<f32>(child, 8);
    x += weight * load<f32>(child);
    y += weight * load<f32>(child, 4);
    mass += weight;
  }
  finish(node, x, y, mass, next, 0);
}

// @ts-ignore: decorator
@inline
function finish(node: usize, x: f32, y: f32, mass: f32, next: usize, leaf: u32): void {
  store<f32>(node, x / mass);
  store<f32>(node, y / mass, 4);
  store<f32>(node, mass, 8);
  store<u32>(node, <u32>next, 16);
  store<u32>(node, leaf, 28);
}

/**
 * As `repelExact`, for the points `begin` to `end` of the sorted order (`begin` a multiple of four),
 * with a cell for its points wherever its width is below `theta` times its distance (Barnes and Hut
 * 1986). Four points that lie next to each other walk together, and open a cell if one of them must.
 */
export function repelTree(
  begin: i32, end: i32, sorted: usize, order: usize, nodes: usize, nodesEnd: usize, theta: f32,
  force: usize, sums: usize,
): void {
  const one = f32x4.splat(1), zero = f32x4.splat(0), squaredTheta = f32x4.splat(theta * theta);
  for (let i = begin; i < end; i += 4) {
    const at = sorted + (<usize>i << 3);
    const p = v128.load(at), q = v128.load(at, 16);
    const x = v128.shuffle<f32>(p, q, 0, 2, 4, 6), y = v128.shuffle<f32>(p, q, 1, 3, 5, 7);
    let forceX = zero, forceY = zero, sum = zero;
    let node = nodes;
    while (node < nodesEnd) {
      const dx = sub(x, v128.load_splat<f32>(node)), dy = sub(y, v128.load_splat<f32>(node, 4));
      const distance = squaredLength(dx, dy);
      const tooWide = f32x4.le(mul(distance, squaredTheta), v128.load_splat<f32>(node, 12));
      if (!v128.any_true(tooWide)) {
        const near = f32x4.div(one, add(one, distance));
        const all = mul(near, v128.load_splat<f32>(node, 8));
        const push = mul(near, all);
        sum = add(sum, all);
        forceX = add(forceX, mul(push, dx));
        forceY = add(forceY, mul(push, dy));
        node = <usize>load<u32>(node, 16);
        continue;
      }
      if (load<u32>(node, 28)) {
        const stop = sorted + (<usize>load<u32>(node, 24) << 3);
        for (let other = sorted + (<usize>load<u32>(node, 20) << 3); other < stop; other += 8) {
          const ex = sub(x, v128.load_splat<f32>(other)), ey = sub(y, v128.load_splat<f32>(other, 4));
          const near = f32x4.div(one, add(one, squaredLength(ex, ey)));
          const push = mul(near, near);
          sum = add(sum, near);
          forceX = add(forceX, mul(push, ex));
          forceY = add(forceY, mul(push, ey));
        }
      }
      node += nodeBytes;
    }
    const low = v128.shuffle<f32>(forceX, forceY, 0, 4, 1, 5), high = v128.shuffle<f32>(forceX, forceY, 2, 6, 3, 7);
    put(i, end, order, force, sums, i64x2.extract_lane(low, 0), f32x4.extract_lane(sum, 0));
    put(i + 1, end, order, force, sums, i64x2.extract_lane(low, 1), f32x4.extract_lane(sum, 1));
    put(i + 2, end, order, force, sums, i64x2.extract_lane(high, 0), f32x4.extract_lane(sum, 2));
    put(i + 3, end, order, force, sums, i64x2.extract_lane(high, 1), f32x4.extract_lane(sum, 3));
  }
}

// @ts-ignore: decorator
@inline
function put(i: i32, end: i32, order: usize, force: usize, sums: usize, pair: i64, sum: f32): void {
  if (i >= end) return;
  const point = <usize>load<u32>(order + (<usize>i << 2));
  store<i64>(force + (point << 3), pair);
  store<f32>(sums + (point << 2), sum);
}
