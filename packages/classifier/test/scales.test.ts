import { parseFitted } from '@nn-lab/core/models';
import { createRandom } from '@nn-lab/core/random';
import { beforeAll, describe, expect, it } from 'vitest';
import { classifierKinds, mapKinds } from '../src/fitted.js';
import {
  approximateNeighbors,
  exactNeighbors,
  KnnClassifier,
  type Matrix,
  matrixOf,
  NearestMeanClassifier,
  Pca,
  SvmClassifier,
  Tsne,
  trustworthiness,
  Umap,
} from '../src/index.js';
import { useBackend } from '../src/node.js';
import { validateRows } from '../src/rows.js';
import { rowsOf, sklearn } from './fixtures.js';

beforeAll(async () => {
  await useBackend({ backend: 'simd', threads: 1 });
});

/** Normal rows of two classes, those of the second 3 further in each column. */
function sample(count: number, columns: number, seed = 1): number[][] {
  const random = createRandom(seed).fork('scales');
  return Array.from({ length: count }, (_, row) =>
    Array.from({ length: columns }, () => random.normal() + (row % 2) * 3),
  );
}

const rows = sample(130, 7);
const onGrid = rows.map((row) => row.map((value) => Math.round(value * 8) / 8));
const map = (change: (value: number, row: number, column: number) => number) =>
  rows.map((values, row) => values.map((value, column) => change(value, row, column)));

/** What is hard on single precision; each with fewer columns than rows, and no rule in common. */
const hard: [string, number[][]][] = [
  ['an offset of 1e4', map((value) => value + 1e4)],
  ['an offset of 1e8', map((value) => value + 1e8)],
  ['an offset of its own for each column', map((value, _, column) => value + 10 ** column)],
  ['clusters 1e4 apart', map((value, row) => value + (row % 3) * 1e4)],
  ['clusters 1e6 apart', map((value, row) => value + (row % 2) * 1e6)],
  ['a row 1e6 away', map((value, row, column) => (row === 5 && column === 0 ? 1e6 : value))],
  ['a row 1e15 away', map((value, row, column) => (row === 5 && column === 3 ? -1e15 : value))],
  ['duplicates', map((_, row, column) => Math.round(rows[row % 9]![column]!))],
  ['nothing but duplicates', map(() => 0.1)],
  ['many equal distances', map((value) => Math.sign(value))],
  ['a scale of 1e-24', map((value) => value * 1e-24)],
  ['a scale of 1e20', map((value) => value * 1e20)],
  ['a scale for each column', map((value, _, column) => value * 100 ** (column - 3))],
  ['constant columns', map((value, _, column) => (column % 2 ? value : 0.1 + column * 1e7))],
  [
    'times in seconds',
    map((value, row, column) => (column ? value : 1.7e9 + ((row * 7919) % 130) + row / 1024)),
  ],
];

function squaredDistance(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, column) => sum + (value - b[column]!) ** 2, 0);
}

/** In double precision, over all rows, in the order of the data where they are equally near. */
function bruteForce(data: number[][], query: number[], k: number, self = -1): number[] {
  const squared = data.map((row) => squaredDistance(row, query));
  return [...data.keys()]
    .filter((row) => row !== self)
    .sort((a, b) => squared[a]! - squared[b]! || a - b)
    .slice(0, k);
}

describe.each(hard)('rows with %s', (_, data) => {
  const x = matrixOf(data);
  const k = 9;
  const listed = (indices: Int32Array) =>
    data.map((_, row) => [...indices.subarray(row * k, (row + 1) * k)]);

  /** The same rows, but for such as are equally far to 13 digits. */
  function expectNeighbors(indices: Int32Array, excludeSelf: boolean): void {
    listed(indices).forEach((found, row) => {
      const wanted = bruteForce(data, data[row]!, k, excludeSelf ? row : -1);
      found.forEach((index, place) => {
        if (index === wanted[place]) return;
        const expected = squaredDistance(data[row]!, data[wanted[place]!]!);
        const actual = squaredDistance(data[row]!, data[index]!);
        expect(Math.abs(actual - expected) / expected).toBeLessThan(1e-13);
      });
    });
  }

  it('have the neighbors that double precision finds', async () => {
    expectNeighbors((await exactNeighbors(x, x, k)).indices, false);
    expectNeighbors((await exactNeighbors(x, x, k, { excludeSelf: true })).indices, true);
    expectNeighbors((await approximateNeighbors(x, k)).indices, true);
    const labels = data.map((_, row) => row % 2);
    const knn = await new KnnClassifier({ k }).fit(x, labels);
    expectNeighbors((await knn.neighbors(x)).indices, false);
  });

  it('have maps of finite numbers, and ranks that a copy of them keeps', async () => {
    const umap = await new Umap({ neighbors: 8, epochs: 5 }).fit(x);
    const tsne = await new Tsne({ perplexity: 8, iterations: 5 }).fit(x);
    for (const values of [umap.map.values, tsne.map.values]) {
      expect(values.every(Number.isFinite)).toBe(true);
    }
    expect(await trustworthiness(x, x)).toBe(1);
  });
});

