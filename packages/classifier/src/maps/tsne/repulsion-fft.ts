import type { Parts } from '@nn-lab/core/work';
import type { Workspace } from '../../workspace.js';
import { EvenTransform } from './cosine-transform.js';
import { type MapAddresses, type Repulsion, type Square, squareAround } from './repulsion.js';

/** Sizes of transforms: products of 2, 3 and 5, multiples of 16, no more than a third apart. */
const sizes = [64, 80, 96, 128, 160, 192, 256, 320, 384, 512, 640, 768, 1024, 1280, 1536, 2048];
const largest = 2048;
/** Two nodes of each side belong to splines whose points lie further in, and one is for rounding. */
const margin = 7;
/** Fewer nodes than this across a map are too coarse a grid for its shape. */
const fewestNodes = 12;
/**
 * So much finer than the kernel's own width of 1 that a grid of single precision gains nothing: the
 * slopes are differences of neighboring nodes, and their rounding grows.
 */
const finestSpacing = 1 / 24;
const blockBytes = 64;

/** A grid over a map. */
interface Grid {
  /** Size of the transforms; the grid has half as many nodes a side. */
  readonly size: number;
  /** Distance between nodes. */
  readonly spacing: number;
}

/**
 * The repulsion as an interpolated convolution, in time that grows with the points plus the area of
 * the map (FIt-SNE: Linderman et al. 2019).
 *
 * FIt-SNE convolves three to four charges with two kernels. Here there is one of each: the force is
 * half the downward slope of the potential `sum of 1 / (1 + d^2)`, which cubic B-splines have in closed
 * form; this is the smooth particle mesh Ewald method (Essmann et al. 1995) with another kernel. The
 * spectrum of the kernel is divided by that of the splines, twice, so that points on nodes are exact.
 */
export class FftRepulsion implements Repulsion {
  readonly #workspace: Workspace;
  readonly #addresses: MapAddresses;
  readonly #spacing: number;
  readonly #charges: number;
  readonly #potential: number;
  readonly #spectrum: number;
  readonly #kernel: number;
  readonly #twiddles: number;
  readonly #scratch: { readonly address: number; readonly bytes: number };
  readonly #parts: Parts;
  #grid: Grid = { size: 0, spacing: 0 };
  #origin = { left: 0, top: 0 };

  /** Bytes that it allocates, the scratch of the threads left out. */
  static readonly bytes = (() => {
    const nodes = largest / 2;
    return 4 * (2 * nodes * nodes + (2 * nodes + nodes + 1) * (nodes + 8)) + 8 * largest + 1024;
  })();

  /** Bytes of scratch for each thread. */
  static readonly scratchBytes = 2 * blockBytes * largest;

  constructor(workspace: Workspace, addresses: MapAddresses, spacing: number) {
    const nodes = largest / 2;
    this.#workspace = workspace;
    this.#addresses = addresses;
    this.#spacing = spacing;
    this.#parts = workspace.partsOf(1);
    this.#charges = workspace.allocate(4 * nodes * nodes);
    this.#potential = workspace.allocate(4 * nodes * nodes);
    this.#spectrum = workspace.allocate(8 * nodes * (nodes + 8));
    this.#kernel = workspace.allocate(4 * (nodes + 1) * (nodes + 8));
    this.#twiddles = workspace.allocate(8 * largest);
    this.#scratch = workspace.allocateScratch(FftRepulsion.scratchBytes);
  }

