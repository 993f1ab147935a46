// Which engines this machine has, and how each is measured: in a child process that ends afterwards.
import { execFile, fork } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const measureScript = fileURLToPath(new URL('measure.mjs', import.meta.url));
const torchScript = fileURLToPath(new URL('../../../tools/peers/torch_bench.py', import.meta.url));
const timeout = 600_000;

const packages = {
  tfjsCpu: '@tensorflow/tfjs',
  tfjsWasm: '@tensorflow/tfjs-backend-wasm',
  tfjsNode: '@tensorflow/tfjs-node',
  jaxJs: '@jax-js/jax',
};

let python;

/** The version of every peer, null for an absent one. */
export async function findPeers() {
  const versions = { torch: await findTorch() };
  for (const [column, name] of Object.entries(packages)) versions[column] = await versionOf(name);
  return versions;
}

/** Measures a row: `{ rate, peakMiB }`, and for ours `simd`, which says how it was compiled. */
export function measure(column, row, { threads, plain, seconds }) {
  if (column === 'torch') return measureTorch(row, threads, seconds);
  const engine = column.startsWith('simd') ? 'simd' : column;
  return measureHere({ engine, row, threads: column === 'simd1' ? 1 : threads, plain, seconds });
}

async function measureHere(task) {
  const child = fork(measureScript, [JSON.stringify(task)], { silent: true, timeout });
  let errors = '';
  child.stderr.on('data', (text) => {
    errors += text;
  });
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      const reason = errors.split('\n').find((line) => /^\w*Error/.test(line));
      reject(new Error(reason ?? `the process ended with ${signal ?? code}`));
    });
  });
}

// By default the threads of OpenMP spin while they wait. Where a step is as short as the MLP's, the
// system may then give two of them the same core for milliseconds, and most of PyTorch's speed is
// lost. Sleeping threads are never slower, so that is what PyTorch gets in the table.
const sleeping = { OMP_WAIT_POLICY: 'PASSIVE' };

async function measureTorch(row, threads, seconds, settings = sleeping) {
  const parameters = [torchScript, String(threads), String(seconds), row];
  const env = { ...process.env, ...settings };
  const { stdout } = await run(python, parameters, { env, timeout });
  return JSON.parse(stdout);
}

/**
 * What PyTorch's MLP gives with each way of waiting, in images a second by the median step (`rate`)
 * and by the mean step (`meanRate`).
 */
export async function measureTorchWaiting(threads, seconds) {
  const spinning = { OMP_WAIT_POLICY: undefined };
  return {
    spinning: await measureTorch('mlp', threads, seconds, spinning),
    sleeping: await measureTorch('mlp', threads, seconds),
    oneThread: await measureTorch('mlp', 1, seconds),
  };
}

async function findTorch() {
  const candidates = [process.env.PYTHON, 'python3', '/usr/bin/python3'].filter(Boolean);
  for (const candidate of candidates) {
    try {
      const { stdout } = await run(candidate, ['-c', 'import torch; print(torch.__version__)']);
      python = candidate;
      return stdout.trim();
    } catch {
      // Not there, or without torch: the next may have it.
    }
  }
  return null;
}

async function versionOf(name) {
  try {
    const [folder] = import.meta.resolve(name).split(`/node_modules/${name}/`);
    const manifest = new URL(`${folder}/node_modules/${name}/package.json`);
    return JSON.parse(await readFile(manifest, 'utf8')).version;
  } catch {
    return null;
  }
}
