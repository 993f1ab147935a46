import { createRandom } from '@nn-lab/core/random';
import { describe, expect, it } from 'vitest';
import {
  ExactRepulsion,
  type MapAddresses,
  type Repulsion,
  type RepulsionMethod,
} from '../../../src/maps/tsne/repulsion.js';
import { BarnesHutRepulsion } from '../../../src/maps/tsne/repulsion-barnes-hut.js';
import { FftRepulsion } from '../../../src/maps/tsne/repulsion-fft.js';
import { threadHost } from '../../../src/node.js';
import { Workspace } from '../../../src/workspace.js';
import { relativeError } from './support.js';

interface Sums {
  readonly force: Float32Array;
  readonly sums: Float32Array;
}

/** Six clusters over a square of this width. */
function mapOf(points: number, width: number, seed = 1): Float32Array {
  const random = createRandom(seed).fork('map');
  const centers = Array.from({ length: 12 }, () => random.uniform(0.15, 0.85));
  const map = new Float32Array(2 * points);
  for (let point = 0; point < points; point++) {
    const cluster = 2 * random.integer(0, 6);
    map[2 * point] = width * (centers[cluster]! + random.normal(0, 0.05));
    map[2 * point + 1] = width * (centers[cluster + 1]! + random.normal(0, 0.05));
  }
  return map;
}

async function repel(
  map: Float32Array,
  method: RepulsionMethod,
  { theta = 0.4, spacing = 1 / 3, threads = 1 } = {},
): Promise<Sums> {
  const points = map.length / 2;
  const scratch = Workspace.scratchBytes(FftRepulsion.scratchBytes, { threads });
  const bytes =
    20 * points + 4096 + BarnesHutRepulsion.bytes(points) + FftRepulsion.bytes + scratch;
  const workspace = await Workspace.create(bytes, { threads, threadHost });
  const padded = Math.ceil(points / 8) * 8;
  const addresses: MapAddresses = {
    points,
    map: workspace.allocate(8 * padded),
    force: workspace.allocate(8 * padded),
    sums: workspace.allocate(4 * padded),
  };
  workspace.floats(addresses.map, map.length).set(map);
  const repulsions: Record<RepulsionMethod, () => Repulsion> = {
    exact: () => new ExactRepulsion(workspace, addresses),
    'barnes-hut': () => new BarnesHutRepulsion(workspace, addresses, theta),
    fft: () => new FftRepulsion(workspace, addresses, spacing),
  };
  for (const _ of repulsions[method]().compute());
  workspace.dispose();
  return {
    force: workspace.floats(addresses.force, map.length).slice(),
    sums: workspace.floats(addresses.sums, points).slice(),
  };
}

/** Pair by pair, in double precision. */
function bySum(map: Float32Array): { force: Float64Array; sums: Float64Array } {
  const points = map.length / 2;
  const force = new Float64Array(map.length);
  const sums = new Float64Array(points);
  for (let i = 0; i < points; i++) {
    for (let j = 0; j < points; j++) {
      const dx = map[2 * i]! - map[2 * j]!;
      const dy = map[2 * i + 1]! - map[2 * j + 1]!;
      const q = 1 / (1 + dx * dx + dy * dy);
      sums[i]! += q;
      force[2 * i]! += q * q * dx;
      force[2 * i + 1]! += q * q * dy;
    }
  }
  return { force, sums };
}

describe('exact repulsion', () => {
  it.each([1, 2, 3, 7, 8, 9, 63, 250])('is the sum over all pairs of %i points', async (points) => {
    const map = mapOf(points, 10);
    const expected = bySum(map);
    const { force, sums } = await repel(map, 'exact');
    expect(relativeError(sums, expected.sums)).toBeLessThan(1e-6);
    if (points > 1) expect(relativeError(force, expected.force)).toBeLessThan(1e-5);
  });
});

describe.each([
  ['Barnes-Hut', 'barnes-hut', 0.012],
  ['interpolated', 'fft', 0.015],
] as const)('%s repulsion', (_, method, limit) => {
  it.each([
    [1, 5],
    [2, 5],
    [5, 20],
    [401, 0.5],
    [1000, 4],
    [1000, 30],
    [2000, 150],
  ])('is near the sum over all pairs of %i points, %d wide', async (points, width) => {
    const map = mapOf(points, width);
    const expected = bySum(map);
    const { force, sums } = await repel(map, method);
    expect(relativeError(sums, expected.sums)).toBeLessThan(0.01);
    // A single point, or two far apart, have next to no force to compare with.
    if (points > 5) expect(relativeError(force, expected.force)).toBeLessThan(limit);
  });

  it('holds where all points lie on one place', async () => {
    const { force, sums } = await repel(new Float32Array(200).fill(3), method);
    for (const value of force) expect(Math.abs(value)).toBeLessThan(0.01);
    for (const value of sums) expect(value).toBeCloseTo(100, 1);
  });
});

describe('the approximations', () => {
  const map = mapOf(1500, 25);
  const { force } = bySum(map);

  it('get better with a smaller theta', async () => {
    const error = async (theta: number) =>
      relativeError((await repel(map, 'barnes-hut', { theta })).force, force);
    expect(await error(0)).toBeLessThan(1e-5);
    expect(await error(0.2)).toBeLessThan((await error(0.8)) / 4);
  });

  it('get better with a finer grid, eight times for half the spacing or more', async () => {
    const error = async (spacing: number) =>
      relativeError((await repel(map, 'fft', { spacing })).force, force);
    expect(await error(0.25)).toBeLessThan((await error(0.5)) / 8);
  });

  it('hold on a map wider than any grid', async () => {
    const wide = mapOf(300, 3000);
    const { sums } = await repel(wide, 'fft');
    for (const sum of sums) expect(Number.isFinite(sum)).toBe(true);
    expect(relativeError((await repel(wide, 'barnes-hut')).force, bySum(wide).force)).toBeLessThan(
      0.02,
    );
  });

  it.each(['exact', 'barnes-hut', 'fft'] as const)(
    'and the exact sum have the same bytes on any number of threads: %s',
    async (method) => {
      const alone = await repel(map, method);
      for (const threads of [2, 3]) expect(await repel(map, method, { threads })).toEqual(alone);
    },
  );
});