  *compute(): Iterable<void> {
    const { points, map, force, sums } = this.#addresses;
    yield* this.spread(map, points, squareAround(this.#workspace.floats(map, 2 * points)));
    yield* this.gather({ points, map, force, sums });
  }

  /**
   * Makes the potential of `count` points, for any place in a square around them; wherever it yields,
   * others may have a turn.
   */
  *spread(map: number, count: number, square: Square): Iterable<void> {
    yield* this.#fit(square.width);
    const { size, spacing } = this.#grid;
    const nodes = size / 2;
    // In the middle of the grid, and rounded here as the kernels will round it.
    const before = ((nodes - square.width / spacing) / 2 - 1) * spacing;
    this.#origin = {
      left: Math.fround(square.left - before),
      top: Math.fround(square.top - before),
    };
    const workspace = this.#workspace;
    const { left, top } = this.#origin;
    workspace.functions.spreadCharges!(count, map, left, top, 1 / spacing, nodes, this.#charges);
    yield;
    const spectrum = this.#spectrum;
    const rest = [this.#twiddles] as const;
    const charges = [size, this.#charges, spectrum, ...rest];
    workspace.forEach('transformCharges', nodes / 2, 8, charges, this.#scratch);
    yield;
    const rows = [size, spectrum, this.#kernel, ...rest];
    workspace.forEach('convolveRows', nodes + 8, 8, rows, this.#scratch);
    yield;
    const potential = [size, spectrum, this.#potential, ...rest];
    workspace.forEach('transformPotential', nodes / 2, 8, potential, this.#scratch);
    yield;
  }

  /**
   * Fills in `force` and `sums` for points inside the square that was spread last; wherever it yields,
   * others may have a turn.
   */
  gather({ points, map, force, sums }: MapAddresses): Iterable<void> {
    const { size, spacing } = this.#grid;
    const { left, top } = this.#origin;
    const parameters = [map, left, top, 1 / spacing, size / 2, this.#potential, force, sums];
    return this.#workspace.forEachInParts('gatherForces', points, 1, parameters, this.#parts);
  }

  /** Chooses a grid for a map of this width, and transforms the kernel for it if it is another one. */
  *#fit(width: number): Iterable<void> {
    const grid = this.#gridFor(width);
    const { size, spacing } = this.#grid;
    // A larger grid than needed does as well: do not go back and forth.
    if (grid.spacing === spacing && grid.size <= size && 2 * grid.size >= size) return;
    this.#grid = grid;
    yield* this.#transformKernel();
  }

  #gridFor(width: number): Grid {
    let spacing = this.#spacing;
    while (width / spacing < fewestNodes && spacing > 2 * finestSpacing) spacing /= 2;
    const needed = 2 * (width / spacing + margin);
    const size = sizes.find((candidate) => candidate >= needed);
    if (size) return { size, spacing };
    // As wide as no map of a few million points gets: coarser, then.
    return { size: largest, spacing: width / (largest / 2 - margin - 1) };
  }

  /** The spectrum of 1 / (1 + d^2), divided by that of the splines on either side. */
  *#transformKernel(): Iterable<void> {
    const { size, spacing } = this.#grid;
    const workspace = this.#workspace;
    const twiddles = workspace.floats(this.#twiddles, 2 * size);
    for (let k = 0; k < size; k++) {
      twiddles[2 * k] = Math.cos((-2 * Math.PI * k) / size);
      twiddles[2 * k + 1] = Math.sin((-2 * Math.PI * k) / size);
    }
    const width = size / 2 + 1;
    const table = new Float64Array(width * width);
    for (let row = 0, at = 0; row < width; row++) {
      for (let column = 0; column < width; column++, at++) {
        table[at] = 1 / (1 + spacing * spacing * (row * row + column * column));
      }
    }
    const transform = new EvenTransform(size);
    yield;
    for (const isLast of [false, true]) {
      // Two rows, as they are transformed together.
      for (let start = 0; start < table.length; start += 2 * width) {
        transform.transformRows(table.subarray(start, start + 2 * width));
        yield;
      }
      if (!isLast) transpose(table, width);
    }
    const splines = Float64Array.from(
      { length: width },
      (_, k) => ((2 + Math.cos((2 * Math.PI * k) / size)) / 3) ** 2,
    );
    const pitch = size / 2 + 8;
    const kernel = workspace.floats(this.#kernel, width * pitch);
    for (let row = 0, at = 0; row < width; row++) {
      for (let column = 0; column < width; column++, at++) {
        const share = splines[row]! * splines[column]! * size * size;
        kernel[row * pitch + column] = table[at]! / share;
      }
    }
  }
}

function transpose(table: Float64Array, width: number): void {
  for (let row = 0; row < width; row++) {
    for (let column = 0; column < row; column++) {
      const value = table[row * width + column]!;
      table[row * width + column] = table[column * width + row]!;
      table[column * width + row] = value;
    }
  }
}
