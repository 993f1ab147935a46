import { InvalidArgumentError, ShapeError } from '@nn-lab/core/errors';
import { createRandom } from '@nn-lab/core/random';
import type { Matrix } from '@nn-lab/core/tables';
import type { Work } from '@nn-lab/core/work';
import { Pca } from './pca/index.js';

/**
 * Where the points of a map start: on the two leading principal components, at random, or on given
 * coordinates `[rows, 2]`, used as they are.
 */
export type Initialization = 'pca' | 'random' | Float32Array;

/** The standard deviation of the first coordinate: so small that no point repels another for good. */
const spread = 1e-4;

/**
 * The coordinates that a map starts from, `[rows, 2]`. The principal components are scaled so that
 * the first has a standard deviation of 1e-4, as in scikit-learn and openTSNE; random coordinates are
 * normal with the same. Points that lie on one place could never part, so principal components get
 * noise of a thousandth of that.
 *
 * @throws ShapeError when given coordinates are not two a row.
 * @throws InvalidArgumentError when a given coordinate is not finite.
 */
export async function initialMap(
  x: Matrix,
  initialization: Initialization,
  seed: number,
  work: Work,
): Promise<Float32Array> {
  const random = createRandom(seed).fork('initialisation');
  if (initialization instanceof Float32Array) return validated(initialization, x.rows).slice();
  if (initialization === 'random' || !variesIn(x)) {
    return Float32Array.from({ length: 2 * x.rows }, () => random.normal(0, spread));
  }
  const components = Math.min(2, x.columns, x.rows - 1);
  const { values } = await Pca.reduce(components, x, work);
  const scale = spread / deviationOf(values, components);
  return Float32Array.from({ length: 2 * x.rows }, (_, at) => {
    const column = at % 2;
    const value = column < components ? values[(at >> 1) * components + column]! * scale : 0;
    return value + random.normal(0, spread / 1000);
  });
}

function validated(map: Float32Array, rows: number): Float32Array {
  if (map.length !== 2 * rows) {
    throw new ShapeError(
      `Expected initial coordinates [${rows}, 2], ${2 * rows} numbers, got ${map.length}.`,
    );
  }
  if (!map.every(Number.isFinite)) {
    throw new InvalidArgumentError(
      'Expected finite initial coordinates, got NaN or infinite ones.',
    );
  }
  return map;
}

/** Whether any two rows differ. */
function variesIn({ values, columns }: Matrix): boolean {
  return values.some((value, at) => value !== values[at % columns]);
}

function deviationOf(values: Float32Array, columns: number): number {
  const rows = values.length / columns;
  let mean = 0;
  for (let at = 0; at < values.length; at += columns) mean += values[at]! / rows;
  let squares = 0;
  for (let at = 0; at < values.length; at += columns) squares += (values[at]! - mean) ** 2;
  return Math.sqrt(squares / rows);
}
