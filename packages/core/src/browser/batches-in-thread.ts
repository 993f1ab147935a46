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

/**
 * Makes batches in a web worker, so that the next one is made while the network trains on this one
 * (`trainModel` asks ahead). They are the same bytes as in this thread.
 *
 * @param program - Address of a module that calls `serveBatches`, or a function that starts it, which
 * is what bundlers look for: `() => new Worker(new URL('./my-batches.js', import.meta.url), { type: 'module' })`.
 * @throws NnLabError when no worker can be started and there is no `inline`.
 *
 * @example
 * ```ts
 * const source = await batchesInThread(
 *   () => new Worker(new URL('./my-batches.js', import.meta.url), { type: 'module' }),
 *   { settings: { seed: 42 }, inline: myBatches },
 * );
 * await trainModel(model, source, { epochs: 3, loss: 'categoricalCrossentropy' });
 * source.dispose();
 * ```
 */
export function batchesInThread<Settings, B extends InputBatch = Batch>(
  program: string | URL | (() => Worker),
  options: BatchesInThreadOptions<Settings, B> = {},
): Promise<ThreadedBatchSource<B>> {
  const start = typeof program === 'function' ? program : () => startModule(program);
  return batchesOfThread(() => threadOf(start()), options);
}

/**
 * Makes a module one whose batches `batchesInThread` can have made in a worker. Call it while the
 * module loads, before anything is awaited. Where the module is imported instead, it does nothing.
 *
 * @returns `createBatches`, to export.
 */
export function serveBatches<Settings, B extends InputBatch = Batch>(
  createBatches: BatchSourceFactory<Settings, B>,
): BatchSourceFactory<Settings, B> {
  if ('DedicatedWorkerGlobalScope' in globalThis) {
    const scope = globalThis as unknown as Worker;
    serveBatchesTo(
      {
        post: (message, transfer = []) => scope.postMessage(message, transfer),
        onMessage: (listener) => listen(scope, listener),
      },
      createBatches,
    );
  }
  return createBatches;
}

function startModule(program: string | URL): Worker {
  return new Worker(program, { type: 'module', name: 'nn-lab batches' });
}

function threadOf(worker: Worker): Thread {
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    onMessage: (listener) => listen(worker, listener),
    onEnd: (listener) =>
      worker.addEventListener('error', ({ message }) =>
        listener(
          new NnLabError(
            `The worker that makes batches failed: ${message || 'its module cannot be loaded.'}`,
          ),
        ),
      ),
    // A page lives as long as it is open, whatever its workers do.
    hold: () => {},
    release: () => {},
    end: () => worker.terminate(),
  };
}

function listen(target: Worker, listener: (message: unknown) => void): void {
  target.addEventListener('message', ({ data }) => listener(data));
}
