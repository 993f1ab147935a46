import * as tf from '@tensorflow/tfjs';
import { anything, callback, checkOptions, type OptionChecks } from '../checks/index.js';
import { InvalidArgumentError, NnLabError } from '../errors.js';
import type { Batch, BatchSource, InputBatch } from './batch-source.js';

/** Makes the batches that settings describe. */
export type BatchSourceFactory<Settings, B extends InputBatch = Batch> = (
  settings: Settings,
) => BatchSource<B> | Promise<BatchSource<B>>;

/** Options of `batchesInThread`. */
export interface BatchesInThreadOptions<Settings, B extends InputBatch = Batch> {
  /** What the thread's function is called with: plain data. */
  readonly settings?: Settings;
  /**
   * Makes the same batches in this thread where no other can be started; it is called with the
   * settings. Without it, that is an error.
   */
  readonly inline?: BatchSourceFactory<Settings, B>;
}

/** What the settings and the batches are, the factory has to know. */
interface UncheckedOptions {
  readonly settings?: unknown;
  readonly inline?: unknown;
}

const batchesInThreadChecks: OptionChecks<UncheckedOptions> = {
  settings: anything,
  inline: callback,
};

/** Batches from another thread. */
export interface ThreadedBatchSource<B extends InputBatch = Batch> extends BatchSource<B> {
  /** Whether a thread makes them; false where `inline` does. */
  readonly threaded: boolean;
  batch(epoch: number, index: number): Promise<B>;
  /** Ends the thread. What still waits is refused. */
  dispose(): void;
}

/** One end of the line between two threads. */
export interface ThreadPort {
  post(message: object, transfer?: ArrayBuffer[]): void;
  onMessage(listener: (message: unknown) => void): void;
}

/** The line to a thread that was started. */
export interface Thread extends ThreadPort {
  /** The listener is called when the thread fails or ends. */
  onEnd(listener: (reason: Error) => void): void;
  /** Keeps the program alive for it, or no longer. */
  hold(): void;
  release(): void;
  end(): void;
}

/** First, from the program: what to make. */
interface StartMessage {
  readonly nnLab: 'batches';
  readonly settings: unknown;
}

/** The answer, when the thread has its source. */
type StartReply =
  | { readonly batchSize: number; readonly batchesPerEpoch: number }
  | { readonly error: SentError };

/** Then: a batch to make, and the batch. */
interface BatchRequest {
  readonly id: number;
  readonly epoch: number;
  readonly index: number;
}
type BatchReply =
  | { readonly id: number; readonly batch: SentBatch }
  | { readonly id: number; readonly error: SentError };

/** The tensors of a batch on their way between threads. */
type SentBatch = Readonly<Record<string, SentTensor | SentTensor[]>>;

interface SentTensor {
  readonly values: Float32Array | Int32Array | Uint8Array;
  readonly shape: number[];
  readonly dtype: 'float32' | 'int32' | 'bool';
}

interface SentError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
}

/**
 * The batches of a thread.
 *
 * @param start - Starts the thread; throws where that cannot be done.
 */
export async function batchesOfThread<Settings, B extends InputBatch>(
  start: () => Thread,
  options: BatchesInThreadOptions<Settings, B>,
): Promise<ThreadedBatchSource<B>> {
  checkOptions<UncheckedOptions>(options, batchesInThreadChecks);
  const { settings } = options;
  let thread: Thread;
  try {
    thread = start();
  } catch (error) {
    return withoutThread(error as Error, options);
  }
  let reply: StartReply | Error;
  try {
    reply = await firstReply(thread, { nnLab: 'batches', settings });
    if ('error' in reply) throw receivedError(reply.error);
  } catch (error) {
    thread.end();
    throw error;
  }
  if (!(reply instanceof Error)) return new BatchThread(thread, reply);
  thread.end();
  return withoutThread(reply, options);
}

/** What a thread says first, or why it cannot say anything. */
function firstReply(thread: Thread, message: StartMessage): Promise<StartReply | Error> {
  return new Promise((resolve) => {
    thread.onMessage((reply) => resolve(reply as StartReply));
    thread.onEnd(resolve);
    thread.post(message);
  });
}

async function withoutThread<Settings, B extends InputBatch>(
  cause: Error,
  { settings, inline }: BatchesInThreadOptions<Settings, B>,
): Promise<ThreadedBatchSource<B>> {
  if (inline) return inThisThread(await inline(settings as Settings));
  throw new NnLabError(
    `No thread that makes batches can be started (${cause.message}). Give \`inline\` to make them in this thread instead.`,
    { cause },
  );
}

function inThisThread<B extends InputBatch>(source: BatchSource<B>): ThreadedBatchSource<B> {
  return {
    batchSize: source.batchSize,
    batchesPerEpoch: source.batchesPerEpoch,
    threaded: false,
    batch: async (epoch, index) => source.batch(epoch, index),
    dispose: () => source.dispose?.(),
  };
}

interface Waiting<B> {
  resolve(batch: B): void;
  reject(error: Error): void;
}

