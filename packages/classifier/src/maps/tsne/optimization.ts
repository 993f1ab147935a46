import type { Parts } from '@nn-lab/core/work';
import type { Workspace } from '../../workspace.js';
import type { SparseRows } from '../sparse-rows.js';
import { type MapAddresses, type Repulsion, squareAround } from './repulsion.js';

/** The settings of the descent, all of them. */
export interface DescentSettings {
  readonly iterations: number;
  readonly exaggerationIterations: number;
  readonly earlyExaggeration: number;
  readonly learningRate: number;
  readonly initialMomentum: number;
  readonly finalMomentum: number;
  readonly minimumGain: number;
  readonly minimumGradientNorm: number;
  readonly patience: number;
}

/** What is known of a map in the making. */
export interface DescentFigures {
  /** Of the map before the last iteration, without exaggeration; undefined before the first check. */
  readonly klDivergence: number | undefined;
  /** Of the gradient times the gains, as scikit-learn has it; undefined before the first check. */
  readonly gradientNorm: number | undefined;
}

interface DescentProgress extends DescentFigures {
  /** Iterations done. */
  readonly iteration: number;
}

/** Progress is judged every so many iterations, as in scikit-learn. */
const iterationsBetweenChecks = 50;

/** Addresses of what sorting takes. */
interface SortAddresses {
  readonly keys: number;
  readonly order: number;
  readonly otherKeys: number;
  readonly otherOrder: number;
  readonly counts: number;
}

/** Bytes of a workspace that a map of so many points and entries takes, its repulsion left out. */
export function descentBytes(points: number, entries: number): number {
  return padded(points) * (8 * 5 + 4) + 20 * (points + 1) + 8 * entries + 4096;
}

/**
 * Gradient descent on the Kullback-Leibler divergence between the affinities and the map.
 *
 * Points that attract each other are kept near each other in memory: at the start, and again when the
 * clusters have formed, they are put in the order of a curve through the map. For large maps, most
 * of the time goes into fetching neighbors.
 */
export class Descent {
  readonly #workspace: Workspace;
  readonly #settings: DescentSettings;
  readonly #addresses: MapAddresses;
  readonly #attraction: number;
  readonly #velocity: number;
  readonly #gains: number;
  readonly #starts: number;
  readonly #columns: number;
  readonly #values: number;
  readonly #repulsion: Repulsion;
  /** Sum of p log p, the part of the divergence that no map changes. */
  readonly #entropy: number;
  readonly #entries: number;
  readonly #sorting: SortAddresses;
  readonly #parts: Parts;
  /** Which of the points given is where in the workspace. */
  #order: Int32Array;
  #iteration = 0;
  #klDivergence: number | undefined;
  #gradientNorm: number | undefined;
  #best = Infinity;
  #bestIteration = 0;
  #ended = false;

