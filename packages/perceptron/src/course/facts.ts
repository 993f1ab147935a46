import type { CourseFacts } from '@nn-lab/core/experiment';

/** What the course reports of this project: rows that are right, of its digits, and seconds. */
export const courseFacts = {
  batchTrain: { name: 'Batch, training set', value: 1683, total: 1707 },
  batchTest: { name: 'Batch, test set', value: 881, total: 1000 },
  batchSeconds: { name: 'Batch, time', value: 2.869, unit: 's' },
  onlineTrain: { name: 'Online, training set', value: 1707, total: 1707 },
  onlineTest: { name: 'Online, test set', value: 872, total: 1000 },
  onlineSeconds: { name: 'Online, time', value: 6.729, unit: 's' },
} as const satisfies CourseFacts;

/** What its project 1 reports of the same digits. */
export const projectOneFacts = {
  nearestMeanTrain: { name: 'Nearest mean, training set', value: 1474, total: 1707 },
  nearestMeanTest: { name: 'Nearest mean, test set', value: 804, total: 1000 },
  knnTrain: { name: '3-NN, training set', value: 1671, total: 1707 },
  knnTest: { name: '3-NN, test set', value: 914, total: 1000 },
} as const satisfies CourseFacts;

/** The course's facts of a method; undefined for the averaged perceptron, which it did not train. */
export function courseFactsOf(method: 'batch' | 'online' | 'averaged') {
  if (method === 'averaged') return undefined;
  return {
    train: courseFacts[`${method}Train`],
    test: courseFacts[`${method}Test`],
    seconds: courseFacts[`${method}Seconds`],
  };
}
