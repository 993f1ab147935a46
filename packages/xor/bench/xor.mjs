// The course's first run, 7,899 evaluations, beside NumPy where python3 has it. Run after a build:
// node bench/xor.mjs [--json]
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { RandomState } from '@nn-lab/core/random';
import { measureSuccess, trainXor } from '../dist/index.js';

const initial = new RandomState(42).normal(0, 1, 9);
const times = [];
for (let run = 0; run < 25; run++) {
  const began = performance.now();
  const { evaluations } = await trainXor(initial, { learningRate: 0.3 });
  if (evaluations !== 7899) throw new Error(`Expected 7,899 evaluations, got ${evaluations}.`);
  times.push(performance.now() - began);
}
const [first] = times;
const median = times.sort((a, b) => a - b)[12];

const began = performance.now();
await measureSuccess(2, 'normal', { count: 1000 });
const study = (performance.now() - began) / 1000;
const numpy = await runNumPy();

if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ firstMs: first, medianMs: median, studySeconds: study, numpy }));
} else {
  console.log(
    `7,899 evaluations: ${median.toFixed(2)} ms (median of 25; the first, not yet compiled, ${first.toFixed(2)} ms)`,
  );
  console.log(
    numpy
      ? `NumPy ${numpy.numpy}, all cases at once: ${(1000 * numpy.seconds).toFixed(0)} ms; ratio ${((1000 * numpy.seconds) / median).toFixed(0)}`
      : 'NumPy: not found (python3 with numpy on the path, or PYTHON)',
  );
  console.log(`1,000 initialisations at learning rate 2: ${study.toFixed(2)} s`);
}

async function runNumPy() {
  const script = fileURLToPath(new URL('../../../tools/peers/xor_bench.py', import.meta.url));
  for (const python of [process.env.PYTHON, 'python3', '/usr/bin/python3'].filter(Boolean)) {
    try {
      const { stdout } = await promisify(execFile)(python, [script]);
      return JSON.parse(stdout);
    } catch {
      // It is not there, or has no NumPy: the next may.
    }
  }
  return undefined;
}
