import { createRandom } from '@nn-lab/core/random';

/** Classifies and maps three heaps of points: the classes must be the same in every JavaScript engine. */
export async function sample(api) {
  const { KnnClassifier, mapQuality, matrixOf, Pca, SvmClassifier, Tsne, Umap, useBackend } = api;
  await useBackend({ backend: 'simd' });
  const random = createRandom(7);
  const labels = Int32Array.from({ length: 90 }, (_, row) => row % 3);
  const rows = Array.from(labels, (label) =>
    Array.from({ length: 8 }, (_, column) => random.normal(column === label ? 4 : 0, 1)),
  );
  const x = matrixOf(rows);
  const knn = await new KnnClassifier({ k: 3 }).fit(x, labels);
  const svm = await new SvmClassifier().fit(x, labels);
  const pca = await new Pca({ components: 2 }).fit(x);
  const { threadHost } = api;
  const tsne = await new Tsne({ perplexity: 10, iterations: 300, threadHost }).fit(x);
  const umap = await new Umap({ neighbors: 8 }).fit(x);
  const trusted = async (map) => (await mapQuality(x, map, { k: 5 })).trustworthiness > 0.75;
  return {
    exact: {
      knn: (await knn.predict(x)).join(''),
      svm: (await svm.predict(x)).join(''),
      trusted: [await trusted(tsne.map), await trusted(umap.map)],
    },
    close: { variance: pca.explainedVariance[0] },
    note: 'classes as in Node, and maps to be trusted',
  };
}
