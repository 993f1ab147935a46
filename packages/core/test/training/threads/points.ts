// Points as a program of a web worker.
import { serveBatches } from '../../../src/browser/batches-in-thread.js';
import { pointsSource } from '../small-runs.js';

export const threadedPoints = serveBatches(({ seed }: { seed: number }) => {
  if (seed < 0) throw new RangeError('no such seed');
  return pointsSource({ seed });
});
