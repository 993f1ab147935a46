// What a batch thread runs: it makes its source, says so, and answers requests in order.
import { parentPort, workerData } from 'node:worker_threads';
import { InvalidArgumentError } from '@nn-lab/core/errors';
import type { BatchSource } from '@nn-lab/core/training';
import * as tf from '@tensorflow/tfjs';
import type { BatchReply, BatchRequest, BatchTask, SentError, SentTensor } from './batch-thread.js';

if (parentPort) await serve(parentPort, workerData as BatchTask);

async function serve(port: NonNullable<typeof parentPort>, task: BatchTask): Promise<void> {
  tf.enableProdMode(); // the plain backend that holds the batches prints a banner otherwise
  let served: Promise<void> = Promise.resolve();
  try {
    const source = await makeSource(task);
    port.on('message', (request: BatchRequest) => {
      served = served.then(() => answer(port, source, request));
    });
    port.postMessage({} satisfies BatchReply);
  } catch (error) {
    port.postMessage({ error: sentError(error) } satisfies BatchReply);
  }
}

async function makeSource(task: BatchTask): Promise<BatchSource> {
  const exported: unknown = ((await import(task.module)) as Record<string, unknown>)[task.factory];
  if (typeof exported !== 'function') {
    throw new InvalidArgumentError(
      `Expected ${task.module} to export a function ${task.factory}, got ${typeof exported}.`,
    );
  }
  return (await exported(task.settings)) as BatchSource;
}

async function answer(
  port: NonNullable<typeof parentPort>,
  source: BatchSource,
  { id, epoch, index }: BatchRequest,
): Promise<void> {
  try {
    const { inputs, targets } = await source.batch(epoch, index);
    const reply = { id, inputs: await sentTensors(inputs), targets: await sentTensors(targets) };
    const buffers = [reply.inputs, reply.targets].flat().map(({ values }) => values.buffer);
    port.postMessage(reply satisfies BatchReply, buffers as ArrayBuffer[]);
  } catch (error) {
    port.postMessage({ id, error: sentError(error) } satisfies BatchReply);
  }
}

async function sentTensors(tensors: tf.Tensor | tf.Tensor[]): Promise<SentTensor | SentTensor[]> {
  return Array.isArray(tensors) ? Promise.all(tensors.map(sentTensor)) : sentTensor(tensors);
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

function sentError(error: unknown): SentError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), stack: undefined };
  return { name: error.name, message: error.message, stack: error.stack };
}
