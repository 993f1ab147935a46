import type { Parts } from '@nn-lab/core/work';
import type { Workspace } from '../../workspace.js';

/** How the repulsion between all points is summed up. */
export type RepulsionMethod = 'exact' | 'barnes-hut' | 'fft';

/** Where a map and its repulsion lie in a workspace. All are padded to a multiple of eight points. */
export interface MapAddresses {
  readonly points: number;
  /** Interleaved coordinates, 8 bytes a point. */
  readonly map: number;
  /** Result: sum over j of q_ij^2 (y_i - y_j), with q_ij = 1 / (1 + |y_i - y_j|^2); 8 bytes a point. */
  readonly force: number;
  /** Result: sum over j of q_ij, the point itself with 1 among them; 4 bytes a point. */
  readonly sums: number;
}

/** Sums the repulsion of all points up, for one map in a workspace. */
export interface Repulsion {
  /** Fills `force` and `sums` for the map as it is now; wherever it yields, others may have a turn. */
  compute(): Iterable<void>;
}

/** The smallest square that holds all points. */
export interface Square {
  readonly left: number;
  readonly top: number;
  /** Of its sides; 0 if all points lie on one place. */
  readonly width: number;
}

/** The smallest square around a map's points. */
export function squareAround(map: Float32Array): Square {
  let left = Infinity;
  let right = -Infinity;
  let top = Infinity;
  let bottom = -Infinity;
  for (let at = 0; at < map.length; at += 2) {
    const x = map[at]!;
    const y = map[at + 1]!;
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < top) top = y;
    if (y > bottom) bottom = y;
  }
  return { left, top, width: Math.max(right - left, bottom - top) };
}

/** Every pair, one by one: the time grows with the square of the points. */
export class ExactRepulsion implements Repulsion {
  readonly #workspace: Workspace;
  readonly #addresses: MapAddresses;
  readonly #parts: Parts;

  /** Bytes that it allocates. */
  static readonly bytes = 0;

  constructor(workspace: Workspace, addresses: MapAddresses) {
    this.#workspace = workspace;
    this.#addresses = addresses;
    this.#parts = workspace.partsOf(8);
  }

  compute(): Iterable<void> {
    const { points, map, force, sums } = this.#addresses;
    const padded = Math.ceil(points / 8) * 8;
    const parameters = [map, map, points, force, sums];
    return this.#workspace.forEachInParts('repelExact', padded, 8, parameters, this.#parts);
  }
}
