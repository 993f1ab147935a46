import type { Work } from '@nn-lab/core/work';
import type { Scorer } from './scorer.js';

/**
 * A way to train: one epoch after another, each of which changes the scorer's weights and leaves in
 * `scores` those of all rows with the weights that are to be judged. All rows are scored before the first.
 */
export interface Rule {
  /** One epoch, over the rows in this order. Returns how many weights' updates it made. */
  runEpoch(order: Int32Array, work: Work): Promise<number>;
  /** The weights that are to be judged and kept, `[width, stride]`. */
  readonly judged: Float64Array;
}

/**
 * From this score on a sigmoid is 1 to the last bit, and from its negative on below 3e-20, which
 * changes no weight: no exponential is needed for either, nor an update where that is right.
 */
const saturated = 45;

/**
 * The Adaline rule dW = η x (d - out) (Widrow and Hoff, 1960) on sigmoid outputs, one update an
 * epoch with the sum over all rows.
 */
export function batchRule(scorer: Scorer, labels: Int32Array, learningRate: number): Rule {
  const { rows, classes, stride, weights, gathered, scores } = scorer;
  return {
    judged: weights,
    async runEpoch(order, work) {
      let updates = 0;
      gathered.fill(0);
      for (let place = 0; place < rows; place++) {
        const row = order[place]!;
        const own = labels[row]!;
        for (let label = 0; label < classes; label++) {
          const score = scores[row * stride + label]!;
          if (label === own ? score >= saturated : score <= -saturated) continue;
          scorer.addRow(gathered, row, label, errorOf(score, label === own));
          updates++;
        }
        if (work.isDue) await work.turn();
      }
      for (let index = 0; index < weights.length; index++) {
        weights[index]! += learningRate * gathered[index]!;
      }
      await scorer.scoreAll(work);
      return updates;
    },
  };
}

/** The same rule, one update after each row. */
export function onlineRule(scorer: Scorer, labels: Int32Array, learningRate: number): Rule {
  const { rows, classes, stride, weights, scores } = scorer;
  return {
    judged: weights,
    async runEpoch(order, work) {
      let updates = 0;
      for (let place = 0; place < rows; place++) {
        const row = order[place]!;
        const own = labels[row]!;
        scorer.score(row, row + 1);
        for (let label = 0; label < classes; label++) {
          const score = scores[row * stride + label]!;
          if (label === own ? score >= saturated : score <= -saturated) continue;
          scorer.addRow(weights, row, label, learningRate * errorOf(score, label === own));
          updates++;
        }
        if (work.isDue) await work.turn();
      }
      await scorer.scoreAll(work);
      return updates;
    },
  };
}

/**
 * The multi-class perceptron rule: a row that is taken for another class is added to the weights of
 * its own and taken from those of the other. What is kept is the average of the weights after each
 * row (Freund and Schapire, "Large margin classification using the perceptron algorithm", 1999;
 * Collins, "Discriminative training methods for hidden Markov models", 2002).
 */
export function averagedRule(scorer: Scorer, labels: Int32Array): Rule {
  const { rows, classes, stride, weights, gathered, scores } = scorer;
  // The average after n rows is W - U / n, where U sums each update times the row it was made at.
  const current = new Float64Array(weights.length);
  const judged = new Float64Array(weights.length);
  let seen = 1;
  return {
    judged,
    async runEpoch(order, work) {
      weights.set(current);
      let updates = 0;
      for (let place = 0; place < rows; place++, seen++) {
        if (work.isDue) await work.turn();
        const row = order[place]!;
        scorer.score(row, row + 1);
        const guess = largest(scores, row * stride, classes);
        const label = labels[row]!;
        if (guess === label) continue;
        scorer.addRow(weights, row, label, 1);
        scorer.addRow(weights, row, guess, -1);
        scorer.addRow(gathered, row, label, seen);
        scorer.addRow(gathered, row, guess, -seen);
        updates++;
      }
      current.set(weights);
      for (let index = 0; index < judged.length; index++) {
        judged[index] = current[index]! - gathered[index]! / seen;
      }
      weights.set(judged);
      await scorer.scoreAll(work);
      return updates;
    },
  };
}

/** The class of the largest score; of equal ones the first. */
export function largest(scores: Float64Array, from: number, classes: number): number {
  let best = 0;
  let highest = scores[from]!;
  for (let label = 1; label < classes; label++) {
    const score = scores[from + label]!;
    if (score > highest) {
      highest = score;
      best = label;
    }
  }
  return best;
}

/** d - out. */
function errorOf(score: number, isOwn: boolean): number {
  if (score >= saturated) return isOwn ? 0 : -1;
  if (score <= -saturated) return isOwn ? 1 : 0; // to the last bit, of 1; 0 but for 3e-20
  return (isOwn ? 1 : 0) - 1 / (1 + Math.exp(-score));
}
