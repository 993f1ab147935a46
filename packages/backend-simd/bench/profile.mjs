// Where the time of a training step goes: milliseconds a step in each kernel, by the clock and, over
// all threads, of the processor (which other work on the machine does not stretch).
// node bench/profile.mjs [ROW ...] [--threads N] [--plain] [--shapes]
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { backendName, useSimdBackend } from '../dist/node.js';
import { networks } from './networks.mjs';
import { rows } from './rows.mjs';

const { values: flags, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: 'string', default: String(availableParallelism()) },
    plain: { type: 'boolean', default: false },
    shapes: { type: 'boolean', default: false },
  },
});
const threads = Number(flags.threads);
const secondsPerRow = 4;

await useSimdBackend({ threads, ...(flags.plain ? { relaxed: false } : {}) });
const kernels = new Map();
/** For each kernel now running, innermost last, the time of those that it called. */
let inner = [zero()];
for (const kernel of tf.getKernelsForBackend(backendName)) {
  tf.unregisterKernel(kernel.kernelName, backendName);
  tf.registerKernel({ ...kernel, kernelFunc: timed(kernel) });
}

console.log(`${threads} threads, ${tf.backend().relaxed ? 'relaxed' : 'plain'} SIMD`);
for (const { row, title, batchSize } of rows) {
  if (names.length === 0 || names.includes(row)) await profile(row, title, batchSize);
}

async function profile(row, title, batchSize) {
  const { step, dispose } = networks[row](batchSize);
  await stepsOf(step, secondsPerRow / 4);
  kernels.clear();
  inner = [zero()];
  const start = now();
  const steps = await stepsOf(step, secondsPerRow);
  const total = over(since(start), steps);
  dispose();
  console.log(`\n${row}: ${title}\n  clock ms  processor ms`);
  let rest = total;
  for (const [name, { calls, ...time }] of [...kernels].sort(([, a], [, b]) => b.clock - a.clock)) {
    const own = over(time, steps);
    rest = minus(rest, own);
    if (own.clock >= total.clock / 200) printLine(own, `${name} x ${+(calls / steps).toFixed(1)}`);
  }
  printLine(rest, 'outside of the kernels');
  printLine(total, 'a step');
}

function timed({ kernelName, kernelFunc }) {
  return (call) => {
    inner.push(zero());
    const start = now();
    try {
      return kernelFunc(call);
    } finally {
      const whole = since(start);
      const own = minus(whole, inner.pop());
      inner.push(plus(inner.pop(), whole));
      const shape = flags.shapes ? ` ${Object.values(call.inputs)[0]?.shape ?? ''}` : '';
      const name = kernelName + shape;
      const { calls, ...time } = kernels.get(name) ?? { calls: 0, ...zero() };
      kernels.set(name, { calls: calls + 1, ...plus(time, own) });
    }
  };
}

/** Runs steps for so many seconds, at least two, and gives their number. */
async function stepsOf(step, seconds) {
  const begin = performance.now();
  let steps = 0;
  for (; steps < 2 || performance.now() - begin < seconds * 1000; steps++) await step();
  return steps;
}

function now() {
  const { user, system } = process.cpuUsage();
  return { clock: performance.now(), processor: (user + system) / 1000 };
}

function zero() {
  return { clock: 0, processor: 0 };
}

function since(start) {
  return minus(now(), start);
}

function plus(a, b) {
  return { clock: a.clock + b.clock, processor: a.processor + b.processor };
}

function minus(a, b) {
  return { clock: a.clock - b.clock, processor: a.processor - b.processor };
}

function over({ clock, processor }, count) {
  return { clock: clock / count, processor: processor / count };
}

function printLine({ clock, processor }, name) {
  console.log(`${clock.toFixed(3).padStart(10)}${processor.toFixed(3).padStart(14)}  ${name}`);
}
