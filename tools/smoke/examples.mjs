// Runs every example that a command's help prints, as it is printed, in a folder with the files that
// the examples speak of. What would take minutes is stopped once it is at work.
import { spawn } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What a call of many minutes says once it is at work, and is stopped then. */
const atWork = [
  // The checkpoint that the next example resumes from is written after a step.
  { call: /clock train( --preset course)?$/, says: /^Training [^(]*\/s/m },
  { call: /clock train --resume$/, says: /Resuming from .*checkpoint/ },
  { call: /classifier reproduce/, says: /^Digits: /m },
  { call: /classifier map( --method tsne)?$/, says: /^Mapping /m },
  { call: /--dataset mnist/, says: /^(Mapping|Training) /m },
];

/** Where a data set is not to be had, its examples come this far. */
const noData = /mnist was not found|No place has|could not be found/i;

export async function checkExamples({ consumer, packages, check }) {
  for (const { folder, manifest } of packages) {
    for (const bin of Object.keys(manifest.bin ?? {})) {
      const place = join(consumer, `examples-${folder}`);
      await prepare(place, consumer);
      for (const call of await examplesOf(join(consumer, 'node_modules/.bin', bin), place)) {
        if (!/--resume|evaluate|classify|read/.test(call)) {
          const made = call.includes('render') ? 'clocks' : join('runs', folder, runOf(call));
          await rm(join(place, made), { recursive: true, force: true });
        }
        await check(`example: ${call}`, () => runAsPrinted(call, place));
      }
    }
  }
}

/** Every example of a program's help and of its commands' helps, each once, in order. */
async function examplesOf(bin, place) {
  const help = await textOf(bin, ['--help'], place);
  const commands = [...help.split('\nCommands:\n')[1].matchAll(/^ {2}([a-z]+) /gm)].map(
    ([, name]) => name,
  );
  const helps = [help];
  for (const name of commands) helps.push(await textOf(bin, [name, '--help'], place));
  const calls = helps.flatMap((text) =>
    (text.split('\nExamples:\n')[1] ?? '').split('\n').map((line) => line.trim()),
  );
  const isLong = (call) => atWork.some((one) => one.call.test(call));
  // The long ones first: what they leave half done is not what the others look for.
  return [...new Set(calls.filter((line) => line !== '' && !line.startsWith('#')))].sort(
    (a, b) => isLong(b) - isLong(a),
  );
}

/** The run folder's own name: the preset's, or the command's where there are none. */
function runOf(call) {
  const preset = /--preset (\w+)/.exec(call)?.[1];
  if (preset) return preset;
  if (/clock train/.test(call)) return 'quick';
  if (/perceptron train/.test(call)) return 'averaged';
  return / (train|map|reproduce)\b/.exec(call)?.[1] ?? '';
}

async function textOf(bin, args, cwd) {
  const { code, stdout, stderr } = await ended(spawn(bin, args, { cwd, env: environment() }));
  if (code !== 0) throw new Error(`${bin} ${args.join(' ')} ended with ${code}: ${stderr}`);
  return stdout;
}

async function runAsPrinted(call, cwd) {
  const expected = atWork.find((one) => one.call.test(call));
  const child = spawn('sh', ['-c', `exec ${call}`], { cwd, env: environment(), detached: true });
  let stopped = false;
  const { code, stdout, stderr } = await ended(child, (text) => {
    if (stopped || !expected?.says.test(text)) return;
    stopped = true;
    process.kill(-child.pid, 'SIGINT');
  });
  // npx, which gets Ctrl-C too, may leave with a code of its own.
  if (stopped && /Stopped\.|Done before/.test(stderr)) return 'stopped at work';
  if (code === 0) return undefined;
  if (expected && noData.test(stderr)) return 'no data set here';
  throw Object.assign(new Error(`It ended with ${code}.`), { stdout, stderr });
}

function ended(child, onStderr = () => {}) {
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text) => {
    stdout += text;
  });
  child.stderr.on('data', (text) => {
    stderr += text;
    onStderr(stderr);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

function environment() {
  const { NN_LAB_DATA: _, FORCE_COLOR: __, ...env } = process.env;
  return { ...env, npm_config_yes: 'false', COLUMNS: '80' };
}

/** The files that the examples speak of. */
async function prepare(place, consumer) {
  await mkdir(join(place, 'course'), { recursive: true });
  const datasets = join(consumer, 'node_modules/@nn-lab/core/dist/datasets/index.js');
  const { encodePng, loadEmbeddedDigits } = await import(pathToFileURL(datasets));
  const { train, test } = await loadEmbeddedDigits();
  const rowsOf = ({ images, count }, rows = count) =>
    Array.from({ length: rows }, (_, row) =>
      [...images.subarray(256 * row, 256 * (row + 1))].map((value) => value.toFixed(3)).join(','),
    ).join('\n');
  for (const [name, part] of Object.entries({ train, test })) {
    await writeFile(join(place, `course/${name}_in.csv`), rowsOf(part));
    await writeFile(join(place, `course/${name}_out.csv`), [...part.labels].join('\n'));
  }
  for (const name of ['rows.csv', 'data.csv']) {
    await writeFile(join(place, name), rowsOf(train, 120));
  }
  await writeFile(join(place, 'classes.csv'), [...train.labels.subarray(0, 120)].join('\n'));
  const dark = Uint8Array.from(train.images.subarray(0, 256), (value) => 127.5 * (1 - value));
  const picture = encodePng({ width: 16, height: 16, channels: 1, data: dark });
  for (const name of ['seven.png', 'photo.jpg']) await writeFile(join(place, name), picture);
}
