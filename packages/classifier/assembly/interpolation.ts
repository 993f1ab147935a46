import { elementBytes, transformColumns } from './fourier';
import { add, mul, sub, sumLanes } from './vectors';

// Sums over all points of the kernel 1 / (1 + d^2), from a grid of n x n nodes: every point is spread
// over the 4 x 4 nodes around it (cubic B-splines), the grid is convolved with the kernel by Fourier
// transforms of twice its size, and the sums and their slopes are gathered by the same splines.
//
// `size` is that of the transforms, 2n. A spectrum has n rows (places x), each of n + 8 frequencies
// along y (those above n follow by symmetry), in groups of four: four real parts, four imaginary.

const real: usize = 0;
const imaginary: usize = 32;

// @ts-ignore: decorator
@inline
function spectrumPitch(nodes: usize): usize {
  return (nodes + 8) << 3;
}

/** The weights of the four nodes around a point, `t` of the way from the second to the third. */
// @ts-ignore: decorator
@inline
function splineWeights(t: v128): v128 {
  const cubic = f32x4(-0.16666667, 0.5, -0.5, 0.16666667), square = f32x4(0.5, -1, 0.5, 0);
  const linear = f32x4(-0.5, 0, 0.5, 0), constant = f32x4(0.16666667, 0.6666667, 0.16666667, 0);
  return add(mul(add(mul(add(mul(cubic, t), square), t), linear), t), constant);
}

/** The slopes of {@link splineWeights}. */
// @ts-ignore: decorator
@inline
function splineSlopes(t: v128): v128 {
  const square = f32x4(-0.5, 1.5, -1.5, 0.5), linear = f32x4(1, -2, 1, 0);
  return add(mul(add(mul(square, t), linear), t), f32x4(-0.5, 0, 0.5, 0));
}

/**
 * Spreads `count` points of charge 1 over a grid.
 *
 * @param left, @param top the place of the grid's second node each way. @param scale nodes a unit.
 * @param charges result: nodes x nodes.
 */
export function spreadCharges(
  count: i32, map: usize, left: f32, top: f32, scale: f32, nodes: usize, charges: usize,
): void {
  const pitch = nodes << 2;
  memory.fill(charges, 0, nodes * pitch);
  for (let at = map, stop = map + (<usize>count << 3); at < stop; at += 8) {
    const x = (load<f32>(at) - left) * scale, y = (load<f32>(at, 4) - top) * scale;
    const column = <usize>x, row = <usize>y;
    const across = splineWeights(f32x4.splat(x - <f32>column)), down = splineWeights(f32x4.splat(y - <f32>row));
    const a = charges + row * pitch + (column << 2), b = a + pitch, c = b + pitch, d = c + pitch;
    v128.store(a, add(v128.load(a), mul(across, v128.shuffle<f32>(down, down, 0, 0, 0, 0))));
    v128.store(b, add(v128.load(b), mul(across, v128.shuffle<f32>(down, down, 1, 1, 1, 1))));
    v128.store(c, add(v128.load(c), mul(across, v128.shuffle<f32>(down, down, 2, 2, 2, 2))));
    v128.store(d, add(v128.load(d), mul(across, v128.shuffle<f32>(down, down, 3, 3, 3, 3))));
  }
}

/**
 * As `repelExact`, from the convolved grid: the sum at each of the points `begin` to `end`, and as
 * the force half of its slope downwards.
 */