describe('approximate neighbors of wide rows', () => {
  const random = createRandom(4).fork('wide');
  const factors = sample(200, 8, 5);
  const loadings = sample(90, 8, 6);
  const wide = factors.map((row) =>
    loadings.map((loading) => row.reduce((sum, v, i) => sum + v * loading[i]!, random.normal())),
  );

  it.each<[string, (value: number, row: number, column: number) => number]>([
    ['an offset of 1e8', (value) => value + 1e8],
    ['clusters 1e4 apart', (value, row) => value + (row % 2) * 1e4],
    ['clusters 1e6 apart', (value, row) => value + (row % 3) * 1e6],
    ['a row 1e6 away', (value, row, column) => (row === 5 && column === 0 ? 1e6 : value)],
    ['a scale of 1e-24', (value) => value * 1e-24],
  ])('with %s are nearly the exact ones', async (_, change) => {
    const x = matrixOf(
      wide.map((values, row) => values.map((v, column) => change(v, row, column))),
    );
    const exact = (await exactNeighbors(x, x, 10, { excludeSelf: true })).indices;
    const { indices } = await approximateNeighbors(x, 10);
    const right = indices.filter((index, at) =>
      exact.subarray(at - (at % 10), at - (at % 10) + 10).includes(index),
    );
    expect(right.length / indices.length).toBeGreaterThan(0.99);
  });
});

describe('classifiers', () => {
  const labels = rows.map((_, row) => row % 2);
  const moved = (by: number, factor = 1) =>
    matrixOf(onGrid.map((row) => row.map((value) => (value + by) * factor)));
  const create = {
    'k-NN': () => new KnnClassifier(),
    'nearest mean': () => new NearestMeanClassifier(),
    'RBF SVM': () => new SvmClassifier(),
    'RBF SVM with a gamma': () => new SvmClassifier({ gamma: 0.25 }),
    'linear SVM': () => new SvmClassifier({ kernel: 'linear' }),
  };
  const queries = sample(60, 7, 2).map((row) => row.map((value) => Math.round(value * 8) / 8));
  const predictions = async (make: () => SvmClassifier, by: number, factor = 1) => {
    const classifier = await make().fit(moved(by, factor), labels);
    return [
      ...(await classifier.predict(
        matrixOf(queries.map((row) => row.map((value) => (value + by) * factor))),
      )),
    ];
  };

  it.each(Object.entries(create))('%s does not mind where the data lie', async (_, make) => {
    const wanted = await predictions(make as () => SvmClassifier, 0);
    for (const offset of [1e3, 1e5, 2 ** 27, -(2 ** 33)]) {
      expect(await predictions(make as () => SvmClassifier, offset)).toEqual(wanted);
    }
  });

  it.each(Object.entries(create).filter(([name]) => !/gamma|linear/.test(name)))(
    '%s does not mind how large the data are',
    async (_, make) => {
      const wanted = await predictions(make as () => SvmClassifier, 0);
      for (const factor of [2 ** -80, 2 ** -30, 2 ** 60, 2 ** 100]) {
        expect(await predictions(make as () => SvmClassifier, 0, factor)).toEqual(wanted);
      }
    },
  );

  it('find the difference of small clusters that are far apart', async () => {
    const apart = (by: number) =>
      matrixOf(
        onGrid.map((row, i) => row.map((value, at) => value + (at === 0 && i % 4 < 2 ? by : 0))),
      );
    for (const [options, x] of [
      [{ gamma: 0.25 }, apart(2 ** 20)],
      [{ kernel: 'linear' }, apart(2 ** 12)],
    ] as const) {
      const svm = await new SvmClassifier(options).fit(x, labels);
      const right = (await svm.predict(x)).filter((label, row) => label === labels[row]).length;
      expect(right).toBe(130);
    }
  });
});

