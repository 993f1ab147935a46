import { Worker } from 'node:worker_threads';
import { InvalidArgumentError, NnLabError } from '@nn-lab/core/errors';
import type { Batch, BatchSource } from '@nn-lab/core/training';
import * as tf from '@tensorflow/tfjs';

/**
 * Batches that another thread can make for itself: an exported function of a module that, called with
 * the settings, gives a `BatchSource`.
 */
export interface BatchTask {
  /** Address of the module, such as `new URL('./my-batches.js', import.meta.url).href`. */
  readonly module: string;
  /** Name of the exported function. */
  readonly factory: string;
  /** What it is called with: plain data. */
  readonly settings: unknown;
}

/** Options of {@link batchesInThread}. */
export interface BatchesInThreadOptions {
  /** What the thread runs; the built file beside this one by default. */
  readonly worker?: URL;
}

/** Batches from another thread. */
export interface ThreadedBatchSource extends BatchSource {
  /** True once a thread works, false once this one does instead, undefined before the first batch. */
  readonly threaded: boolean | undefined;
  batch(epoch: number, index: number): Promise<Batch>;
  /** Ends the thread and disposes `inline`. What still waits is refused. */
  dispose(): void;
}

/** What the thread is asked for. */
export interface BatchRequest {
  readonly id: number;
  readonly epoch: number;
  readonly index: number;
}

/** A tensor on its way between threads. */
export interface SentTensor {
  readonly values: Float32Array | Int32Array | Uint8Array;
  readonly shape: number[];
  readonly dtype: 'float32' | 'int32' | 'bool';
}

/** An error on its way between threads. */
export interface SentError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
}

/** What the thread answers; the first reply, without an id, tells whether it can work. */
export interface BatchReply {
  readonly id?: number;
  readonly error?: SentError;
  readonly inputs?: SentTensor | SentTensor[];
  readonly targets?: SentTensor | SentTensor[];
}

/**
 * Makes batches in another thread, so that the next one is made while the network trains on this one
 * (`trainModel` asks ahead). They are the same bytes as those of `inline`.
 *
 * The thread starts with the first batch and does not keep the program alive while nothing is asked of
 * it. Where none can be started, `inline` makes the batches.
 *
 * @param inline - The same batches, made in this thread; belongs to the result, which disposes it.
 * @param task - How another thread makes them.
 *
 * @example
 * ```ts
 * const settings = { seed: 42, batchSize: 64, batchesPerEpoch: 50 };
 * const source = batchesInThread(freshCourseBatches(settings), {
 *   module: import.meta.resolve('@nn-lab/clock'),
 *   factory: 'freshCourseBatches',
 *   settings,
 * });
 * await trainModel(model, source, { epochs: 3, loss });
 * source.dispose();
 * ```
 */
export function batchesInThread(
  inline: BatchSource,
  task: BatchTask,
  options: BatchesInThreadOptions = {},
): ThreadedBatchSource {
  const { worker = new URL('./batch-thread-worker.js', import.meta.url) } = options;
  return new BatchThread(inline, task, worker);
}

interface Waiting {
  resolve(batch: Batch): void;
  reject(error: Error): void;
}

class BatchThread implements ThreadedBatchSource {
  readonly batchSize: number;
  readonly batchesPerEpoch: number;
  threaded: boolean | undefined;
  readonly #inline: BatchSource;
  readonly #task: BatchTask;
  readonly #module: URL;
  readonly #waiting = new Map<number, Waiting>();
  #started: Promise<Worker | undefined> | undefined;
  #nextId = 0;
  /** Why there are no more batches. */
  #ended: Error | undefined;

  constructor(inline: BatchSource, task: BatchTask, module: URL) {
    this.batchSize = inline.batchSize;
    this.batchesPerEpoch = inline.batchesPerEpoch;
    this.#inline = inline;
    this.#task = task;
    this.#module = module;
  }

  async batch(epoch: number, index: number): Promise<Batch> {
    if (this.#ended) throw this.#ended;
    this.#started ??= this.#start();
    const worker = await this.#started;
    if (this.#ended) throw this.#ended;
    if (!worker) return this.#inline.batch(epoch, index);
    return new Promise((resolve, reject) => {
      const request: BatchRequest = { id: this.#nextId++, epoch, index };
      this.#waiting.set(request.id, { resolve, reject });
      worker.ref();
      worker.postMessage(request);
    });
  }

  dispose(): void {
    if (this.#ended) return;
    this.#end(new NnLabError('The batch source is disposed: make another one.'));
    // A termination under way does not keep the program alive, and nobody can be told of its end.
    void this.#started?.then((worker) => worker?.terminate()).catch(() => {});
    this.#inline.dispose?.();
  }

  async #start(): Promise<Worker | undefined> {
    const worker = await startWorker(this.#module, this.#task);
    this.threaded = worker !== undefined;
    worker?.on('message', (reply: BatchReply) => this.#receive(reply, worker));
    worker?.on('error', (error) => this.#end(error));
    worker?.on('exit', (code) =>
      this.#end(new NnLabError(`The thread that makes batches ended with code ${code}.`)),
    );
    worker?.unref();
    return worker;
  }

  #receive(reply: BatchReply, worker: Worker): void {
    const waiting = this.#waiting.get(reply.id!);
    if (!waiting) return;
    this.#waiting.delete(reply.id!);
    if (this.#waiting.size === 0) worker.unref();
    if (reply.error) waiting.reject(receivedError(reply.error));
    else {
      waiting.resolve({
        inputs: receivedTensors(reply.inputs!),
        targets: receivedTensors(reply.targets!),
      });
    }
  }

  #end(reason: Error): void {
    this.#ended ??= reason;
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}

/** A thread that has made its source, or undefined where none can run. */
async function startWorker(module: URL, task: BatchTask): Promise<Worker | undefined> {
  let worker: Worker;
  try {
    worker = new Worker(module, { workerData: task });
  } catch {
    return undefined;
  }
  const reply = await new Promise<BatchReply | undefined>((resolve) => {
    const first = (reply?: BatchReply) => {
      worker.off('message', first).off('error', failed).off('exit', failed);
      resolve(reply);
    };
    const failed = () => first();
    worker.once('message', first).once('error', failed).once('exit', failed);
  });
  if (reply && !reply.error) return worker;
  await worker.terminate();
  if (reply?.error) throw receivedError(reply.error);
  return undefined;
}

function receivedTensors(sent: SentTensor | SentTensor[]): tf.Tensor | tf.Tensor[] {
  if (Array.isArray(sent)) return sent.map(receivedTensor);
  return receivedTensor(sent);
}

function receivedTensor({ values, shape, dtype }: SentTensor): tf.Tensor {
  return tf.tensor(values, shape, dtype);
}

/** An error of the thread as one of this thread. */
function receivedError({ name, message, stack }: SentError): Error {
  const error =
    name === 'InvalidArgumentError' ? new InvalidArgumentError(message) : new Error(message);
  if (error.name !== name) Object.defineProperty(error, 'name', { value: name });
  if (stack !== undefined) error.stack = stack;
  return error;
}
