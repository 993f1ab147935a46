import type { Matrix } from '@nn-lab/core/tables';
import type { Work } from '@nn-lab/core/work';
import { type ThreadOptions, Workspace } from '../workspace.js';
import { meanOf, reachOf, scaleFor } from './distances.js';

const panelRows = 8;
const rowsAPart = 256;
const unitRoundoff = 2 ** -24;

/** The rows that are nearest by distances in single precision. */
export interface CandidateRows {
  /** `[rows, k]`, in no order. */
  readonly indices: Int32Array;
  /** From which true distance on a row that is none of the candidates cannot be nearer than they are. */
  readonly surelyWithin: (farthestCandidate: number) => number;
}

/**
 * The k nearest other rows of each row by distances in single precision, in no order: candidates,
 * whose true distances are yet to be found. Distances are compared where they are computed, and
 * never stored; that is what makes it fast for rows of few columns.
 *
 * @param k - From 1 to the rows less one.
 */
export async function candidateRows(
  x: Matrix,
  k: number,
  options: ThreadOptions,
  work: Work,
): Promise<CandidateRows> {
  const { rows, columns } = x;
  const panelCount = Math.ceil(rows / panelRows);
  const queryRows = Math.ceil(rows / 4) * 4;
  const capacity = 2 * k + 64;
  const scratchBytes = 64 * (8 * capacity + 48);
  const floats = (panelCount * panelRows + queryRows) * columns;
  const bytes = 4 * (floats + rows * k) + Workspace.scratchBytes(scratchBytes, options) + 1024;
  const workspace = await Workspace.create(bytes, options);
  try {
    const panels = workspace.allocate(4 * panelCount * panelRows * columns);
    const queries = workspace.allocate(4 * queryRows * columns);
    const result = workspace.allocate(4 * rows * k);
    const scratch = workspace.allocateScratch(scratchBytes);
    const rounding = await fill(x, work, {
      panels: workspace.floats(panels, panelCount * panelRows * columns),
      queries: workspace.floats(queries, queryRows * columns),
    });
    const parameters = [panels, panelCount, queries, columns, k, capacity, result];
    await work.stage(
      'neighbors',
      rows,
      (begin, end) =>
        workspace.forRange('findNearest', begin, end, 4, parameters, scratch, rowsAPart),
      workspace.partsOf(4),
    );
    return {
      indices: workspace.integers(result, rows * k).slice(),
      // Differences, squares and a sum of so many terms (Higham 2002, 3.1), and the rows themselves.
      surelyWithin: (farthest) =>
        (farthest - rounding) * (1 - unitRoundoff * (columns + 4)) - rounding,
    };
  } finally {
    workspace.dispose();
  }
}

/**
 * Copies rows, scaled so that no square overflows. Rows of double precision are taken from their mean,
 * which leaves less to be rounded.
 *
 * @returns how much rounding can change the distance of two rows.
 */
async function fill(
  x: Matrix,
  work: Work,
  to: { readonly panels: Float32Array; readonly queries: Float32Array },
): Promise<number> {
  const { rows, columns, values } = x;
  const isRounded = values instanceof Float64Array;
  const origin = isRounded ? await meanOf(x, work) : new Float64Array(columns);
  const reach = await reachOf(x, origin, work);
  const scale = scaleFor(reach);
  to.panels.fill(Number.NaN);
  await work.inParts(rows, (begin, end) => {
    for (let row = begin; row < end; row++) {
      const panel = (row - (row % panelRows)) * columns + (row % panelRows);
      for (let column = 0; column < columns; column++) {
        const value = (values[row * columns + column]! - origin[column]!) * scale;
        to.panels[panel + panelRows * column] = value;
        to.queries[row * columns + column] = value;
      }
    }
  });
  // Squares below the smallest number of single precision count as nothing.
  const underflow = (Math.sqrt(columns) * 2 ** -62) / scale;
  return (isRounded ? 2 * unitRoundoff * reach : 0) + underflow;
}