describe('principal components', () => {
  const pca = async (data: number[][]) => new Pca({ components: 2 }).fit(matrixOf(data));

  it('do not mind where the data lie, nor how large they are', async () => {
    const wanted = await pca(onGrid);
    for (const [offset, factor] of [
      [1e5, 1],
      [2 ** 30, 1],
      [0, 2 ** -80],
      [0, 2 ** 80],
    ] as const) {
      const found = await pca(onGrid.map((row) => row.map((value) => (value + offset) * factor)));
      found.components.values.forEach((value, at) => {
        expect(value).toBeCloseTo(wanted.components.values[at]!, 5);
      });
      found.explainedVariance.forEach((variance, at) => {
        expect(variance / factor ** 2 / wanted.explainedVariance[at]!).toBeCloseTo(1, 5);
      });
    }
  });

  it('keep what is small beside the first', async () => {
    // Along (1, 1) by 2^20, along (1, -1) by 1: variances 2 * 2^40 and 2, each way with mean 0.
    const data = [-1, 1].flatMap((far) =>
      [-1, 1].map((near) => [far * 2 ** 20 + near, far * 2 ** 20 - near]),
    );
    const found = await pca(data);
    const [first, second] = found.explainedVariance;
    expect(first! / ((4 / 3) * 2 * 2 ** 40)).toBeCloseTo(1, 12);
    expect(second! / ((4 / 3) * 2)).toBeCloseTo(1, 3);
    const { values } = await found.transform(matrixOf(data));
    data.forEach((row, i) => {
      expect(Math.abs(values[2 * i + 1]!)).toBeCloseTo(Math.abs(row[0]! - row[1]!) / Math.SQRT2, 3);
    });
  });
});

describe('what is placed on a map', () => {
  const x = matrixOf(rows);
  const large = matrixOf(sample(2100, 7));
  const queries = sample(20, 7, 3);
  const others: number[][] = [
    [1e1, 0, 0, 0, 0, 0, 0],
    [1e5, 0, 0, 0, 0, 0, 0],
    [0, 0, 1e11 / 3, 0, 0, 0, 0],
    [...rows[3]!],
  ];

  it.each([
    ['UMAP', () => new Umap({ neighbors: 8, epochs: 20 }).fit(x)],
    ['t-SNE', () => new Tsne({ perplexity: 8, iterations: 20 }).fit(x)],
    ['t-SNE with a grid', () => new Tsne({ perplexity: 5, iterations: 5 }).fit(large)],
  ])('by %s does not depend on the other rows, to the bit', async (_, make) => {
    const fitted: { transform(x: Matrix): Promise<Matrix> } = await make();
    const all = (await fitted.transform(matrixOf([...queries, ...others]))).values;
    expect(all.subarray(0, 40)).toEqual((await fitted.transform(matrixOf(queries))).values);
    for (const row of [0, 7, 19]) {
      const alone = (await fitted.transform(matrixOf([queries[row]!]))).values;
      expect(all.subarray(2 * row, 2 * row + 2)).toEqual(alone);
    }
  });
});

describe('numbers that are too large or too small', () => {
  it.each([
    [1e37, /scale from 1e-36 to 1e\+36, got 1e\+37 in row 0, column 1\. Multiply/],
    [1e300, /got 1e\+300, which single precision holds as Infinity in row 0, column 1/],
  ])('such as %d are refused in one sentence', (size, message) => {
    expect(() => validateRows(matrixOf([[0, size]]))).toThrow(message);
  });

  it('are refused to learn from, but may go with others', async () => {
    const x = matrixOf([
      [0, 1e-40],
      [0, 3e-40],
    ]);
    const message = /scale from 1e-36 to 1e\+36, got 3e-40 in row 1, column 1\. Multiply/;
    await expect(exactNeighbors(x, x, 1)).rejects.toThrow(message);
    await expect(new Pca().fit(x)).rejects.toThrow(message);
    await expect(new SvmClassifier().fit(x, [0, 1])).rejects.toThrow(message);
    const data = matrixOf([
      [0, 1],
      [0, 0],
    ]);
    expect([...(await exactNeighbors(data, x, 1)).indices]).toEqual([1, 1]);
  });
});

