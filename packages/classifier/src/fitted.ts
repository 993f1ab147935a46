import { DataFormatError } from '@nn-lab/core/errors';
import { KnnClassifier, NearestMeanClassifier, SvmClassifier } from './classifiers/index.js';
import { Pca } from './maps/pca/index.js';
import { Tsne } from './maps/tsne/index.js';
import { Umap } from './maps/umap/index.js';
import { savedTypeOf } from './saved.js';

/** Whatever this package fits, saves and loads. */
export type Fitted = Pca | Tsne | Umap | NearestMeanClassifier | KnnClassifier | SvmClassifier;

const loaders: Readonly<Record<string, (json: unknown, source: string) => Fitted>> = {
  pca: Pca.fromJSON,
  tsne: Tsne.fromJSON,
  umap: Umap.fromJSON,
  'nearest-mean': NearestMeanClassifier.fromJSON,
  knn: KnnClassifier.fromJSON,
  svm: SvmClassifier.fromJSON,
};

/**
 * What was saved as text, fitted again.
 *
 * @param source - Where the text is from, for errors.
 * @throws DataFormatError when it is nothing that this package saved, or damaged.
 */
export function parseFitted(text: string, source: string): Fitted {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new DataFormatError(`${source}: expected a saved model in JSON, got something else.`, {
      source,
      cause,
    });
  }
  const type = savedTypeOf(json, source);
  if (!Object.hasOwn(loaders, type)) {
    throw new DataFormatError(
      `${source}: expected a saved ${Object.keys(loaders).join(', ')}, got a saved ${type}.`,
      { source },
    );
  }
  return loaders[type]!(json, source);
}
