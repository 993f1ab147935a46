import type { Matrix } from '../matrix.js';
import { type ThreadOptions, Workspace } from '../workspace.js';
import { meanOf } from './distance-blocks.js';

const panelRows = 8;
const rowsAPart = 256;

/**
 * The k nearest other rows of each row by distances in single precision, in no order: candidates,
 * whose true distances are yet to be found. Distances are compared where they are computed, and
 * never stored; that is what makes it fast for rows of few columns.
 *
 * @param k - From 1 to the rows less one.
 * @returns `[rows, k]`
 */
export async function candidateRows(
  x: Matrix,
  k: number,
  options: ThreadOptions,
): Promise<Int32Array> {
  const { rows, columns } = x;
  const panelCount = Math.ceil(rows / panelRows);
  const queryRows = Math.ceil(rows / 4) * 4;
  const capacity = 2 * k + 64;
  const scratchBytes = 64 * (8 * capacity + 48);
  const floats = (panelCount * panelRows + queryRows) * columns + panelCount * panelRows;
  const bytes = 4 * (floats + rows * k) + Workspace.scratchBytes(scratchBytes, options) + 1024;
  const workspace = await Workspace.create(bytes, options);
  try {
    const panels = workspace.allocate(4 * panelCount * panelRows * columns);
    const queries = workspace.allocate(4 * queryRows * columns);
    const norms = workspace.allocate(4 * panelCount * panelRows);
    const result = workspace.allocate(4 * rows * k);
    const scratch = workspace.allocateScratch(scratchBytes);
    fill(x, {
      panels: workspace.floats(panels, panelCount * panelRows * columns),
      queries: workspace.floats(queries, queryRows * columns),
      norms: workspace.floats(norms, panelCount * panelRows),
    });
    const parameters = [panels, panelCount, queries, norms, columns, k, capacity, result];
    workspace.forEach('findNearest', rows, 4, parameters, scratch, rowsAPart);
    return workspace.integers(result, rows * k).slice();
  } finally {
    workspace.dispose();
  }
}

/** Rows less their mean, which takes most of the cancellation out of `|x|² - 2 q.x`. */
function fill(
  x: Matrix,
  to: { panels: Float32Array; queries: Float32Array; norms: Float32Array },
): void {
  const { rows, columns, values } = x;
  const mean = meanOf(x);
  to.norms.fill(Number.POSITIVE_INFINITY);
  for (let row = 0; row < rows; row++) {
    const panel = (row - (row % panelRows)) * columns + (row % panelRows);
    let norm = 0;
    for (let column = 0; column < columns; column++) {
      const value = values[row * columns + column]! - mean[column]!;
      norm += value * value;
      to.panels[panel + panelRows * column] = value;
      to.queries[row * columns + column] = -2 * value;
    }
    to.norms[row] = norm;
  }
}