describe('times in seconds', () => {
  const x = matrixOf(hard.find(([name]) => name === 'times in seconds')![1]);
  const labels = rows.map((_, row) => row % 2);
  const again = (fitted: object) =>
    parseFitted(JSON.stringify(fitted), 'saved', [...mapKinds, ...classifierKinds]);

  it('are kept in double precision', () => {
    expect(x.values).toBeInstanceOf(Float64Array);
    expect(x.values[0]).toBe(1.7e9);
    expect(matrixOf([[2 ** 24, -0.5, 0.125]]).values).toBeInstanceOf(Float32Array);
  });

  it('are saved and loaded as they are', async () => {
    const classifiers = [
      await new KnnClassifier().fit(x, labels),
      await new NearestMeanClassifier().fit(x, labels),
      await new SvmClassifier().fit(x, labels),
      await new SvmClassifier({ kernel: 'linear' }).fit(x, labels),
    ];
    for (const classifier of classifiers) {
      const loaded = again(classifier) as KnnClassifier;
      expect(loaded.toJSON()).toEqual(classifier.toJSON());
      expect(await loaded.predict(x)).toEqual(await classifier.predict(x));
    }
    const maps = [
      await new Pca({ components: 3 }).fit(x),
      await new Umap({ neighbors: 8, epochs: 5 }).fit(x),
      await new Tsne({ perplexity: 8, iterations: 5 }).fit(x),
    ];
    for (const fitted of maps) {
      const loaded = again(fitted) as Umap;
      expect(loaded.toJSON()).toEqual(fitted.toJSON());
      expect(await loaded.transform(x)).toEqual(await fitted.transform(x));
    }
  });
});

interface FarReference {
  readonly name: string;
  readonly data: number[][];
  readonly decisions: number[][];
  readonly distances: number[][];
  readonly indices: number[][];
  readonly components: number[][];
  readonly variance: number[];
}

describe.each(sklearn.far as FarReference[])('scikit-learn, of $name', (expected) => {
  const x = matrixOf(expected.data);

  it('has the same neighbors', async () => {
    const { indices, distances } = await exactNeighbors(x, x, 7);
    expected.distances.flat().forEach((distance, at) => {
      expect(Math.abs(distances[at]! - distance)).toBeLessThan(1e-6 * distance + 1e-12);
    });
    expect([...indices]).toEqual(expected.indices.flat());
  });

  it('has the same support vector machines', async () => {
    const svm = await new SvmClassifier({ c: 10, gamma: 0.05, tolerance: 1e-6 }).fit(
      x,
      sklearn.labels,
    );
    const { values } = await svm.decisions(x);
    expected.decisions.flat().forEach((decision, at) => {
      expect(Math.abs(values[at]! - decision)).toBeLessThan(1e-4);
    });
  });

  it('has the same principal components', async () => {
    const pca = await new Pca({ components: 4 }).fit(x);
    expected.variance.forEach((variance, i) => {
      expect(pca.explainedVariance[i]! / variance).toBeCloseTo(1, 5);
      const own = rowsOf(pca.components)[i]!;
      const product = own.reduce((sum, v, at) => sum + v * expected.components[i]![at]!, 0);
      expect(Math.abs(product)).toBeCloseTo(1, 5);
    });
  });
});

interface NearOneReference {
  readonly name: string;
  readonly data: number[][];
  readonly labels: number[];
  readonly decisions: number[][];
}

describe.each(sklearn.nearOne as NearOneReference[])('an RBF SVM, of $name', (expected) => {
  const x = matrixOf(expected.data);

  it("tells the rows apart as scikit-learn's does", async () => {
    const svm = await new SvmClassifier({ c: 10 }).fit(x, expected.labels);
    const decisions = rowsOf(await svm.decisions(x));
    const again = parseFitted(JSON.stringify(svm), 'saved', [
      ...mapKinds,
      ...classifierKinds,
    ]) as SvmClassifier;
    expect(await again.predict(x)).toEqual(await svm.predict(x));
    [
      [0, 1],
      [0, 2],
      [1, 2],
    ].forEach(([one, other], machine) => {
      const own = decisions.map((row) => row[machine]!);
      const wanted = expected.decisions.map((row) => row[machine]!);
      const size = Math.max(...wanted.map(Math.abs));
      // LIBSVM trains on kernels in single precision, all 1 here: its thresholds mean nothing.
      const threshold = own[0]! - wanted[0]!;
      own.forEach((decision, row) => {
        expect(Math.abs(decision - wanted[row]! - threshold)).toBeLessThan(1e-6 * size);
      });
      // Every multiplier is at its bound, which leaves the middle of what is allowed.
      const of = (label: number) => own.filter((_, row) => expected.labels[row] === label);
      const middle = (Math.max(...of(one!)) + Math.min(...of(other!))) / 2;
      expect(Math.abs(middle)).toBeLessThan(1e-6 * size);
    });
  });
});