class BatchThread<B extends InputBatch> implements ThreadedBatchSource<B> {
  readonly batchSize: number;
  readonly batchesPerEpoch: number;
  readonly threaded = true;
  readonly #thread: Thread;
  readonly #waiting = new Map<number, Waiting<B>>();
  #nextId = 0;
  /** Why there are no more batches. */
  #ended: Error | undefined;

  constructor(thread: Thread, sizes: { batchSize: number; batchesPerEpoch: number }) {
    this.batchSize = sizes.batchSize;
    this.batchesPerEpoch = sizes.batchesPerEpoch;
    this.#thread = thread;
    thread.onMessage((reply) => this.#receive(reply as BatchReply));
    thread.onEnd((reason) => this.#end(reason));
    thread.release();
  }

  async batch(epoch: number, index: number): Promise<B> {
    if (this.#ended) throw this.#ended;
    return new Promise((resolve, reject) => {
      const request: BatchRequest = { id: this.#nextId++, epoch, index };
      this.#waiting.set(request.id, { resolve, reject });
      this.#thread.hold();
      this.#thread.post(request);
    });
  }

  dispose(): void {
    if (this.#ended) return;
    this.#end(new NnLabError('The batch source is disposed: make another one.'));
    this.#thread.end();
  }

  #receive(reply: BatchReply): void {
    const waiting = this.#waiting.get(reply.id);
    if (!waiting) return;
    this.#waiting.delete(reply.id);
    if (this.#waiting.size === 0) this.#thread.release();
    if ('error' in reply) waiting.reject(receivedError(reply.error));
    else waiting.resolve(receivedBatch(reply.batch) as unknown as B);
  }

  #end(reason: Error): void {
    this.#ended ??= reason;
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}

/**
 * What runs in the thread: makes the source when it is told the settings, and answers requests in
 * order.
 */
export function serveBatchesTo<Settings, B extends InputBatch>(
  port: ThreadPort,
  createBatches: BatchSourceFactory<Settings, B>,
): void {
  let source: BatchSource<B>;
  let served: Promise<void> = Promise.resolve();
  const reply = (message: StartReply | BatchReply, transfer?: ArrayBuffer[]) =>
    port.post(message, transfer);

  const begin = async (settings: Settings) => {
    try {
      tf.enableProdMode(); // the plain backend that holds the batches prints a banner otherwise
      await tf.setBackend('cpu');
      source = await createBatches(settings);
      const { batchSize, batchesPerEpoch } = source;
      reply({ batchSize, batchesPerEpoch });
    } catch (error) {
      reply({ error: sentError(error) });
    }
  };
  const answer = async ({ id, epoch, index }: BatchRequest) => {
    try {
      const batch = await sentBatch(await source.batch(epoch, index));
      const tensors = Object.values(batch).flat();
      reply(
        { id, batch },
        tensors.map(({ values }) => values.buffer as ArrayBuffer),
      );
    } catch (error) {
      reply({ id, error: sentError(error) });
    }
  };
  port.onMessage((message) => {
    if (isStart(message)) served = begin(message.settings as Settings);
    else if (source && isRequest(message)) served = served.then(() => answer(message));
  });
}

// A worker that a program uses for other things as well gets messages of other kinds.
function isStart(message: unknown): message is StartMessage {
  return (message as Partial<StartMessage> | null)?.nnLab === 'batches';
}

function isRequest(message: unknown): message is BatchRequest {
  const { id, epoch, index } = (message ?? {}) as Partial<BatchRequest>;
  return [id, epoch, index].every(Number.isInteger);
}

async function sentBatch(batch: InputBatch): Promise<SentBatch> {
  const sent: Record<string, SentTensor | SentTensor[]> = {};
  for (const [name, tensors] of Object.entries(batch) as [string, tf.Tensor | tf.Tensor[]][]) {
    sent[name] = Array.isArray(tensors)
      ? await Promise.all(tensors.map(sentTensor))
      : await sentTensor(tensors);
  }
  return sent;
}

async function sentTensor(tensor: tf.Tensor): Promise<SentTensor> {
  try {
    // A copy, for the source may keep the array that the tensor was made of.
    const values = (await tensor.data()).slice();
    return { values, shape: tensor.shape, dtype: tensor.dtype as SentTensor['dtype'] };
  } finally {
    tensor.dispose();
  }
}

function receivedBatch(sent: SentBatch): Record<string, tf.Tensor | tf.Tensor[]> {
  return Object.fromEntries(
    Object.entries(sent).map(([name, tensors]) => [
      name,
      Array.isArray(tensors) ? tensors.map(receivedTensor) : receivedTensor(tensors),
    ]),
  );
}

function receivedTensor({ values, shape, dtype }: SentTensor): tf.Tensor {
  return tf.tensor(values, shape, dtype);
}

function sentError(error: unknown): SentError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), stack: undefined };
  return { name: error.name, message: error.message, stack: error.stack };
}

/** An error of the thread as one of this thread. */
function receivedError({ name, message, stack }: SentError): Error {
  const error =
    name === 'InvalidArgumentError' ? new InvalidArgumentError(message) : new Error(message);
  if (error.name !== name) Object.defineProperty(error, 'name', { value: name });
  if (stack !== undefined) error.stack = stack;
  return error;
}
