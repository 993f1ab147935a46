// Runs one scenario of the threads' tests on the built package and prints its outcome as JSON.
import { Worker } from 'node:worker_threads';
import { compileWasm, startThreads, threadHost, useSimdBackend } from '../../dist/node.js';
import { buildTestModule } from './module.mjs';

const start = 65536;
const scratch = { address: 2 * start, bytes: 64 };

async function startPool(threads, options = {}) {
  const { module } = await compileWasm(await buildTestModule(), { shared: true });
  const memory = new WebAssembly.Memory({ initial: 4, maximum: 64, shared: true });
  const pool = await startThreads(module, memory, { threads, host: threadHost, ...options });
  return { pool, numbers: new Int32Array(memory.buffer, start) };
}

function errorOf(run) {
  try {
    run();
    return undefined;
  } catch ({ name, message }) {
    return { name, message };
  }
}

/** Node's threads; `prelude` is run before each, and the workers are told to `onWorker`. */
function hostWith(prelude, onWorker = () => {}) {
  return {
    ...threadHost,
    start(main, data, { ready, ended }) {
      const worker = new Worker(
        `${prelude}; const { parentPort, workerData } = require('node:worker_threads');` +
          `(${main})(workerData, () => parentPort.postMessage('ready'));`,
        { eval: true, workerData: data },
      );
      onWorker(worker);
      worker.once('message', () => {
        worker.unref();
        ready();
      });
      worker.once('exit', (code) => ended(new Error(`exit code ${code}`)));
      return { stop: () => void worker.terminate() };
    },
  };
}

async function train() {
  const tf = await import('@tensorflow/tfjs');
  tf.enableProdMode();
  await useSimdBackend({ threads: 2 });
  const model = tf.sequential({ layers: [tf.layers.dense({ units: 300, inputShape: [300] })] });
  model.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
  const x = tf.ones([256, 300]);
  const losses = [];
  for (let step = 0; step < 5; step++) losses.push(await model.trainOnBatch(x, x));
  return { threads: tf.backend().threads, falls: losses[4] < losses[0] };
}

const scenarios = {
  /** Threads that sleep. */
  async idle() {
    const { pool, numbers } = await startPool(4);
    pool.run('count', Array(40).fill([start, 1]));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const { user, system } = process.cpuUsage(before);
    return { counted: numbers[0], share: (user + system) / 1e6 };
  },
  /** A thread that computes for ever. */
  async busy() {
    const { pool } = await startPool(2, { stallMilliseconds: 300 });
    const call = [start, scratch.address];
    return {
      first: errorOf(() => pool.run('strand', [call, call], scratch)),
      later: errorOf(() => pool.run('count', [[start, 1]])),
    };
  },
  /** A thread that is ended while it sleeps. */
  async killedIdle() {
    const workers = [];
    const host = hostWith('', (worker) => workers.push(worker));
    const { pool, numbers } = await startPool(3, { host });
    pool.run('count', Array(40).fill([start, 1]));
    await workers[1].terminate();
    await new Promise((resolve) => setImmediate(resolve));
    return {
      counted: numbers[0],
      error: errorOf(() => pool.run('count', Array(40).fill([start, 1]))),
    };
  },
  /** A thread that is ended in the middle of a job: before it tells that its call has returned. */
  async killedBusy() {
    const prelude =
      'Atomics.add = ((add) => (words, at, value) =>' +
      ' words[48] === 2 && at === 16 ? process.exit(7) : add(words, at, value))(Atomics.add)';
    const { pool } = await startPool(2, { host: hostWith(prelude), stallMilliseconds: 300 });
    const call = [start, 0, scratch.address];
    const first = errorOf(() => pool.run('meet', [call, call], scratch));
    return { first, later: errorOf(() => pool.run('count', [[start, 1]])) };
  },
  async backend() {
    return train();
  },
  /** The backend in a thread of the program's own. */
  async worker() {
    const worker = new Worker(new URL(import.meta.url), { argv: ['backend'] });
    return new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
  },
};

// No scenario exits by hand: that the program ends by itself is part of what is tested.
const outcome = await scenarios[process.argv[2]]();
const { isMainThread, parentPort } = await import('node:worker_threads');
if (isMainThread) console.log(JSON.stringify(outcome));
else parentPort.postMessage(outcome);
