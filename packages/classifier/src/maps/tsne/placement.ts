import type { Work } from '@nn-lab/core/work';
import type { Neighbors } from '../../neighbors/index.js';
import { type ThreadOptions, Workspace } from '../../workspace.js';
import { rowsOf, weightedMeans } from '../sparse-rows.js';
import { type Square, squareAround } from './repulsion.js';
import { FftRepulsion } from './repulsion-fft.js';

/** Options of {@link placePoints}. */
export interface PlacementSettings extends ThreadOptions {
  readonly iterations: number;
  readonly learningRate: number;
  readonly gridSpacing: number;
}

const momentum = 0.8;
/** Above so many points on the map their repulsion is read from a grid, made once. */
const exactUpTo = 2000;
/** How far from the map, as a share of its width and in units, new points may go. */
const margin = { share: 0.05, units: 3 };

/**
 * Places new points on a map that stays as it is.
 *
 * A new point feels what a point of the map feels: the attraction of its neighbors by their
 * probabilities, and the repulsion of all points of the map, weighed by the map's own normalizer.
 * New points do not feel each other.
 *
 * @param map - `[points, 2]`
 * @param normalizer - Of the map: the sum of 1 / (1 + d^2) over all pairs.
 * @param probabilities - `[new points, k]`: those of each new point sum to 1.
 * @returns `[new points, 2]`
 */
export async function placePoints(
  map: Float32Array,
  normalizer: number,
  probabilities: Float32Array,
  neighbors: Pick<Neighbors, 'indices'>,
  k: number,
  settings: PlacementSettings,
  work: Work,
): Promise<Float32Array> {
  const points = map.length / 2;
  const count = neighbors.indices.length / k;
  const rows = rowsOf(probabilities, neighbors, count);
  const usesGrid = points > exactUpTo;
  const padded = Math.ceil(count / 8) * 8;
  const bytes = 8 * points + padded * (8 * 3 + 4) + 4 * (count + 1) + 8 * rows.values.length + 4096;
  const gridBytes =
    FftRepulsion.bytes + Workspace.scratchBytes(FftRepulsion.scratchBytes, settings);
  const workspace = await Workspace.create(bytes + (usesGrid ? gridBytes : 0), settings);
  try {
    const others = workspace.allocate(8 * points);
    const addresses = {
      points: count,
      map: workspace.allocate(8 * padded),
      force: workspace.allocate(8 * padded),
      sums: workspace.allocate(4 * padded),
    };
    const attraction = workspace.allocate(8 * padded);
    const starts = workspace.allocate(4 * (count + 1));
    const columns = workspace.allocate(4 * rows.columns.length);
    const values = workspace.allocate(4 * rows.values.length);
    workspace.floats(others, map.length).set(map);
    workspace.integers(starts, count + 1).set(rows.starts);
    workspace.integers(columns, rows.columns.length).set(rows.columns);
    workspace.floats(values, rows.values.length).set(rows.values);
    const square = enlarged(squareAround(map));
    const placed = workspace.floats(addresses.map, 2 * count);
    placed.set(weightedMeans(map, probabilities, neighbors.indices, k));
    const grid = usesGrid
      ? new FftRepulsion(workspace, addresses, settings.gridSpacing)
      : undefined;
    if (grid) {
      for (const _ of grid.spread(others, points, square)) if (work.isDue) await work.turn();
    }
    const pull = workspace.floats(attraction, 2 * count);
    const push = workspace.floats(addresses.force, 2 * count);
    const share = points / normalizer;
    const velocity = new Float32Array(2 * count);
    const parts = workspace.partsOf(8);
    work.begin('placing', settings.iterations);
    for (let iteration = 0; iteration < settings.iterations; iteration++) {
      const { map: own, force, sums } = addresses;
      workspace.forEach('attract', count, 1, [own, others, starts, columns, values, attraction]);
      if (grid) {
        for (const _ of grid.gather(addresses)) if (work.isDue) await work.turn();
      } else {
        const repelling = [own, others, points, force, sums];
        await work.inParts(
          padded,
          (begin, end) => workspace.forRange('repelEach', begin, end, 8, repelling),
          parts,
        );
      }
      for (let at = 0; at < placed.length; at++) {
        const gradient = 4 * (pull[at]! - share * push[at]!);
        velocity[at] = momentum * velocity[at]! - settings.learningRate * gradient;
        const low = at % 2 === 0 ? square.left : square.top;
        const next = placed[at]! + velocity[at]!;
        placed[at] = Math.max(low, Math.min(low + square.width, next));
      }
      await work.reach(iteration + 1);
    }
    return placed.slice();
  } finally {
    workspace.dispose();
  }
}

function enlarged({ left, top, width }: Square): Square {
  const by = margin.share * width + margin.units;
  return { left: left - by, top: top - by, width: width + 2 * by };
}
