import { checkOptions, type OptionChecks, wholeNumber } from '@nn-lab/core/checks';
import { InvalidArgumentError } from '@nn-lab/core/errors';
import type { Classifier } from '@nn-lab/core/models';
import { createRandom } from '@nn-lab/core/random';
import { type Matrix, takeRows } from '@nn-lab/core/tables';
import { Work, type WorkOptions, workChecks } from '@nn-lab/core/work';
import { validateTraining } from './checks.js';

/** Options of {@link crossValidate} and {@link selectClassifier}. */
export interface CrossValidationOptions extends WorkOptions {
  /** Parts that the rows are divided into, each tested once. Default 5. */
  readonly folds?: number;
  /** Decides which row is in which part. Default 42. */
  readonly seed?: number;
}

const crossValidationChecks: OptionChecks<CrossValidationOptions> = {
  ...workChecks,
  folds: wholeNumber(2),
  seed: wholeNumber(0),
};

/** How often a classifier is right on rows that it was not trained on. */
export interface CrossValidation {
  /** The mean share of right ones over the folds. */
  readonly accuracy: number;
  /** The share of right ones in each fold. */
  readonly folds: Float64Array;
}

/** A classifier to choose from. */
export interface Candidate<C extends Classifier = Classifier> {
  /** What it is, for people: `RBF SVM, C = 10`. */
  readonly name: string;
  /** Makes one that is not fitted. */
  readonly create: () => C;
}

/** A candidate with its result. */
export interface RatedCandidate extends Candidate {
  readonly result: CrossValidation;
}

/**
 * Tests a classifier on parts of the rows, each time trained on the others. Every part has the same
 * share of each class, as near as whole rows allow.
 *
 * @throws InvalidArgumentError when there is nothing to learn from, or a class has fewer rows than
 * there are folds.
 */
export async function crossValidate(
  create: () => Classifier,
  x: Matrix,
  labels: ArrayLike<number>,
  options: CrossValidationOptions = {},
): Promise<CrossValidation> {
  checkOptions(options, crossValidationChecks);
  const work = new Work(options);
  const { folds = 5 } = options;
  work.begin('folds', folds);
  return foldByFold(create, x, labels, options, work, 0);
}

/** As a part of longer work, of which so many folds are done. */
async function foldByFold(
  create: () => Classifier,
  x: Matrix,
  labels: ArrayLike<number>,
  options: CrossValidationOptions,
  work: Work,
  done: number,
): Promise<CrossValidation> {
  const { folds = 5, seed = 42, signal } = options;
  const parts = await stratifiedFolds(x, labels, folds, seed, work);
  const shares = new Float64Array(folds);
  for (let fold = 0; fold < folds; fold++) {
    const tested = parts[fold]!;
    const trained = parts.filter((_, other) => other !== fold).flat();
    const classifier = await create().fit(
      takeRows(x, trained),
      trained.map((row) => labels[row]!),
      { signal },
    );
    const predicted = await classifier.predict(takeRows(x, tested), { signal });
    shares[fold] = tested.filter((row, i) => labels[row] === predicted[i]).length / tested.length;
    await work.reach(done + fold + 1);
  }
  return { accuracy: shares.reduce((sum, share) => sum + share, 0) / folds, folds: shares };
}

/**
 * Cross-validates each candidate on the same folds.
 *
 * @returns all of them, the best first; of equally good ones, the one that was named first.
 * @throws as {@link crossValidate}; InvalidArgumentError when there is no candidate.
 */
export async function selectClassifier(
  candidates: readonly Candidate[],
  x: Matrix,
  labels: ArrayLike<number>,
  options: CrossValidationOptions = {},
): Promise<RatedCandidate[]> {
  if (candidates.length === 0) {
    throw new InvalidArgumentError('Expected at least one candidate to choose from, got none.');
  }
  checkOptions(options, crossValidationChecks);
  const work = new Work(options);
  const { folds = 5 } = options;
  work.begin('folds', candidates.length * folds);
  const rated: RatedCandidate[] = [];
  for (const candidate of candidates) {
    const done = rated.length * folds;
    const result = await foldByFold(candidate.create, x, labels, options, work, done);
    rated.push({ ...candidate, result });
  }
  return rated.sort((a, b) => b.result.accuracy - a.result.accuracy);
}

async function stratifiedFolds(
  x: Matrix,
  labels: ArrayLike<number>,
  folds: number,
  seed: number,
  work: Work,
): Promise<number[][]> {
  const classes = await validateTraining(x, labels, work);
  const members = Array.from({ length: classes }, (): number[] => []);
  for (let row = 0; row < x.rows; row++) members[labels[row]!]!.push(row);
  const parts = Array.from({ length: folds }, (): number[] => []);
  const random = createRandom(seed).fork('folds');
  let next = 0;
  members.forEach((rows, label) => {
    if (rows.length < folds) {
      throw new InvalidArgumentError(
        `Expected at least ${folds} rows of each class for ${folds} folds, got ${rows.length} of class ${label}. Take fewer folds.`,
      );
    }
    for (const row of random.fork(label).shuffle(rows)) parts[next++ % folds]!.push(row);
  });
  return parts;
}
