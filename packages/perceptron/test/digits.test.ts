import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { loadEmbeddedDigits } from '@nn-lab/core/datasets';
import { describe, expect, it } from 'vitest';
import { courseFactsOf, courseOptions } from '../src/course/index.js';
import { matrixOf, Perceptron } from '../src/index.js';
import { loadRows } from '../src/node/load-rows.js';

const data = process.env.NN_LAB_DATA;
const quiet = {
  log: { info() {}, warn() {}, detail() {} },
  signal: new AbortController().signal,
};
const hasCourseDigits =
  data !== undefined &&
  (await stat(join(data, 'digits16', 'train_in.csv')).then(
    () => true,
    () => false,
  ));

describe('on the embedded digits', () => {
  it('the averaged perceptron learns to read nine of ten', async () => {
    const { train, test } = await loadEmbeddedDigits();
    const perceptron = new Perceptron();
    const { training } = await perceptron.fit(matrixOf(train), train.labels);
    const { trainCorrect } = training;
    expect(trainCorrect / train.count).toBeGreaterThan(0.94);
    const guesses = await perceptron.predict(matrixOf(test));
    const right = guesses.filter((guess, row) => guess === test.labels[row]).length;
    expect(right / test.count).toBeGreaterThan(0.86);
  });
});

describe.runIf(hasCourseDigits)("on the course's digits (NN_LAB_DATA)", async () => {
  it.each(['batch', 'online'] as const)(
    "%s training is within one point of the course's",
    async (method) => {
      const { train, test } = await loadRows('digits16', data, quiet);
      const perceptron = new Perceptron(courseOptions(method));
      const { training } = await perceptron.fit(train.x, train.labels);
      const { trainCorrect } = training;
      const guesses = await perceptron.predict(test.x);
      const right = guesses.filter((guess, row) => guess === test.labels[row]).length;
      const course = courseFactsOf(method)!;
      expect(Math.abs(trainCorrect - course.train.value) / 1707).toBeLessThan(0.01);
      expect(Math.abs(right - course.test.value) / 1000).toBeLessThan(0.01);
    },
  );

  it('the averaged perceptron reads at least 89.3 % of the test digits', async () => {
    const { train, test } = await loadRows('digits16', data, quiet);
    const perceptron = new Perceptron();
    await perceptron.fit(train.x, train.labels);
    const guesses = await perceptron.predict(test.x);
    expect(
      guesses.filter((guess, row) => guess === test.labels[row]).length,
    ).toBeGreaterThanOrEqual(893);
  });

  it("is read with the course's decimals, not with those of single precision", async () => {
    const { train } = await loadRows('digits16', data, quiet);
    expect(train.x.values[7]).toBe(-0.631);
  });
});
