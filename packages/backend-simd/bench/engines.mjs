// The engines that the bench compares, each in the process that calls `start`. An engine that is not
// installed, or that cannot do a row, rejects.
import { networks } from './networks.mjs';

/** By engine: makes it current in this process and gives `start(row, batchSize)`. */
export const engines = {
  simd: startSimd,
  tfjsWasm: startStockWasm,
  tfjsCpu: () => startStock('cpu'),
  tfjsNode: startTfjsNode,
  jaxJs: async () => (await import('./jax-networks.mjs')).startJax(),
};

const start = (row, batchSize) => networks[row](batchSize);

async function startSimd({ threads, plain }) {
  const tf = await import('@tensorflow/tfjs');
  const { useSimdBackend } = await import('../dist/node.js');
  await useSimdBackend({ threads, ...(plain ? { relaxed: false } : {}) });
  const backend = tf.backend();
  if (backend.threads !== threads) {
    throw new Error(`The simd backend runs on ${backend.threads} threads, not on ${threads}.`);
  }
  return { start, simd: backend.relaxed ? 'relaxed' : 'plain' };
}

async function startStock(name) {
  const tf = await import('@tensorflow/tfjs');
  await tf.setBackend(name);
  await tf.ready();
  if (tf.getBackend() !== name) throw new Error(`tfjs did not start its ${name} backend.`);
  return { start };
}

/** Not a dependency: a variable names it, so that no tool takes it for one. */
async function startTfjsNode() {
  const name = '@tensorflow/tfjs-node';
  await import(name);
  return startStock('tensorflow');
}

async function startStockWasm() {
  await import('@tensorflow/tfjs-backend-wasm');
  const engine = await startStock('wasm');
  const { registerFilterGradient } = await import('./stock-filter-gradient.mjs');
  await registerFilterGradient('wasm');
  return engine;
}