export function gatherForces(
  begin: i32, end: i32, map: usize, left: f32, top: f32, scale: f32, nodes: usize, potential: usize,
  force: usize, sums: usize,
): void {
  const pitch = nodes << 2, slope: f32 = <f32>-0.5 * scale;
  for (let i = begin; i < end; i++) {
    const at = map + (<usize>i << 3), out = force + (<usize>i << 3);
    const x = (load<f32>(at) - left) * scale, y = (load<f32>(at, 4) - top) * scale;
    const column = <usize>x, row = <usize>y;
    const alongX = f32x4.splat(x - <f32>column), alongY = f32x4.splat(y - <f32>row);
    const across = splineWeights(alongX), down = splineWeights(alongY), fall = splineSlopes(alongY);
    const node = potential + row * pitch + (column << 2);
    const a = v128.load(node), b = v128.load(node + pitch);
    const c = v128.load(node + 2 * pitch), d = v128.load(node + 3 * pitch);
    const level = combine(down, a, b, c, d);
    store<f32>(sums + (<usize>i << 2), sumLanes(mul(across, level)));
    store<f32>(out, slope * sumLanes(mul(splineSlopes(alongX), level)));
    store<f32>(out, slope * sumLanes(mul(across, combine(fall, a, b, c, d))), 4);
  }
}

// @ts-ignore: decorator
@inline
function combine(weights: v128, a: v128, b: v128, c: v128, d: v128): v128 {
  const first = mul(v128.shuffle<f32>(weights, weights, 0, 0, 0, 0), a);
  const second = mul(v128.shuffle<f32>(weights, weights, 1, 1, 1, 1), b);
  const third = mul(v128.shuffle<f32>(weights, weights, 2, 2, 2, 2), c);
  const fourth = mul(v128.shuffle<f32>(weights, weights, 3, 3, 3, 3), d);
  return add(add(first, second), add(third, fourth));
}

/**
 * Transforms the grid along y: its columns `begin` to `end` (multiples of eight, at most nodes / 2)
 * as real parts together with those half a grid further as imaginary ones.
 *
 * @param scratch two column blocks.
 */
export function transformCharges(
  begin: usize, end: usize, size: usize, charges: usize, spectrum: usize, twiddles: usize, scratch: usize,
): void {
  const nodes = size >> 1, pitch = spectrumPitch(nodes), further = nodes << 1;
  const other = scratch + size * elementBytes;
  for (let column = begin; column < end; column += 8) {
    for (let y: usize = 0; y < nodes; y++) {
      const from = charges + ((y * nodes + column) << 2), to = scratch + y * elementBytes;
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
      v128.store(to, v128.load(from + further), 32);
      v128.store(to, v128.load(from + further, 16), 48);
    }
    memory.fill(scratch + nodes * elementBytes, 0, nodes * elementBytes);
    const mixed = transformColumns(scratch, other, size, twiddles, real, imaginary);
    for (let frequency: usize = 0; frequency <= nodes; frequency += 4) {
      for (let half: usize = 0; half < 32; half += 16) {
        const to = spectrum + (column + (half >> 2)) * pitch + (frequency << 3);
        separate(mixed + half, size, frequency, to, to + (nodes >> 1) * pitch, pitch);
      }
    }
  }
}

/**
 * Takes the spectra of two real columns from that of first + i second, for four frequencies of four
 * columns, and stores each column's in its row.
 */
// @ts-ignore: decorator
@inline
function separate(mixed: usize, size: usize, frequency: usize, first: usize, second: usize, pitch: usize): void {
  const half = f32x4.splat(0.5);
  const a = mixed + frequency * elementBytes;
  // The last group of four begins at the middle: what it has beyond is not used.
  const opposite = frequency === 0 ? mixed : mixed + (size - frequency) * elementBytes;
  const b = a + elementBytes, c = b + elementBytes, d = c + elementBytes;
  const last = mixed + size * elementBytes;
  const oppositeB = (frequency === 0 ? last : opposite) - elementBytes;
  const oppositeC = oppositeB - elementBytes, oppositeD = oppositeC - elementBytes;
  const ax = v128.load(a), ay = v128.load(a, 32), bx = v128.load(b), by = v128.load(b, 32);
  const cx = v128.load(c), cy = v128.load(c, 32), dx = v128.load(d), dy = v128.load(d, 32);
  const ox = v128.load(opposite), oy = v128.load(opposite, 32), px = v128.load(oppositeB), py = v128.load(oppositeB, 32);
  const qx = v128.load(oppositeC), qy = v128.load(oppositeC, 32), rx = v128.load(oppositeD), ry = v128.load(oppositeD, 32);
  transpose(first, pitch, mul(half, add(ax, ox)), mul(half, add(bx, px)), mul(half, add(cx, qx)), mul(half, add(dx, rx)));
  transpose(first + 16, pitch, mul(half, sub(ay, oy)), mul(half, sub(by, py)), mul(half, sub(cy, qy)), mul(half, sub(dy, ry)));
  transpose(second, pitch, mul(half, add(ay, oy)), mul(half, add(by, py)), mul(half, add(cy, qy)), mul(half, add(dy, ry)));
  transpose(second + 16, pitch, mul(half, sub(ox, ax)), mul(half, sub(px, bx)), mul(half, sub(qx, cx)), mul(half, sub(rx, dx)));
}

