// Trains a small CNN with batch normalisation and Adam for many steps and fails if memory grows: the
// tensors, and the bytes that they use and that are reserved for them, must be after the last step
// exactly what they were after step 100; the process, rid of garbage, may grow by 64 MiB (compiled
// code, pages that the JavaScript heap keeps for later).
// node bench/soak.mjs [--steps N] [--threads N] [--plain]
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as tf from '@tensorflow/tfjs';
import { useSimdBackend } from '../dist/node.js';
import { networks } from './networks.mjs';

const { values: flags } = parseArgs({
  options: {
    steps: { type: 'string', default: '10000' },
    threads: { type: 'string', default: String(availableParallelism()) },
    plain: { type: 'boolean', default: false },
  },
});
const [steps, threads] = [Number(flags.steps), Number(flags.threads)];
const settled = 100;
const allowedGrowth = 64;
if (!(Number.isInteger(steps) && steps > settled)) {
  console.error(`--steps must be a whole number above ${settled}, got ${flags.steps}.`);
  process.exit(2);
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');
await useSimdBackend({ threads, ...(flags.plain ? { relaxed: false } : {}) });
console.log(`${steps} steps on ${tf.backend().threads} threads`);
const { step, dispose } = networks.soak(32);
const begin = performance.now();
let before;
let firstLoss;
let loss;
for (let done = 1; done <= steps; done++) {
  loss = await step();
  firstLoss ??= loss;
  if (done === settled) before = memoryWithoutGarbage();
  if (done % Math.ceil(steps / 20) === 0) report(done);
}
const after = memoryWithoutGarbage();
dispose();

const grown = Object.keys(after).filter((name) =>
  name === 'processMiB' ? after[name] - before[name] > allowedGrowth : after[name] !== before[name],
);
for (const [name, value] of Object.entries(after)) {
  const mark = grown.includes(name) ? '  <- must not' : '';
  console.log(
    `${name}: ${before[name]} after step ${settled}, ${value} after step ${steps}${mark}`,
  );
}
if (!(loss < firstLoss / 2)) {
  console.error(`The loss went from ${firstLoss} to ${loss}: this was no training.`);
  process.exitCode = 1;
}
if (grown.length > 0) {
  console.error(`Memory did not stay the same: ${grown.join(', ')}.`);
  process.exitCode = 1;
}

function memoryWithoutGarbage() {
  collectGarbage();
  return memory();
}

function memory() {
  const { numTensors, numDataBuffers, heapBytesInUse, heapBytesReserved } = tf.memory();
  const processMiB = Math.round(process.memoryUsage.rss() / 2 ** 20);
  return { numTensors, numDataBuffers, heapBytesInUse, heapBytesReserved, processMiB };
}

function report(done) {
  const seconds = (performance.now() - begin) / 1000;
  const left = (seconds / done) * (steps - done);
  const rate = (done / seconds).toFixed(0);
  console.log(
    `step ${done}: loss ${loss.toFixed(4)}, ${rate} steps/s, ${left.toFixed(0)} s left, ` +
      `${memory().processMiB} MiB`,
  );
}
