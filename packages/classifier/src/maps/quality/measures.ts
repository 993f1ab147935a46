import { checkOptions, type OptionChecks, wholeNumber } from '@nn-lab/core/checks';
import { InvalidArgumentError, ShapeError } from '@nn-lab/core/errors';
import { createRandom } from '@nn-lab/core/random';
import { type Matrix, takeRows } from '@nn-lab/core/tables';
import { Work, type WorkOptions, workChecks } from '@nn-lab/core/work';
import { type Metric, metricCheck } from '../../neighbors/metrics.js';
import { nearestRows } from '../../neighbors/nearest.js';
import { ranksOf } from '../../neighbors/ranks.js';
import { checkRows } from '../../rows.js';

/** Options of the quality measures. */
export interface MapQualityOptions extends WorkOptions {
  /** Neighbors that a point's neighborhood has. Default 10. Below half of the number of rows. */
  readonly k?: number;
  /**
   * Judge the neighborhoods of so many points, drawn at random, among all. Default: of all points.
   * For large maps: the work grows with points judged times points.
   */
  readonly sample?: number;
  /** What is near in the data; on the map it is always the Euclidean distance. Default `'euclidean'`. */
  readonly metric?: Metric;
  /** Seed of the draw. Default 42. */
  readonly seed?: number;
}

const mapQualityChecks: OptionChecks<MapQualityOptions> = {
  ...workChecks,
  k: wholeNumber(1),
  sample: wholeNumber(1),
  metric: metricCheck,
  seed: wholeNumber(0),
};

/** How well a map keeps neighborhoods; each from 0 to 1, higher is better. */
export interface MapQuality {
  /** Whether neighbors on the map are neighbors in the data. See {@link trustworthiness}. */
  readonly trustworthiness: number;
  /** Whether neighbors in the data are neighbors on the map. See {@link continuity}. */
  readonly continuity: number;
  /** The share of a point's nearest neighbors that the map keeps. See {@link neighborRecall}. */
  readonly recall: number;
}

/**
 * All three measures at once, for the price of the dearest.
 *
 * @param high - The data, a row a point.
 * @param low - The map, a row a point in the same order, of any number of columns.
 * @throws InvalidArgumentError when something is empty or not finite, or k or sample is out of range.
 * @throws ShapeError when the numbers of rows differ.
 */
export async function mapQuality(
  high: Matrix,
  low: Matrix,
  options: MapQualityOptions = {},
): Promise<MapQuality> {
  const judged = await judge(high, low, options);
  const [trustworthiness, continuity] = [
    agreement(await judged.ranksInData(judged.nearLow), judged),
    agreement(await judged.ranksOnMap(judged.nearHigh), judged),
  ];
  return { trustworthiness, continuity, recall: recallOf(judged) };
}

/**
 * How far neighbors on the map are neighbors in the data, as `sklearn.manifold.trustworthiness`
 * has it: 1 less a penalty for each point that intrudes into the k-neighborhood of another, by how
 * many ranks it is farther away in the data (Venna and Kaski, "Neighborhood preservation in nonlinear
 * projection methods", ICANN 2001).
 *
 * @returns 1 for a map of which every neighbor can be trusted; about 0.5 for a random map.
 * @throws as {@link mapQuality}.
 */
export async function trustworthiness(
  high: Matrix,
  low: Matrix,
  options: MapQualityOptions = {},
): Promise<number> {
  const judged = await judge(high, low, options);
  return agreement(await judged.ranksInData(judged.nearLow), judged);
}

/**
 * How far neighbors in the data are neighbors on the map: {@link trustworthiness} with the two
 * exchanged. A map that tears neighborhoods apart loses here.
 *
 * @throws as {@link mapQuality}.
 */
export async function continuity(
  high: Matrix,
  low: Matrix,
  options: MapQualityOptions = {},
): Promise<number> {
  const judged = await judge(high, low, options);
  return agreement(await judged.ranksOnMap(judged.nearHigh), judged);
}

/**
 * The mean share of a point's k nearest neighbors in the data that are among its k nearest on the
 * map. A random map has about k / (rows - 1).
 *
 * @throws as {@link mapQuality}.
 */
export async function neighborRecall(
  high: Matrix,
  low: Matrix,
  options: MapQualityOptions = {},
): Promise<number> {
  return recallOf(await judge(high, low, options));
}

/** The points judged and their neighborhoods on both sides. */
interface Judged {
  readonly rows: number;
  readonly count: number;
  readonly k: number;
  readonly nearHigh: Int32Array;
  readonly nearLow: Int32Array;
  ranksInData(targets: Int32Array): Promise<Int32Array>;
  ranksOnMap(targets: Int32Array): Promise<Int32Array>;
}

async function judge(high: Matrix, low: Matrix, options: MapQualityOptions): Promise<Judged> {
  checkOptions(options, mapQualityChecks);
  const work = new Work(options);
  const { k = 10, sample, metric = 'euclidean', seed = 42 } = options;
  await checkRows(high, { minimumRows: 3 }, work);
  await checkRows(low, { name: 'the map' }, work);
  const { rows } = high;
  if (low.rows !== rows) {
    throw new ShapeError(`Expected a map with a row for each of ${rows} rows, got ${low.rows}.`);
  }
  if (k >= rows / 2) {
    throw new InvalidArgumentError(
      `Expected \`k\` to be below half of the ${rows} rows, got ${k}.`,
    );
  }
  const points =
    sample === undefined || sample >= rows
      ? Int32Array.from({ length: rows }, (_, row) => row)
      : Int32Array.from(createRandom(seed).fork('quality').permutation(rows).subarray(0, sample));
  const queriesOf = (data: Matrix) => (points.length === rows ? data : takeRows(data, points));
  const neighborsIn = async (data: Matrix, metric: Metric) => {
    const found = await nearestRows(data, queriesOf(data), k + 1, { work, metric });
    return withoutSelf(found.indices, points, k);
  };
  return {
    rows,
    count: points.length,
    k,
    nearHigh: await neighborsIn(high, metric),
    nearLow: await neighborsIn(low, 'euclidean'),
    ranksInData: (targets) => ranksOf(high, points, targets, queriesOf(high), metric, work),
    ranksOnMap: (targets) => ranksOf(low, points, targets, queriesOf(low), 'euclidean', work),
  };
}

/** The first k of k + 1 neighbors that are not the point itself. */
function withoutSelf(found: Int32Array, points: Int32Array, k: number): Int32Array {
  const others = new Int32Array(points.length * k);
  points.forEach((self, i) => {
    const all = found.subarray(i * (k + 1), (i + 1) * (k + 1));
    others.set(all.filter((row) => row !== self).subarray(0, k), i * k);
  });
  return others;
}

function agreement(ranks: Int32Array, { rows, count, k }: Judged): number {
  let penalty = 0;
  for (const rank of ranks) penalty += Math.max(0, rank + 1 - k);
  return 1 - (2 * penalty) / (count * k * (2 * rows - 3 * k - 1));
}

function recallOf({ nearHigh, nearLow, count, k }: Judged): number {
  let kept = 0;
  for (let point = 0; point < count; point++) {
    const on = nearLow.subarray(point * k, (point + 1) * k);
    for (let i = point * k; i < (point + 1) * k; i++) if (on.includes(nearHigh[i]!)) kept++;
  }
  return kept / (count * k);
}
