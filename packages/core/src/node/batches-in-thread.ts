import { parentPort, Worker, workerData } from 'node:worker_threads';
import { NnLabError } from '../errors.js';
import type { Batch, InputBatch } from '../training/batch-source.js';
import {
  type BatchesInThreadOptions,
  type BatchSourceFactory,
  batchesOfThread,
  serveBatchesTo,
  type Thread,
  type ThreadedBatchSource,
} from '../training/threaded-batches.js';

/** The data of the threads that `batchesInThread` starts. */
const mark = 'nn-lab batches';

/**
 * Makes batches in another thread, so that the next one is made while the network trains on this one
 * (`trainModel` asks ahead). They are the same bytes as in this thread.
 *
 * The thread does not keep the program alive while nothing is asked of it.
 *
 * @param program - Address of a module that calls `serveBatches`.
 * @throws NnLabError when no thread can be started and there is no `inline`.
 *
 * @example
 * ```ts
 * // my-batches.js
 * export const myBatches = serveBatches(({ seed }) =>
 *   datasetBatches(digits, { random: createRandom(seed), augment: randomShift({ pixels: 2 }) }),
 * );
 *
 * // train.js
 * const source = await batchesInThread(new URL('./my-batches.js', import.meta.url), {
 *   settings: { seed: 42 },
 *   inline: myBatches,
 * });
 * await trainModel(model, source, { epochs: 3, loss: 'categoricalCrossentropy' });
 * source.dispose();
 * ```
 */
export function batchesInThread<Settings, B extends InputBatch = Batch>(
  program: string | URL,
  options: BatchesInThreadOptions<Settings, B> = {},
): Promise<ThreadedBatchSource<B>> {
  return batchesOfThread(() => startThread(new URL(program)), options);
}

/**
 * Makes a module one whose batches `batchesInThread` can have made in a thread. Call it while the
 * module loads. Where the module is imported instead, it does nothing.
 *
 * @returns `createBatches`, to export.
 */
export function serveBatches<Settings, B extends InputBatch = Batch>(
  createBatches: BatchSourceFactory<Settings, B>,
): BatchSourceFactory<Settings, B> {
  if (parentPort && workerData === mark) {
    const port = parentPort;
    const onMessage = (listener: (message: unknown) => void) => void port.on('message', listener);
    const post = (message: object, transfer?: ArrayBuffer[]) => port.postMessage(message, transfer);
    serveBatchesTo({ post, onMessage }, createBatches);
  }
  return createBatches;
}

function startThread(program: URL): Thread {
  const worker = new Worker(program, { workerData: mark });
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    onMessage: (listener) => void worker.on('message', listener),
    onEnd(listener) {
      worker.on('error', listener);
      worker.on('exit', (code) =>
        listener(new NnLabError(`The thread that makes batches ended with code ${code}.`)),
      );
    },
    hold: () => worker.ref(),
    release: () => worker.unref(),
    // A termination under way does not keep the program alive, and nobody can be told of its end.
    end: () => void worker.terminate().catch(() => {}),
  };
}
