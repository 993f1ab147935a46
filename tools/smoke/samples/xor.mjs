import { RandomState } from '@nn-lab/core/random';

/** Trains the course's first run: the count must be the same in every JavaScript engine. */
export async function sample({ trainXor, measureSuccess }) {
  const run = await trainXor(new RandomState(42).normal(0, 1, 9), { learningRate: 0.3 });
  const { solved } = await measureSuccess(5, 'normal', { count: 100, maxEvaluations: 2000 });
  return {
    exact: { evaluations: run.evaluations, solved },
    close: { mse: run.mse },
    note: `${run.evaluations} evaluations, as in Node`,
  };
}