  /** @param initial `[points, 2]` */
  constructor(
    workspace: Workspace,
    affinities: SparseRows,
    initial: Float32Array,
    settings: DescentSettings,
    createRepulsion: (addresses: MapAddresses) => Repulsion,
  ) {
    const points = affinities.rows;
    const { starts, columns, values } = affinities;
    const pairs = 8 * padded(points);
    this.#workspace = workspace;
    this.#parts = workspace.partsOf(1);
    this.#settings = settings;
    this.#addresses = {
      points,
      map: workspace.allocate(pairs),
      force: workspace.allocate(pairs),
      sums: workspace.allocate(4 * padded(points)),
    };
    this.#attraction = workspace.allocate(pairs);
    this.#velocity = workspace.allocate(pairs);
    this.#gains = workspace.allocate(pairs);
    this.#starts = workspace.allocate(4 * starts.length);
    this.#columns = workspace.allocate(4 * columns.length);
    this.#values = workspace.allocate(4 * values.length);
    this.#sorting = {
      keys: workspace.allocate(4 * points),
      order: workspace.allocate(4 * points),
      otherKeys: workspace.allocate(4 * points),
      otherOrder: workspace.allocate(4 * points),
      counts: workspace.allocate(1024),
    };
    this.#entries = values.length;
    this.#order = Int32Array.from({ length: points }, (_, point) => point);
    workspace.floats(this.#addresses.map, 2 * points).set(initial);
    workspace.floats(this.#gains, 2 * padded(points)).fill(1);
    workspace.integers(this.#starts, starts.length).set(starts);
    workspace.integers(this.#columns, columns.length).set(columns);
    workspace.floats(this.#values, values.length).set(values);
    this.#repulsion = createRepulsion(this.#addresses);
    let entropy = 0;
    for (const p of values) if (p > 0) entropy += p * Math.log(p);
    this.#entropy = entropy;
    this.#reorder();
  }

  /** True after the last iteration, and when there is no progress any more. */
  get isDone(): boolean {
    return this.#ended || this.#iteration >= this.#settings.iterations;
  }

  get progress(): DescentProgress {
    return {
      iteration: this.#iteration,
      klDivergence: this.#klDivergence,
      gradientNorm: this.#gradientNorm,
    };
  }

  /** The map as it is, `[points, 2]`, copied. */
  get map(): Float32Array {
    return this.#inOrderGiven(this.#pairs(this.#addresses.map));
  }

  /** One iteration. */
  step(): void {
    runAll(this.stepInParts());
  }

  /** The same; wherever it yields, others may have a turn. */
  *stepInParts(): Iterable<void> {
    const settings = this.#settings;
    const { points, map, force } = this.#addresses;
    const isEarly = this.#iteration < settings.exaggerationIterations;
    yield* this.#computeForces();
    const normalizer = this.#normalizer();
    const exaggeration = isEarly ? settings.earlyExaggeration : 1;
    const isChecked = (this.#iteration + 1) % iterationsBetweenChecks === 0;
    const isLast = this.#iteration + 1 === settings.iterations;
    if (isChecked || isLast) this.#klDivergence = this.#divergence(normalizer);
    const momentum = isEarly ? settings.initialMomentum : settings.finalMomentum;
    const coordinates = Math.ceil(points / 2) * 4;
    this.#workspace.forEach('descend', coordinates, 4, [
      ...[map, this.#attraction, force, this.#velocity, this.#gains, exaggeration, normalizer],
      ...[settings.learningRate, momentum, settings.minimumGain],
    ]);
    // An odd number of points leaves one coordinate pair too many in the last four.
    if (points % 2 === 1) this.#workspace.floats(map + 8 * points, 2).fill(0);
    this.#iteration++;
    if (isChecked) this.#judge(exaggeration, normalizer);
    // The second phase begins anew: with other momentum, and without memory of the first.
    if (this.#iteration === settings.exaggerationIterations) this.#startOver();
  }

  /** The divergence of the map as it is, and its sum of q over all pairs. */
  evaluate(): { readonly klDivergence: number; readonly normalizer: number } {
    runAll(this.#computeForces());
    const normalizer = this.#normalizer();
    return { klDivergence: this.#divergence(normalizer), normalizer };
  }

  /** The gradient at the map as it is, `[points, 2]`, without exaggeration. */
  gradient(): Float32Array {
    runAll(this.#computeForces());
    const normalizer = this.#normalizer();
    const repulsion = this.#pairs(this.#addresses.force);
    return this.#inOrderGiven(
      this.#pairs(this.#attraction).map((value, at) => 4 * (value - repulsion[at]! / normalizer)),
    );
  }

  /** Fills in attraction and repulsion. */
  *#computeForces(): Iterable<void> {
    const { points, map } = this.#addresses;
    const parameters = [map, map, this.#starts, this.#columns, this.#values, this.#attraction];
    yield* this.#workspace.forEachInParts('attract', points, 1, parameters, this.#parts);
    yield* this.#repulsion.compute();
  }

  /** The sum of q over all pairs, once the forces are computed. */
  #normalizer(): number {
    const { points, sums } = this.#addresses;
    let normalizer = -points; // each counted itself
    for (const sum of this.#workspace.floats(sums, points)) normalizer += sum;
    return Math.max(normalizer, Number.MIN_VALUE);
  }

  /** sum p log(p / q), where q = 1 / ((1 + d^2) normalizer) and the p sum to 1. */
  #divergence(normalizer: number): number {
    const { points } = this.#addresses;
    const map = this.#pairs(this.#addresses.map);
    const { starts, columns, values } = this.#affinities();
    let total = 0;
    let sum = 0;
    for (let row = 0; row < points; row++) {
      const x = map[2 * row]!;
      const y = map[2 * row + 1]!;
      for (let entry = starts[row]!; entry < starts[row + 1]!; entry++) {
        const column = columns[entry]!;
        const dx = x - map[2 * column]!;
        const dy = y - map[2 * column + 1]!;
        total += values[entry]! * Math.log(1 + dx * dx + dy * dy);
        sum += values[entry]!;
      }
    }
    return this.#entropy + total + sum * Math.log(normalizer);
  }

  #judge(exaggeration: number, normalizer: number): void {
    const { minimumGradientNorm, patience, exaggerationIterations } = this.#settings;
    const attraction = this.#pairs(this.#attraction);
    const repulsion = this.#pairs(this.#addresses.force);
    const gains = this.#pairs(this.#gains);
    let squares = 0;
    for (let at = 0; at < gains.length; at++) {
      const part = exaggeration * attraction[at]! - repulsion[at]! / normalizer;
      squares += (4 * part * gains[at]!) ** 2;
    }
    this.#gradientNorm = Math.sqrt(squares);
    if (this.#iteration <= exaggerationIterations) return;
    if (this.#klDivergence! < this.#best) {
      this.#best = this.#klDivergence!;
      this.#bestIteration = this.#iteration;
    } else if (this.#iteration - this.#bestIteration > patience) this.#ended = true;
    if (this.#gradientNorm <= minimumGradientNorm) this.#ended = true;
  }

  #startOver(): void {
    this.#pairs(this.#velocity).fill(0);
    this.#pairs(this.#gains).fill(1);
    this.#reorder();
  }

  /** Puts map and affinities in the order of a curve through the map. */
  #reorder(): void {
    const { points, map } = this.#addresses;
    const { keys, order, otherKeys, otherOrder, counts } = this.#sorting;
    const { left, top, width } = squareAround(this.#pairs(map));
    this.#workspace.functions.sortByCell!(
      ...([points, map, left, top, width > 0 ? 65536 / width : 1] as const),
      ...([keys, order, otherKeys, otherOrder, counts] as const),
    );
    const from = this.#workspace.integers(order, points);
    const place = new Int32Array(points);
    for (let at = 0; at < points; at++) place[from[at]!] = at;
    const pairs = this.#pairs(map);
    const before = { map: pairs.slice(), order: this.#order };
    this.#order = Int32Array.from(from, (old) => before.order[old]!);
    const { starts, columns, values } = this.#affinities();
    const old = { starts: starts.slice(), columns: columns.slice(), values: values.slice() };
    for (let at = 0, end = 0; at < points; at++) {
      const row = from[at]!;
      pairs[2 * at] = before.map[2 * row]!;
      pairs[2 * at + 1] = before.map[2 * row + 1]!;
      for (let entry = old.starts[row]!; entry < old.starts[row + 1]!; entry++, end++) {
        columns[end] = place[old.columns[entry]!]!;
        values[end] = old.values[entry]!;
      }
      starts[at + 1] = end;
    }
  }

  #affinities(): Omit<SparseRows, 'rows'> {
    return {
      starts: this.#workspace.integers(this.#starts, this.#addresses.points + 1),
      columns: this.#workspace.integers(this.#columns, this.#entries),
      values: this.#workspace.floats(this.#values, this.#entries),
    };
  }

  #pairs(address: number): Float32Array {
    return this.#workspace.floats(address, 2 * this.#addresses.points);
  }

  #inOrderGiven(pairs: Float32Array): Float32Array {
    const result = new Float32Array(pairs.length);
    this.#order.forEach((point, at) => {
      result[2 * point] = pairs[2 * at]!;
      result[2 * point + 1] = pairs[2 * at + 1]!;
    });
    return result;
  }
}

function runAll(steps: Iterable<void>): void {
  for (const _ of steps);
}

function padded(points: number): number {
  return Math.ceil(points / 8) * 8;
}
