import type { CourseFact, CourseFacts } from '@nn-lab/core/experiment';

/** What the course reports of this project, on its own digits. */
export const courseFacts = {
  nearestMeanTrain: { name: 'Nearest mean, training digits', value: 1474, total: 1707 },
  nearestMeanTest: { name: 'Nearest mean, test digits', value: 804, total: 1000 },
  knnTrain: { name: '3-NN, training digits', value: 1671, total: 1707 },
  knnTest: { name: '3-NN, test digits', value: 914, total: 1000 },
} as const satisfies CourseFacts;

/** The pairs of digits whose means the course finds nearest, and their distances. */
export const hardestPairs = [
  { name: '7 and 9', classes: [7, 9], value: 5.426 },
  { name: '4 and 9', classes: [4, 9], value: 6.01 },
  { name: '3 and 5', classes: [3, 5], value: 6.119 },
  { name: '8 and 9', classes: [8, 9], value: 6.401 },
  { name: '5 and 6', classes: [5, 6], value: 6.699 },
] as const satisfies readonly (CourseFact & { readonly classes: readonly [number, number] })[];

/** The best test accuracy on the course's digits that a source gives: an RBF SVM. */
export const bestSourcedAccuracy = 0.942;

/** Quality of maps of the course's digits by other programs: 10 neighbors, 1,707 x 256. */
export const mapsElsewhere = {
  tsne: { name: 'scikit-learn', trustworthiness: 0.977, recall: 0.518 },
  umap: { name: 'umap-js', trustworthiness: 0.968, recall: 0.439 },
  pca: { name: 'scikit-learn', trustworthiness: 0.795, recall: 0.109 },
} as const;