/** Stores the four lanes of a, b, c, d as rows: lane i of each at `to + i pitch`. */
// @ts-ignore: decorator
@inline
function transpose(to: usize, pitch: usize, a: v128, b: v128, c: v128, d: v128): void {
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5), cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7), cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5));
  v128.store(to + pitch, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
  v128.store(to + 2 * pitch, v128.shuffle<f32>(abHigh, cdHigh, 0, 1, 4, 5));
  v128.store(to + 3 * pitch, v128.shuffle<f32>(abHigh, cdHigh, 2, 3, 6, 7));
}

/**
 * Transforms the spectrum along x, multiplies it by the kernel's and transforms it back, for the
 * frequencies `begin` to `end` along y (multiples of eight, at most nodes + 8).
 *
 * @param kernel spectrum of the kernel, real: nodes + 1 rows (frequencies along x; those above
 *   follow by symmetry) of nodes + 8 frequencies along y.
 * @param scratch two column blocks.
 */
export function convolveRows(
  begin: usize, end: usize, size: usize, spectrum: usize, kernel: usize, twiddles: usize, scratch: usize,
): void {
  const nodes = size >> 1, pitch = spectrumPitch(nodes), kernelPitch = (nodes + 8) << 2;
  const other = scratch + size * elementBytes;
  for (let frequency = begin; frequency < end; frequency += 8) {
    for (let x: usize = 0; x < nodes; x++) {
      const from = spectrum + x * pitch + (frequency << 3), to = scratch + x * elementBytes;
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 32), 16);
      v128.store(to, v128.load(from, 16), 32);
      v128.store(to, v128.load(from, 48), 48);
    }
    memory.fill(scratch + nodes * elementBytes, 0, nodes * elementBytes);
    const there = transformColumns(scratch, other, size, twiddles, real, imaginary);
    for (let x: usize = 0; x < size; x++) {
      const at = there + x * elementBytes;
      const factors = kernel + (x > nodes ? size - x : x) * kernelPitch + (frequency << 2);
      const low = v128.load(factors), high = v128.load(factors, 16);
      v128.store(at, mul(low, v128.load(at)));
      v128.store(at, mul(high, v128.load(at, 16)), 16);
      v128.store(at, mul(low, v128.load(at, 32)), 32);
      v128.store(at, mul(high, v128.load(at, 48)), 48);
    }
    const free = there === scratch ? other : scratch;
    const back = transformColumns(there, free, size, twiddles, imaginary, real);
    for (let x: usize = 0; x < nodes; x++) {
      const to = spectrum + x * pitch + (frequency << 3), from = back + x * elementBytes;
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 32);
      v128.store(to, v128.load(from, 32), 16);
      v128.store(to, v128.load(from, 48), 48);
    }
  }
}

/**
 * Transforms the spectrum back along y: the inverse of {@link transformCharges}.
 *
 * @param potential result: nodes x nodes. @param scratch two column blocks.
 */
