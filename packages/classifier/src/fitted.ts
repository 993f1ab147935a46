import { KnnClassifier, NearestMeanClassifier, SvmClassifier } from './classifiers/index.js';
import { Pca } from './maps/pca/index.js';
import { Tsne } from './maps/tsne/index.js';
import { Umap } from './maps/umap/index.js';

/** The classifiers of this package, for `loadFitted`. */
export const classifierKinds = [NearestMeanClassifier, KnnClassifier, SvmClassifier] as const;

/** What draws maps, for `loadFitted`. */
export const mapKinds = [Pca, Tsne, Umap] as const;
