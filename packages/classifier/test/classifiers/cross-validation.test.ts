import { describe, expect, it } from 'vitest';
import {
  type Classifier,
  crossValidate,
  type Matrix,
  matrixOf,
  NearestMeanClassifier,
  selectClassifier,
} from '../../src/index.js';
import { labels, train } from '../fixtures.js';

/** Records what it is trained on and asked for, and says a class always. */
class Recorder implements Classifier {
  static seen: { trained: number[]; tested: number[] }[] = [];
  #trained: number[] = [];
  readonly #says: number;
  constructor(says = 0) {
    this.#says = says;
  }
  async fit(x: Matrix): Promise<this> {
    this.#trained = Array.from(x.values);
    return this;
  }
  async predict(x: Matrix): Promise<Int32Array> {
    Recorder.seen.push({ trained: this.#trained, tested: Array.from(x.values) });
    return new Int32Array(x.rows).fill(this.#says);
  }
  async scores(x: Matrix): Promise<Matrix> {
    return { rows: x.rows, columns: 3, values: new Float64Array(3 * x.rows) };
  }
  readonly classCount = 3;
  readonly featureCount = 1;
  dispose() {}
  toJSON() {
    return {};
  }
}

const rows = matrixOf(
  Float32Array.from({ length: 53 }, (_, i) => i),
  1,
);
const classOf = (row: number) => (row % 10 === 0 ? 2 : row % 2);
const classes = Array.from({ length: 53 }, (_, row) => classOf(row));

describe('crossValidate', () => {
  it('tests every row once, never on what it was trained on, with each class in each fold', async () => {
    Recorder.seen = [];
    const { folds, accuracy } = await crossValidate(() => new Recorder(1), rows, classes, {
      folds: 5,
    });
    expect(Recorder.seen).toHaveLength(5);
    const tested = Recorder.seen.flatMap((fold) => fold.tested);
    expect(tested.toSorted((a, b) => a - b)).toEqual(Array.from(rows.values));
    for (const fold of Recorder.seen) {
      expect([...fold.trained, ...fold.tested]).toHaveLength(53);
      expect(fold.tested.filter((row) => fold.trained.includes(row))).toEqual([]);
      const counts = [0, 1, 2].map(
        (label) => fold.tested.filter((row) => classOf(row) === label).length,
      );
      expect(counts[0]).toBeGreaterThanOrEqual(4);
      expect(counts[0]).toBeLessThanOrEqual(5);
      expect(counts[2]).toBeGreaterThanOrEqual(1);
      expect(counts[2]).toBeLessThanOrEqual(2);
    }
    expect(folds).toHaveLength(5);
    expect(accuracy).toBeCloseTo(26 / 53, 1);
  });

  it('has the same folds for a seed', async () => {
    const foldsOf = async (seed: number) => {
      Recorder.seen = [];
      await crossValidate(() => new Recorder(), rows, classes, { seed });
      return Recorder.seen;
    };
    const first = await foldsOf(1);
    expect(await foldsOf(1)).toEqual(first);
    expect(await foldsOf(2)).not.toEqual(first);
  });

  it('says what is wrong with its input', async () => {
    const create = () => new Recorder();
    await expect(crossValidate(create, rows, classes, { folds: 1 })).rejects.toThrow(
      /from 2, got 1/,
    );
    await expect(crossValidate(create, rows, classes, { folds: 7 })).rejects.toThrow(
      /at least 7 rows of each class for 7 folds, got 6 of class 2/,
    );
    await expect(
      crossValidate(
        create,
        rows,
        classes.map(() => 0),
      ),
    ).rejects.toThrow(/2 classes/);
  });
});

describe('selectClassifier', () => {
  it('puts the best first, and of equals the one named first', async () => {
    const told: string[] = [];
    const rated = await selectClassifier(
      [
        { name: 'always 0', create: () => new Recorder(0) },
        { name: 'always 0 again', create: () => new Recorder(0) },
        { name: 'nearest mean', create: () => new NearestMeanClassifier() },
      ],
      train,
      labels,
      { folds: 4, onProgress: ({ done, total }) => void told.push(`${done}/${total}`) },
    );
    expect(rated.map(({ name }) => name)).toEqual(['nearest mean', 'always 0', 'always 0 again']);
    expect(rated[1]!.result.accuracy).toBeCloseTo(0.25);
    expect(rated[0]!.result.accuracy).toBeGreaterThan(0.5);
    expect(told.at(-1)).toBe('12/12');
    await expect(selectClassifier([], train, labels)).rejects.toThrow(/at least one candidate/);
  });
});
