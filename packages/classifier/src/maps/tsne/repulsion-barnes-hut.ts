import type { Parts } from '@nn-lab/core/work';
import type { Workspace } from '../../workspace.js';
import { type MapAddresses, type Repulsion, squareAround } from './repulsion.js';

/** Points that lie so few together need no cells of their own. */
const leafPoints = 12;
const cellsASide = 65536;
const nodeBytes = 32;
/** A cell that is divided holds more than 12 points, on each of 16 levels; a leaf holds at least one. */
const nodesAPoint = 1 + 16 / (leafPoints + 1);
const stackBytes = 4096;
const countBytes = 1024;

/**
 * The repulsion of far points by groups of them, from a quadtree that is built anew for each map
 * (Barnes and Hut 1986; for t-SNE: van der Maaten 2014). A cell stands for its points where its width
 * is less than `theta` times its distance: the same rule as scikit-learn's `angle`.
 */
export class BarnesHutRepulsion implements Repulsion {
  readonly #workspace: Workspace;
  readonly #addresses: MapAddresses;
  readonly #theta: number;
  readonly #keys: number;
  readonly #order: number;
  readonly #otherKeys: number;
  readonly #otherOrder: number;
  readonly #counts: number;
  readonly #sorted: number;
  readonly #stack: number;
  readonly #nodes: number;
  readonly #parts: Parts;

  /** Bytes that it allocates for so many points. */
  static bytes(points: number): number {
    return (
      points * (4 * 4 + 8 + Math.ceil(nodesAPoint) * nodeBytes) + stackBytes + countBytes + 1024
    );
  }

  constructor(workspace: Workspace, addresses: MapAddresses, theta: number) {
    const { points } = addresses;
    this.#workspace = workspace;
    this.#addresses = addresses;
    this.#theta = theta;
    this.#parts = workspace.partsOf(4);
    this.#keys = workspace.allocate(4 * points);
    this.#order = workspace.allocate(4 * points);
    this.#otherKeys = workspace.allocate(4 * points);
    this.#otherOrder = workspace.allocate(4 * points);
    this.#counts = workspace.allocate(countBytes);
    this.#sorted = workspace.allocate(8 * points + 32);
    this.#stack = workspace.allocate(stackBytes);
    this.#nodes = workspace.allocate(Math.ceil(nodesAPoint * points) * nodeBytes);
  }

  *compute(): Iterable<void> {
    const { points, map, force, sums } = this.#addresses;
    const { functions } = this.#workspace;
    const square = squareAround(this.#workspace.floats(map, 2 * points));
    const width = square.width > 0 ? square.width : 1;
    functions.sortByCell!(
      ...([points, map, square.left, square.top, cellsASide / width] as const),
      ...([this.#keys, this.#order, this.#otherKeys, this.#otherOrder, this.#counts] as const),
    );
    yield;
    const end = functions.buildTree!(
      ...([points, map, this.#keys, this.#order, this.#sorted, this.#nodes] as const),
      ...([this.#stack, width, leafPoints] as const),
    );
    yield;
    const parameters = [this.#sorted, this.#order, this.#nodes, end, this.#theta, force, sums];
    yield* this.#workspace.forEachInParts('repelTree', points, 4, parameters, this.#parts);
  }
}
