// Speed of training and of matrix products beside PyTorch on the same machine in the same run, where
// /usr/bin/python3 (or $PYTHON) has torch. Fastest step of each; one thread here, two of PyTorch's.
// node bench/bench.mjs [gemm|clock|cifar|mlp|reader ...] [--plain] [--json]
import { execFile } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { useSimdBackend } from '../dist/node.js';
import { networks, randomBatch } from './networks.mjs';

const run = promisify(execFile);
const torchScript = fileURLToPath(new URL('../../../tools/peers/torch_bench.py', import.meta.url));
const torchThreads = 2;
const seconds = 4;

const flags = new Set(process.argv.slice(2).filter((argument) => argument.startsWith('--')));
const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const wanted = (name) => names.length === 0 || names.includes(name);

/** Seconds of the fastest of as many calls as fit into the time given. */
async function fastest(call) {
  await call();
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const start = performance.now();
    await call();
    best = Math.min(best, performance.now() - start);
  }
  return best / 1000;
}

async function imagesPerSecond(network) {
  const model = network.build();
  const { inputs, targets } = randomBatch(network);
  const time = await fastest(async () => tf.dispose(await model.trainOnBatch(inputs, targets)));
  tf.dispose([inputs, targets]);
  model.dispose();
  return network.batchSize / time;
}

async function gigaflops(transposeA, transposeB) {
  const size = 1024;
  const a = tf.randomUniform([size, size], -1, 1, 'float32', 1);
  const b = tf.randomUniform([size, size], -1, 1, 'float32', 2);
  const time = await fastest(async () => tf.dispose(tf.matMul(a, b, transposeA, transposeB)));
  tf.dispose([a, b]);
  return (2 * size ** 3) / time / 1e9;
}

/** The same work on PyTorch, or undefined without it. */
async function torch(name) {
  try {
    const python = process.env.PYTHON ?? '/usr/bin/python3';
    const { stdout } = await run(python, [torchScript, String(torchThreads), name]);
    return JSON.parse(stdout);
  } catch {
    return undefined;
  }
}

const rows = [];
function report(name, unit, ours, theirs) {
  rows.push({ name, unit, simd: ours, torch: theirs });
  if (flags.has('--json')) return;
  const peer = theirs ? `torch ${theirs.toFixed(1)} (${(ours / theirs).toFixed(2)}x)` : 'no torch';
  console.log(`${name.padEnd(60)} ${ours.toFixed(1).padStart(8)} ${unit}   ${peer}`);
}

await useSimdBackend(flags.has('--plain') ? { relaxed: false } : {});
const { relaxed } = tf.backend();
let peer;
if (wanted('gemm')) {
  peer = await torch('gemm');
  for (const [transposeA, transposeB] of [
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ]) {
    const letters = `${transposeA ? 't' : 'n'}${transposeB ? 't' : 'n'}`;
    const ours = await gigaflops(transposeA, transposeB);
    report(`matrix product 1024³, ${letters}`, 'GFLOP/s', ours, peer?.results.gemm);
  }
}
for (const network of networks) {
  if (!wanted(network.torch)) continue;
  const ours = await imagesPerSecond(network);
  peer = await torch(network.torch);
  report(network.name, 'images/s', ours, peer?.results[network.torch]);
}
const machine = {
  cpu: cpus()[0]?.model.trim(),
  node: process.version,
  simd: relaxed ? 'relaxed' : 'plain',
  threads: 1,
  torch: peer ? { version: peer.torch, threads: peer.threads } : undefined,
};
if (flags.has('--json')) console.log(JSON.stringify({ machine, rows }, null, 2));
else console.log(JSON.stringify(machine));
