import { createRandom } from '@nn-lab/core/random';
import type { Parts } from '@nn-lab/core/work';
import type { Workspace } from '../../workspace.js';
import type { SparseRows } from '../sparse-rows.js';
import type { SimilarityCurve } from './curve.js';

/** The settings of the descent, all of them. */
export interface LayoutSettings extends SimilarityCurve {
  readonly epochs: number;
  readonly learningRate: number;
  readonly repulsionStrength: number;
  readonly negativeSamples: number;
}

/** Points that move along the edges of a graph, on a map of which they are part or not. */
export interface LayoutPoints {
  /** Edges of each point to points of the map, the strongest of weight 1; other weights count by it. */
  readonly graph: SparseRows;
  /** Where the points start, `[points, 2]`. */
  readonly initial: Float32Array;
  /** The map `[others, 2]` that they are placed on and that stays; undefined where they are the map. */
  readonly fixed: Float32Array | undefined;
  /** Starts the stream of random numbers of each point. */
  readonly seedFor: (point: number) => number;
}

/** UMAP's stochastic gradient descent in a workspace, epoch by epoch. */
export class Layout {
  readonly #workspace: Workspace;
  readonly #settings: LayoutSettings;
  readonly #points: number;
  readonly #map: number;
  readonly #parameters: readonly number[];
  readonly #parts: Parts;
  #epoch = 0;

  /** Bytes of a workspace that it takes. */
  static bytes({ graph, fixed, initial }: LayoutPoints): number {
    return (
      4 * (initial.length + (fixed?.length ?? 0) + 5 * graph.rows + 4 * graph.columns.length) + 1024
    );
  }

  constructor(workspace: Workspace, points: LayoutPoints, settings: LayoutSettings) {
    const { graph, initial, fixed, seedFor } = points;
    const { epochs, negativeSamples, repulsionStrength, a, b } = settings;
    this.#workspace = workspace;
    this.#settings = settings;
    this.#parts = workspace.partsOf(1);
    this.#points = graph.rows;
    this.#map = workspace.allocate(4 * initial.length);
    const others = fixed ? workspace.allocate(4 * fixed.length) : this.#map;
    workspace.floats(this.#map, initial.length).set(initial);
    if (fixed) workspace.floats(others, fixed.length).set(fixed);
    const edges = edgesOf(graph, epochs);
    const count = edges.columns.length;
    const starts = workspace.allocate(4 * (graph.rows + 1));
    const columns = workspace.allocate(4 * count);
    const periods = workspace.allocate(4 * count);
    const next = workspace.allocate(4 * count);
    const nextDraws = workspace.allocate(4 * count);
    const states = workspace.allocate(16 * graph.rows);
    workspace.integers(starts, graph.rows + 1).set(edges.starts);
    workspace.integers(columns, count).set(edges.columns);
    workspace.floats(periods, count).set(edges.periods);
    workspace.floats(next, count).set(edges.periods);
    workspace.floats(nextDraws, count).set(edges.periods.map((period) => period / negativeSamples));
    const streams = workspace.integers(states, 4 * graph.rows);
    for (let point = 0; point < graph.rows; point++) fillState(streams, point, seedFor(point));
    this.#parameters = [
      ...[this.#map, others, (fixed ?? initial).length / 2, fixed ? 0 : 1, starts, columns],
      ...[periods, next, nextDraws, states],
    ];
    this.#after = [a, b, repulsionStrength, negativeSamples];
  }

  readonly #after: readonly number[];

  get epoch(): number {
    return this.#epoch;
  }

  /** The points as they are, `[points, 2]`, copied. */
  get map(): Float32Array {
    return this.#workspace.floats(this.#map, 2 * this.#points).slice();
  }

  /**
   * One epoch. The points of a map move one after another, in a workspace of one thread: each sees where
   * those before it have gone. Points on a fixed map do not see each other, and may move on all threads.
   */
  step(): void {
    for (const _ of this.stepInParts());
  }

  /** The same; wherever it yields, others may have a turn. */
  *stepInParts(): Iterable<void> {
    const { epochs, learningRate } = this.#settings;
    const rate = learningRate * (1 - this.#epoch / epochs);
    const parameters = [...this.#parameters, this.#epoch, rate, ...this.#after];
    yield* this.#workspace.forEachInParts('layOut', this.#points, 1, parameters, this.#parts);
    this.#epoch++;
  }
}

/** The edges that get a turn at all, and the epochs between their turns. */
function edgesOf({ rows, starts, columns, values }: SparseRows, epochs: number) {
  const kept = {
    starts: new Int32Array(rows + 1),
    columns: columns.slice(),
    periods: values.slice(),
  };
  let end = 0;
  for (let row = 0; row < rows; row++) {
    for (let entry = starts[row]!; entry < starts[row + 1]!; entry++) {
      if (values[entry]! < 1 / epochs) continue;
      kept.columns[end] = columns[entry]!;
      kept.periods[end++] = 1 / values[entry]!;
    }
    kept.starts[row + 1] = end;
  }
  return {
    starts: kept.starts,
    columns: kept.columns.subarray(0, end),
    periods: kept.periods.subarray(0, end),
  };
}

/** Four words that are not zero, from one. */
function fillState(states: Int32Array, point: number, seed: number): void {
  for (let lane = 0; lane < 4; lane++) {
    let word = (seed + Math.imul(lane + 1, 0x9e3779b9)) | 0;
    word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
    states[4 * point + lane] = (word ^ (word >>> 16)) | 1;
  }
}

/** A seed for each point of a map. */
export function seedsFor(seed: number): () => number {
  const random = createRandom(seed).fork('layout');
  return () => random.uint32();
}

/** The same weights as shares of the largest. */
export function relativeToLargest(graph: SparseRows): SparseRows {
  let largest = 0;
  for (const value of graph.values) if (value > largest) largest = value;
  return { ...graph, values: graph.values.map((value) => value / largest) };
}
