import { type Dataset, loadEmbeddedDigits, splitDataset } from '@nn-lab/core/datasets';
import { describeMachine } from '@nn-lab/core/experiment';
import { buildReport } from '@nn-lab/core/report';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type CourseReproduction,
  courseReport,
  drawCourseFigures,
  hardestPairs,
  reproduceCourse,
} from '../../src/course/index.js';
import { KnnClassifier, matrixOf, NearestMeanClassifier } from '../../src/index.js';
import { loadDataset, useBackend } from '../../src/node.js';

beforeAll(async () => {
  await useBackend({ backend: 'simd', threads: 1 });
});

const courseDigits = await loadDataset('digits16');
const haveCourseDigits = courseDigits.sources.every(
  ({ official, file }) => official && file !== 'embedded',
);

describe.skipIf(!haveCourseDigits)(
  "on the course's digits (skipped unless NN_LAB_DATA has digits16: train_in.csv, ...)",
  () => {
    const { train, test } = courseDigits;
    const [x, y] = [matrixOf(train), matrixOf(test)];
    const right = (predicted: Int32Array, { labels }: Dataset) =>
      predicted.filter((label, row) => label === labels[row]).length;

    it('nearest mean is right exactly as often as for the course, the pairs are in its order', async () => {
      const classifier = await new NearestMeanClassifier().fit(x, train.labels);
      expect(right(await classifier.predict(x), train)).toBe(1474);
      expect(right(await classifier.predict(y), test)).toBe(804);
      const pairs = classifier.pairsByDistance();
      expect(pairs).toHaveLength(45);
      hardestPairs.forEach(({ classes, value }, place) => {
        expect(pairs[place]!.classes).toEqual(classes);
        expect(pairs[place]!.distance).toBeCloseTo(value, 3);
      });
    });

    it('3-NN is right exactly as often as for the course', async () => {
      const classifier = await new KnnClassifier({ k: 3 }).fit(x, train.labels);
      expect(right(await classifier.predict(x), train)).toBe(1671);
      expect(right(await classifier.predict(y), test)).toBe(914);
    });
  },
);

describe('reproduceCourse', () => {
  let train: Dataset;
  let test: Dataset;
  let results: CourseReproduction;
  const steps: string[] = [];
  beforeAll(async () => {
    const digits = await loadEmbeddedDigits();
    // A part, so that the test takes seconds.
    [train] = splitDataset(digits.train, { at: 300 }) as [Dataset, Dataset];
    [test] = splitDataset(digits.test, { at: 200 }) as [Dataset, Dataset];
    results = await reproduceCourse(train, test, {
      tsne: { iterations: 300 },
      umap: { epochs: 50 },
      onProgress: ({ stage }) => void steps.push(stage),
    });
  }, 120_000);

  it('has every result of the course, and ours beyond', () => {
    expect(results.nearestMean.train.total).toBe(300);
    expect(results.knn.test.total).toBe(200);
    for (const { correct, total } of [
      results.nearestMean.test,
      results.knn.test,
      results.best.test,
    ]) {
      expect(correct / total).toBeGreaterThan(0.7);
      expect(correct).toBeLessThanOrEqual(total);
    }
    expect(results.means).toMatchObject({ rows: 10, columns: 256 });
    expect(results.pairs).toHaveLength(45);
    expect(results.maps.tsne.points.rows).toBe(300);
    expect(results.maps.umap.means.rows).toBe(10);
    expect(results.maps.tsne.quality.trustworthiness).toBeGreaterThan(
      results.maps.pca.quality.trustworthiness,
    );
    expect(results.reduced.pca40.dimensions).toBe(40);
    expect(steps).toHaveLength(8);
  });

  it('chooses by training digits alone: the best in cross-validation, whatever the test says', () => {
    const [first] = results.candidates;
    expect(results.best.name).toBe(first!.name);
    for (const { result } of results.candidates) {
      expect(result.accuracy).toBeLessThanOrEqual(first!.result.accuracy);
    }
  });

  it('draws every figure, and a report of them all', () => {
    const figures = drawCourseFigures(results, train);
    const names = Object.keys(figures);
    expect(names).toHaveLength(13);
    // The means are drawn large with a dark outline on the maps: ten each.
    for (const name of ['map-pca', 'map-umap', 'map-tsne'] as const) {
      expect(figures[name].match(/<circle[^>]* r="9"[^>]*stroke-width="2"/g)).toHaveLength(10);
    }
    const device = { backend: 'simd', threads: 1, machine: describeMachine() };
    const settings = { data: 'some digits', courseData: false, seed: 42, device };
    const report = buildReport(courseReport(results, figures, settings));
    expect(report.match(/<svg/g)!.length).toBeGreaterThanOrEqual(13);
    for (const text of ['86.35', '91.4', '5.426', 'not of the same data', 'mean nothing']) {
      expect(report).toContain(text);
    }
  });

  it('refuses parts that do not fit each other', async () => {
    const other = { ...test, classNames: ['a', 'b'] };
    await expect(reproduceCourse(train, other)).rejects.toThrow(/same classes .* got 10 and 2/);
  });
});
