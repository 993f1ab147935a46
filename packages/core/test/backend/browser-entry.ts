import { useBackend } from '../../src/browser/backend.js';
import { batchesInThread } from '../../src/browser/batches-in-thread.js';
import { createCheckpointStore } from '../../src/browser/checkpoints.js';
import { loadModel, saveModel } from '../../src/browser/model-files.js';
import { trainModel } from '../../src/training/index.js';
import { Killed, pointsSource, smallModel, weightsOf } from '../training/small-runs.js';
import { threadedPoints } from '../training/threads/points.js';

const startPoints = () =>
  new Worker(new URL('../training/threads/points.ts', import.meta.url), { type: 'module' });

/** What the browser tests call on the page. */
const onPage = {
  useBackend,
  createCheckpointStore,
  loadModel,
  saveModel,
  trainModel,
  batchesInThread,
  startPoints,
  threadedPoints,
  Killed,
  pointsSource,
  smallModel,
  weightsOf,
};
export type OnPage = typeof onPage;
Object.assign(globalThis, { nnLab: onPage });