export function transformPotential(
  begin: usize, end: usize, size: usize, spectrum: usize, potential: usize, twiddles: usize, scratch: usize,
): void {
  const nodes = size >> 1, pitch = spectrumPitch(nodes), further = nodes << 1;
  const other = scratch + size * elementBytes;
  for (let column = begin; column < end; column += 8) {
    for (let frequency: usize = 0; frequency <= nodes; frequency += 4) {
      for (let half: usize = 0; half < 32; half += 16) {
        const from = spectrum + (column + (half >> 2)) * pitch + (frequency << 3);
        merge(scratch + half, size, frequency, from, from + (nodes >> 1) * pitch, pitch);
      }
    }
    const back = transformColumns(scratch, other, size, twiddles, imaginary, real);
    for (let y: usize = 0; y < nodes; y++) {
      const to = potential + ((y * nodes + column) << 2), from = back + y * elementBytes;
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
      v128.store(to + further, v128.load(from, 32));
      v128.store(to + further, v128.load(from, 48), 16);
    }
  }
}

/** The inverse of {@link separate}: four frequencies and their opposites of first + i second. */
// @ts-ignore: decorator
@inline
function merge(mixed: usize, size: usize, frequency: usize, first: usize, second: usize, pitch: usize): void {
  const a = first + pitch, b = a + pitch, c = b + pitch;
  const d = second + pitch, e = d + pitch, f = e + pitch;
  const real0 = v128.load(first), real1 = v128.load(a), real2 = v128.load(b), real3 = v128.load(c);
  const imag0 = v128.load(first, 16), imag1 = v128.load(a, 16), imag2 = v128.load(b, 16), imag3 = v128.load(c, 16);
  const otherReal0 = v128.load(second), otherReal1 = v128.load(d), otherReal2 = v128.load(e), otherReal3 = v128.load(f);
  const otherImag0 = v128.load(second, 16), otherImag1 = v128.load(d, 16), otherImag2 = v128.load(e, 16), otherImag3 = v128.load(f, 16);
  storeFour(mixed, size, frequency, sub(real0, otherImag0), sub(real1, otherImag1), sub(real2, otherImag2), sub(real3, otherImag3));
  storeFour(mixed + 32, size, frequency, add(imag0, otherReal0), add(imag1, otherReal1), add(imag2, otherReal2), add(imag3, otherReal3));
  storeOpposites(mixed, size, frequency, add(real0, otherImag0), add(real1, otherImag1), add(real2, otherImag2), add(real3, otherImag3));
  storeOpposites(mixed + 32, size, frequency, sub(otherReal0, imag0), sub(otherReal1, imag1), sub(otherReal2, imag2), sub(otherReal3, imag3));
}

/** Stores rows of four frequencies as elements; of the group that begins at the middle, the first. */
// @ts-ignore: decorator
@inline
function storeFour(mixed: usize, size: usize, frequency: usize, a: v128, b: v128, c: v128, d: v128): void {
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5), cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const to = mixed + frequency * elementBytes;
  v128.store(to, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5));
  if (frequency === size >> 1) return;
  const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7), cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(to + elementBytes, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
  v128.store(to + 2 * elementBytes, v128.shuffle<f32>(abHigh, cdHigh, 0, 1, 4, 5));
  v128.store(to + 3 * elementBytes, v128.shuffle<f32>(abHigh, cdHigh, 2, 3, 6, 7));
}

/** As {@link storeFour}, to the opposite frequencies: zero and the middle have none. */
// @ts-ignore: decorator
@inline
function storeOpposites(mixed: usize, size: usize, frequency: usize, a: v128, b: v128, c: v128, d: v128): void {
  if (frequency === size >> 1) return;
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5), cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7), cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  const to = mixed + (size - frequency) * elementBytes;
  if (frequency > 0) v128.store(to, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5));
  v128.store(to - elementBytes, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
  v128.store(to - 2 * elementBytes, v128.shuffle<f32>(abHigh, cdHigh, 0, 1, 4, 5));
  v128.store(to - 3 * elementBytes, v128.shuffle<f32>(abHigh, cdHigh, 2, 3, 6, 7));
}
