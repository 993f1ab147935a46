// Runs the specs that @tensorflow/tfjs-core publishes in its own package against the simd backend:
//   node conformance/run.mjs [--threads N] [--plain] [--filter TEXT] [--slow] [--backend simd|cpu]
//   node conformance/run.mjs --list-excluded
// Without --threads and --plain it does so four times: on one thread and on two, with relaxed SIMD and
// with plain. --backend cpu tells what tfjs's own backend fails.
// Prints what fails and ends with `N passed, N failed` over all runs. Exit code 1 on a failure.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { build } from 'vite';
import { exclusions } from './exclusions.mjs';

const folder = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const longestReason = 400;

const { values: flags } = parseArgs({
  options: {
    filter: { type: 'string', default: '' },
    backend: { type: 'string', default: 'simd' },
    'list-excluded': { type: 'boolean', default: false },
    threads: { type: 'string' },
    plain: { type: 'boolean', default: false },
    slow: { type: 'boolean', default: false },
  },
});

if (flags['list-excluded']) {
  if (exclusions.length === 0) console.log('No spec is excluded.');
  for (const { spec, reason } of exclusions) console.log(`${spec}\n  ${reason}`);
  process.exit(0);
}

const isOneRun = flags.threads !== undefined || flags.plain || flags.backend !== 'simd';
const { passed, failed } = await (isOneRun ? runOnce() : runAll());
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);

/** All four settings, one after the other, each in a process of its own. */
async function runAll() {
  const sum = { passed: 0, failed: 0 };
  for (const threads of ['1', '2']) {
    for (const plain of [[], ['--plain']]) {
      const setting = [`--threads=${threads}`, ...plain, `--filter=${flags.filter}`];
      const options = { maxBuffer: 2 ** 26, timeout: 600_000, killSignal: 'SIGKILL' };
      const program = [
        fileURLToPath(import.meta.url),
        ...setting,
        ...(flags.slow ? ['--slow'] : []),
      ];
      const { stdout, stderr } = await promisify(execFile)(
        process.execPath,
        [...process.execArgv, ...program],
        options,
      ).catch((error) => error);
      const lines = stdout.trimEnd().split('\n');
      const counts = lines.pop().match(/^(\d+) passed, (\d+) failed$/);
      console.log(lines.join('\n'));
      if (!counts) process.stderr.write(stderr);
      sum.passed += Number(counts?.[1] ?? 0);
      // A run that broke off, or in which nothing was tested, is a failure of its own.
      sum.failed += counts && counts[1] !== '0' ? Number(counts[2]) : 1;
    }
  }
  return sum;
}

/** One setting; prints what fails and a line on the whole. */
async function runOnce() {
  const outcome = await runSpecs();
  for (const { title, reasons } of outcome.failed) {
    console.log(`FAILED ${title}`);
    for (const reason of reasons) console.log(`  ${reason.slice(0, longestReason)}`);
  }
  if (flags.slow) {
    const slowest = outcome.durations.sort((a, b) => b.milliseconds - a.milliseconds).slice(0, 20);
    for (const { title, milliseconds } of slowest) console.log(`${milliseconds} ms ${title}`);
  }
  console.log(`${outcome.excluded.length} specs excluded${outcome.excluded.length > 0 ? ':' : ''}`);
  if (outcome.excluded.length > 0) {
    for (const { spec, reason } of exclusions) {
      const count = outcome.excluded.filter((title) => covers(spec, title)).length;
      if (count > 0) console.log(`  ${count} x ${spec}\n    ${reason}`);
    }
  }
  if (outcome.skipped > 0) {
    console.log(`${outcome.skipped} specs disabled by their authors`);
  }
  const { passed, failed } = outcome;
  console.log(`${outcome.setting}: ${passed} specs passed, ${failed.length} failed`);
  return { passed, failed: failed.length };
}

async function runSpecs() {
  const jasmine = require('jasmine-core').boot();
  jasmine.DEFAULT_TIMEOUT_INTERVAL = 60_000;
  globalThis.require = require;
  globalThis.conformance = {
    backendName: flags.backend,
    options: {
      relaxed: !flags.plain,
      ...(flags.threads === undefined ? {} : { threads: Number(flags.threads) }),
    },
  };
  // Some specs print what they profile; only the outcome is of interest here.
  const { log, warn } = console;
  console.log = () => {};
  console.warn = () => {};
  const bundleFolder = await mkdtemp(join(tmpdir(), 'simd-conformance-'));
  try {
    await import(pathToFileURL(await bundle(bundleFolder)).href);
    const outcome = await execute(jasmine);
    return { ...outcome, setting: await globalThis.conformance.describeBackend() };
  } finally {
    Object.assign(console, { log, warn });
    await rm(bundleFolder, { recursive: true, force: true });
  }
}

async function bundle(outDir) {
  await build({
    configFile: false,
    root: folder,
    logLevel: 'error',
    resolve: {
      conditions: ['@nn-lab/source', 'module', 'import', 'default'],
      mainFields: ['module', 'main'],
      dedupe: ['@tensorflow/tfjs-core'],
    },
    ssr: { noExternal: true, resolve: { conditions: ['@nn-lab/source', 'module', 'import'] } },
    build: {
      ssr: join(folder, 'specs.js'),
      outDir,
      target: 'node20',
      // The package declares its spec files free of side effects: nothing would be left of them.
      rolldownOptions: { treeshake: false },
    },
  });
  return join(outDir, 'specs.js');
}

async function execute(jasmine) {
  const outcome = { passed: 0, failed: [], excluded: [], skipped: 0, durations: [] };
  const environment = jasmine.getEnv();
  environment.configure({
    random: false,
    specFilter(spec) {
      const title = plainTitle(spec.getFullName());
      if (!title.includes(flags.filter)) return false;
      if (!exclusions.some((exclusion) => covers(exclusion.spec, title))) return true;
      outcome.excluded.push(title);
      return false;
    },
  });
  environment.addReporter({
    specDone({ fullName, status, failedExpectations, duration }) {
      const title = plainTitle(fullName);
      if (status === 'passed') outcome.passed++;
      if (status === 'pending') outcome.skipped++;
      if (status === 'failed') {
        outcome.failed.push({ title, reasons: failedExpectations.map(({ message }) => message) });
      }
      outcome.durations.push({ title, milliseconds: duration });
    },
    suiteDone: reportSuite,
    jasmineDone: reportSuite,
  });
  await environment.execute();
  return outcome;

  function reportSuite({ fullName = 'all specs', failedExpectations = [] }) {
    for (const { message } of failedExpectations) {
      outcome.failed.push({ title: plainTitle(fullName), reasons: [message] });
    }
  }
}

/** Without what tfjs's spec helper appends to a suite: the environment and its flags. */
function plainTitle(title) {
  return title.replaceAll(` ${flags.backend} {}`, '');
}

function covers(pattern, title) {
  return pattern.endsWith('*') ? title.startsWith(pattern.slice(0, -1)) : title === pattern;
}
