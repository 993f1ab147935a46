import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { courseLazyCounts, courseRuns, oneStreamLazyCounts } from '../../src/course/index.js';

/** Made by NumPy: see fixtures/course.py. */
interface Oracle {
  readonly normal: number[];
  readonly uniform: number[];
  readonly runs: readonly {
    readonly learningRate: number;
    readonly evaluations: number;
    readonly weights: number[];
    readonly outputs: number[];
    readonly mse: number[];
    readonly misclassifiedSum: number;
  }[];
  readonly lazyAfterBoth: number[];
  readonly lazyAfterNormal: number[];
}
let oracle: Oracle;
beforeAll(async () => {
  oracle = JSON.parse(
    await readFile(new URL('../fixtures/course.json', import.meta.url), 'utf8'),
  ) as Oracle;
});

const closeTo = (values: ArrayLike<number>, expected: readonly number[], within: number) => {
  expect(values.length).toBe(expected.length);
  for (const [index, value] of expected.entries()) {
    expect(Math.abs(values[index]! - value)).toBeLessThan(within);
  }
};

describe("the course's training runs", () => {
  it('take 7,899 evaluations at learning rate 0.3, and as many as in NumPy at all others', async () => {
    const runs = await courseRuns();
    expect(runs[0]!.evaluations).toBe(7899);
    expect(runs.map(({ learningRate, init }) => [learningRate, init])).toEqual([
      [0.3, 'normal'],
      [0.6, 'normal'],
      [0.8, 'normal'],
      [0.3, 'uniform'],
    ]);
    expect(runs.map(({ evaluations }) => evaluations)).toEqual(
      oracle.runs.map(({ evaluations }) => evaluations),
    );
  });

  it('begin with the numbers of the stream, and end with the weights and outputs of NumPy', async () => {
    for (const [index, run] of (await courseRuns()).entries()) {
      closeTo(run.initialWeights, run.init === 'normal' ? oracle.normal : oracle.uniform, 1e-15);
      closeTo(run.weights, oracle.runs[index]!.weights, 1e-9);
      closeTo(run.outputs, oracle.runs[index]!.outputs, 1e-9);
      expect(run.solved).toBe(true);
    }
  });

  it('go the same way there: errors and misclassified cases, evaluation by evaluation', async () => {
    for (const [index, { trace, evaluations }] of (await courseRuns({ trace: true })).entries()) {
      const expected = oracle.runs[index]!;
      expect(trace!.mse.length).toBe(evaluations);
      closeTo(
        trace!.mse.filter((_, step) => step % 500 === 0),
        expected.mse,
        1e-10,
      );
      expect(trace!.misclassified.reduce((sum, wrong) => sum + wrong, 0)).toBe(
        expected.misclassifiedSum,
      );
      expect(trace!.misclassified.at(-1)).toBe(0);
      expect(trace!.misclassified.indexOf(0)).toBe(evaluations - 1);
    }
  });
});

describe("the course's lazy searches", () => {
  it('are eight with mean 131,891, from 8,992 to 393,348, as in NumPy', async () => {
    const progress: number[] = [];
    const counts = await courseLazyCounts({
      onProgress: ({ done }) => void progress.push(done),
    });
    expect(counts).toEqual([
      ...oracle.lazyAfterBoth.slice(0, 4),
      ...oracle.lazyAfterNormal.slice(0, 4),
    ]);
    expect(Math.round(counts.reduce((sum, count) => sum + count) / 8)).toBe(131_891);
    expect(Math.min(...counts)).toBe(8_992);
    expect(Math.max(...counts)).toBe(393_348);
    expect(progress.at(-1)).toBe(8);
    expect(progress).toEqual([...progress].sort());
  });

  it('take as many draws as in NumPy when eight follow each other in one stream', async () => {
    expect(await oneStreamLazyCounts(8)).toEqual(oracle.lazyAfterBoth);
  });
});
