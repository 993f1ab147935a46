/** What the course reported, on its own digits. Facts of its two reports. */
export const courseResults = {
  nearestMean: {
    train: { correct: 1474, total: 1707 },
    test: { correct: 804, total: 1000 },
  },
  knn: {
    train: { correct: 1671, total: 1707 },
    test: { correct: 914, total: 1000 },
  },
  /** The pairs of digits whose means are nearest. */
  hardestPairs: [
    { classes: [7, 9], distance: 5.426 },
    { classes: [4, 9], distance: 6.01 },
    { classes: [3, 5], distance: 6.119 },
    { classes: [8, 9], distance: 6.401 },
    { classes: [5, 6], distance: 6.699 },
  ],
} as const;

/** The best test accuracy on the course's digits that a source gives: an RBF SVM. */
export const bestSourcedAccuracy = 0.942;

/** Quality of maps of the course's digits by other programs: 10 neighbours, 1,707 x 256. */
export const mapsElsewhere = {
  tsne: { name: 'scikit-learn', trustworthiness: 0.977, recall: 0.518 },
  umap: { name: 'umap-js', trustworthiness: 0.968, recall: 0.439 },
  pca: { name: 'scikit-learn', trustworthiness: 0.795, recall: 0.109 },
} as const;
