// The course's trainings to convergence on its digits (or the embedded ones where NN_LAB_DATA has
// none), beside vectorised NumPy where python3 has it. Run after a build:
// node bench/perceptron.mjs [--json]
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { courseOptions } from '../dist/course/index.js';
import { Perceptron } from '../dist/index.js';
import { loadRows } from '../dist/node/load-rows.js';

const { train, origin } = await loadRows('digits16', undefined);
const results = {};
for (const method of ['batch', 'online', 'averaged']) {
  const options = method === 'averaged' ? {} : courseOptions(method);
  const times = [];
  let cpu = Number.POSITIVE_INFINITY;
  let training;
  for (let round = 0; round < 9; round++) {
    const perceptron = new Perceptron(options);
    const began = performance.now();
    const used = process.cpuUsage();
    ({ training } = await perceptron.fit(train.x, train.labels));
    times.push((performance.now() - began) / 1000);
    cpu = Math.min(cpu, process.cpuUsage(used).user / 1e6);
  }
  times.sort((a, b) => a - b);
  const { epochs, trainCorrect } = training;
  results[method] = { epochs, trainCorrect, seconds: times[4], fastest: times[0], cpu };
}
const numpy = await runNumPy();

if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ origin, ...results, numpy }));
} else {
  console.log(`${origin}, ${train.x.rows} rows of ${train.x.columns}`);
  for (const [method, { epochs, seconds, fastest, cpu }] of Object.entries(results)) {
    const peer = numpy?.[method];
    const beside = peer
      ? `; NumPy ${numpy.numpy} ${ms(peer.seconds)} (fastest of 3, ${peer.epochs} epochs), ratio ${(peer.seconds / fastest).toFixed(1)}`
      : '';
    console.log(
      `${method}: ${ms(seconds)} (median of 9, fastest ${ms(fastest)}, least processor time ${ms(cpu)}; ${epochs} epochs)${beside}`,
    );
  }
  if (!numpy) console.log('NumPy: not found (python3 with numpy on the path, or PYTHON)');
}

function ms(seconds) {
  return `${(1000 * seconds).toFixed(0)} ms`;
}

async function runNumPy() {
  const script = fileURLToPath(
    new URL('../../../tools/peers/perceptron_bench.py', import.meta.url),
  );
  const folder = await mkdtemp(join(tmpdir(), 'nn-perceptron-bench-'));
  try {
    const file = join(folder, 'rows');
    await writeFile(file, Float64Array.from([...train.x.values, ...train.labels]));
    const { rows, columns } = train.x;
    for (const python of [process.env.PYTHON, 'python3', '/usr/bin/python3'].filter(Boolean)) {
      try {
        const { stdout } = await promisify(execFile)(python, [
          script,
          file,
          ...[rows, columns, train.classNames.length].map(String),
        ]);
        return JSON.parse(stdout);
      } catch {
        // It is not there, or has no NumPy: the next may.
      }
    }
    return undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
