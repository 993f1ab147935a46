import type { Matrix } from '@nn-lab/core/tables';
import type { Work } from '@nn-lab/core/work';

/** The k-d tree of the package, as far as it is used here; it has no types of its own. */
type MlKnn = new (
  dataset: number[][],
  labels: number[],
  options: { readonly k: number },
) => { predict(rows: number[][]): number[] };

/** Classifies rows by the package `ml-knn`, which is loaded when it is first asked for. */
export async function predictByMlKnn(
  train: Matrix,
  labels: Int32Array,
  k: number,
  x: Matrix,
  work: Work,
): Promise<Int32Array> {
  // @ts-expect-error: the package has no types
  const { default: Knn } = (await import('ml-knn')) as { default: MlKnn };
  const tree = new Knn(plainRows(train), Array.from(labels), { k });
  const predicted = new Int32Array(x.rows);
  const rows = plainRows(x);
  await work.stage('predicting', x.rows, (begin, end) => {
    predicted.set(tree.predict(rows.slice(begin, end)), begin);
  });
  return predicted;
}

function plainRows({ rows, columns, values }: Matrix): number[][] {
  return Array.from({ length: rows }, (_, row) =>
    Array.from(values.subarray(row * columns, (row + 1) * columns)),
  );
}
