// Where the processor time of a training step goes: milliseconds a step for each kernel.
// node bench/profile.mjs [clock|cifar|mlp|reader] [--plain] [--shapes]
import * as tf from '@tensorflow/tfjs';
import { backendName, useSimdBackend } from '../dist/node.js';
import { networks, randomBatch } from './networks.mjs';

const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
await useSimdBackend(process.argv.includes('--plain') ? { relaxed: false } : {});

/** Processor time so far, in milliseconds: unlike the clock's it ignores what else is running. */
function processorTime() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const milliseconds = new Map();
const calls = new Map();
let own = [0];
for (const { kernelName, kernelFunc } of tf.getKernelsForBackend(backendName)) {
  tf.unregisterKernel(kernelName, backendName);
  tf.registerKernel({
    kernelName,
    backendName,
    kernelFunc(call) {
      own.push(0);
      const start = processorTime();
      try {
        return kernelFunc(call);
      } finally {
        const all = processorTime() - start;
        const inner = own.pop();
        own[own.length - 1] += all;
        const shape = Object.values(call.inputs)[0]?.shape ?? [];
        const name = process.argv.includes('--shapes') ? `${kernelName} ${shape}` : kernelName;
        milliseconds.set(name, (milliseconds.get(name) ?? 0) + all - inner);
        calls.set(name, (calls.get(name) ?? 0) + 1);
      }
    },
  });
}

for (const network of networks) {
  if (names.length > 0 && !names.includes(network.torch)) continue;
  const model = network.build();
  const { inputs, targets } = randomBatch(network);
  const step = async () => tf.dispose(await model.trainOnBatch(inputs, targets));
  const steps = network.torch === 'mlp' ? 100 : 4;
  for (let i = 0; i < Math.ceil(steps / 2); i++) await step();
  milliseconds.clear();
  calls.clear();
  own = [0];
  const start = processorTime();
  for (let i = 0; i < steps; i++) await step();
  const total = (processorTime() - start) / steps;
  console.log(`${network.name}: ${total.toFixed(2)} ms a step`);
  let rest = total;
  for (const [name, sum] of [...milliseconds].sort(([, a], [, b]) => b - a)) {
    rest -= sum / steps;
    if (sum / steps < total / 200) continue;
    const count = (calls.get(name) ?? 0) / steps;
    console.log(`  ${(sum / steps).toFixed(3).padStart(9)} ms  ${name} x ${count}`);
  }
  console.log(`  ${rest.toFixed(3).padStart(9)} ms  outside of the kernels`);
  tf.dispose([inputs, targets]);
  model.dispose();
}
