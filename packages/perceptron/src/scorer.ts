import { InvalidArgumentError } from '@nn-lab/core/errors';
import type { Matrix } from '@nn-lab/core/tables';
import type { Work } from '@nn-lab/core/work';
import { encodeScoreModule } from './score-module.js';

/**
 * Rows, weights and the scores of the rows with these weights, as typed arrays over one memory.
 * Weights may be written to between the calls.
 */
export interface Scorer {
  readonly rows: number;
  /** Features, and the bias input of 1, which is the last value of each row. */
  readonly width: number;
  readonly classes: number;
  /** `classes`, made even: how many values a row of weights or scores takes. */
  readonly stride: number;
  /** `[rows, width]`. */
  readonly x: Float64Array;
  /** `[width, stride]`: a row for each feature and one for the bias. */
  readonly weights: Float64Array;
  /** `[width, stride]`, for what is gathered before it is added to the weights. */
  readonly gathered: Float64Array;
  /** `[rows, stride]`. */
  readonly scores: Float64Array;
  /** Scores the rows from `first` to the one before `end`. */
  score(first: number, end: number): void;
  /** Scores all rows, with turns for others. */
  scoreAll(work: Work): Promise<void>;
  /** Adds a row, times a factor, to what `weights` or `gathered` hold for a class. */
  addRow(target: Float64Array, row: number, label: number, factor: number): void;
}

const pageBytes = 65_536;
const largestMemory = 2 ** 32;

/**
 * Lays out rows for scoring, with SIMD where the runtime lets it compile.
 *
 * @param plain - Compute without WebAssembly.
 * @throws InvalidArgumentError when the rows do not fit into a memory of 4 GiB.
 */
export async function createScorer(
  { rows, columns, values }: Matrix,
  classes: number,
  work: Work,
  plain = false,
): Promise<Scorer> {
  const width = columns + 1;
  const stride = classes + (classes % 2);
  const [ofX, ofWeights, ofScores] = [rows * width, width * stride, rows * stride];
  const bytes = 8 * (ofX + 2 * ofWeights + ofScores);
  if (bytes > largestMemory) {
    throw new InvalidArgumentError(
      `Expected data that fits into 4 GiB as doubles, got ${rows} rows of ${columns} values for ${classes} classes. Take fewer rows or features.`,
    );
  }
  const compiled = plain ? undefined : compile(stride / 2, bytes);
  const buffer = compiled?.memory.buffer ?? new ArrayBuffer(bytes);
  const x = new Float64Array(buffer, 0, ofX);
  const weights = new Float64Array(buffer, 8 * ofX, ofWeights);
  const gathered = new Float64Array(buffer, 8 * (ofX + ofWeights), ofWeights);
  const scores = new Float64Array(buffer, 8 * (ofX + 2 * ofWeights), ofScores);
  await work.inParts(rows, (begin, end) => {
    for (let row = begin; row < end; row++) {
      x.set(values.subarray(row * columns, (row + 1) * columns), row * width);
      x[row * width + columns] = 1;
    }
  });
  const score = compiled
    ? (first: number, end: number) => {
        if (end <= first) return;
        compiled.score(
          8 * first * width,
          8 * end * width,
          8 * width,
          weights.byteOffset,
          scores.byteOffset + 8 * first * stride,
        );
      }
    : (first: number, end: number) => scorePlainly(x, weights, scores, width, stride, first, end);
  const addRow: Scorer['addRow'] = compiled
    ? (target, row, label, factor) =>
        compiled.addRow(
          8 * row * width,
          8 * (row + 1) * width,
          target.byteOffset + 8 * label,
          factor,
        )
    : (target, row, label, factor) => {
        for (let index = 0; index < width; index++) {
          target[index * stride + label]! += factor * x[row * width + index]!;
        }
      };
  const scoreAll = (work: Work) => work.inParts(rows, score);
  return { rows, width, classes, stride, x, weights, gathered, scores, score, scoreAll, addRow };
}

interface Kernels {
  readonly memory: WebAssembly.Memory;
  score(x: number, xEnd: number, rowBytes: number, weights: number, scores: number): void;
  addRow(x: number, xEnd: number, target: number, factor: number): void;
}

/** Undefined where WebAssembly with SIMD is missing, or a page's policy forbids to compile it. */
function compile(pairs: number, bytes: number): Kernels | undefined {
  let module: WebAssembly.Module;
  try {
    module = new WebAssembly.Module(encodeScoreModule(pairs));
  } catch {
    return undefined;
  }
  const memory = new WebAssembly.Memory({ initial: Math.max(1, Math.ceil(bytes / pageBytes)) });
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return { memory, ...exports } as unknown as Kernels;
}

function scorePlainly(
  x: Float64Array,
  weights: Float64Array,
  scores: Float64Array,
  width: number,
  stride: number,
  first: number,
  end: number,
): void {
  for (let row = first; row < end; row++) {
    for (let label = 0; label < stride; label++) {
      let sum = 0;
      for (let index = 0; index < width; index++) {
        sum += x[row * width + index]! * weights[index * stride + label]!;
      }
      scores[row * stride + label] = sum;
    }
  }
}
