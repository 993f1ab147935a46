// One measurement in a process of its own, so that neither compiled code nor memory of another one
// matters. bench.mjs starts it with a JSON argument and gets one message back: units a second by the
// median step, and the most memory that the process ever had.
import { engines } from './engines.mjs';
import { rows, workOfStep } from './rows.mjs';
import { median } from './table.mjs';

const { engine, row, threads, plain, seconds } = JSON.parse(process.argv[2]);
const entry = rows.find((candidate) => candidate.row === row);
const batchSize = entry.batchSizeOf?.[engine] ?? entry.batchSize;

const { start, simd } = await engines[engine]({ threads, plain });
const { step, dispose } = start(row, batchSize);
// The plain JavaScript backend takes seconds a step, against which its warm-up is nothing.
if (engine !== 'tfjsCpu') await timesOfSteps(seconds / 2);
const rate = workOfStep(entry, batchSize) / median(await timesOfSteps(seconds));
dispose();
process.send({ rate, peakMiB: process.resourceUsage().maxRSS / 1024, simd }, () => process.exit());

/** Seconds of each of as many steps as fit into the time given, at least one. */
async function timesOfSteps(budget) {
  const times = [];
  const begin = performance.now();
  while (times.length === 0 || performance.now() - begin < budget * 1000) {
    const before = performance.now();
    await step();
    times.push((performance.now() - before) / 1000);
  }
  return times;
}
