// Puts the reader of a finished run into @nn-lab/clock, so that it reads clocks without training:
//
//   npx nx run clock:train --seed=42 --out=runs/clock/seed42    (and 43, 44)
//   node tools/embed-clock-reader.mjs runs/clock/seed42 runs/clock/seed43 runs/clock/seed44
//
// Then `npm run format`. Writes the weights of the first run as a module that is loaded when asked for, and the metrics of
// all of them beside the package's README.
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const runs = process.argv.slice(2);
const [run] = runs;
if (!run) {
  console.error('Expected a run folder: node tools/embed-clock-reader.mjs runs/clock/quick');
  process.exit(2);
}
const clock = resolve(dirname(fileURLToPath(import.meta.url)), '../packages/clock');
const manifest = JSON.parse(await readFile(join(run, 'model/model.json'), 'utf8')).weightsManifest;
const metrics = await Promise.all(
  runs.map(async (folder) => JSON.parse(await readFile(join(folder, 'metrics.json'), 'utf8'))),
);
const files = manifest.flatMap(({ paths }) => paths);
const bytes = Buffer.concat(
  await Promise.all(files.map((file) => readFile(join(run, 'model', file)))),
);
const specs = manifest.flatMap(({ weights }) => weights);
const names = specs.map(({ name }) => name);

await writeFile(
  join(clock, 'src/reader/pretrained-weights.ts'),
  `// Made by tools/embed-clock-reader.mjs from preset ${metrics[0].preset}, seed ${metrics[0].seed}. Do not edit.

/** Names of the weights in the order of their values. */
export const weightNames: readonly string[] = ${JSON.stringify(names)};

/** The values, little-endian float32, in base64. */
export const weightValues =
  '${bytes.toString('base64')}';
`,
);
await writeFile(
  join(clock, 'reader.metrics.json'),
  `${JSON.stringify({ runs: metrics }, null, 2)}\n`,
);
console.log(`${names.length} weights, ${bytes.length} bytes, from ${run}`);
