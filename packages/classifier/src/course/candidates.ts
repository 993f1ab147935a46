import type { Dataset } from '@nn-lab/core/datasets';
import { type Candidate, KnnClassifier, SvmClassifier } from '../classifiers/index.js';
import { VirtualSvmClassifier } from './virtual-svm.js';

/** A candidate of the choice by cross-validation, with its kind of classifier. */
export interface CourseCandidate extends Candidate {
  readonly family: 'k-NN' | 'weighted k-NN' | 'linear SVM' | 'RBF SVM' | 'RBF SVM, shifts';
}

/**
 * What is chosen among, on training data alone.
 *
 * @param images - Of what shape the images are, and the value of their ground, for shifts.
 */
export function courseCandidates({
  shape,
  range,
}: Pick<Dataset, 'shape' | 'range'>): CourseCandidate[] {
  return [
    ...[1, 3, 5].map(
      (k): CourseCandidate => ({
        family: 'k-NN',
        name: `${k}-NN`,
        create: () => new KnnClassifier({ k }),
      }),
    ),
    ...[3, 5, 7].map(
      (k): CourseCandidate => ({
        family: 'weighted k-NN',
        name: `distance-weighted ${k}-NN`,
        create: () => new KnnClassifier({ k, weights: 'distance' }),
      }),
    ),
    ...[0.01, 0.03, 0.1].map(
      (c): CourseCandidate => ({
        family: 'linear SVM',
        name: `linear SVM, C = ${c}`,
        create: () => new SvmClassifier({ kernel: 'linear', c }),
      }),
    ),
    ...[0.5, 1, 2].flatMap((gammaFactor) =>
      [1, 3, 10].map(
        (c): CourseCandidate => ({
          family: 'RBF SVM',
          name: `RBF SVM, ${settings(c, gammaFactor)}`,
          create: () => new SvmClassifier({ c, gammaFactor }),
        }),
      ),
    ),
    ...[1, 2].map(
      (gammaFactor): CourseCandidate => ({
        family: 'RBF SVM, shifts',
        name: `RBF SVM with shifts, ${settings(10, gammaFactor)}`,
        create: () => new VirtualSvmClassifier({ c: 10, gammaFactor }, shape, range[0]),
      }),
    ),
  ];
}

function settings(c: number, gammaFactor: number): string {
  return `C = ${c}, gamma = ${gammaFactor === 1 ? '' : `${gammaFactor} x `}scale`;
}
