// Packs every public package, installs the tarballs into an empty project as a user would, and
// uses them there: in Node, from TypeScript, and in a browser from a page that Vite built.
//
//   node tools/smoke-packed.mjs [--all] [--keep] [package ...]
//
// With --all also in what else people use, which it installs: other bundlers, Next, test runners,
// Bun, Deno, other versions of Node and TypeScript. A package is named by its folder. One line a check; the
// last line is `N passed, N failed`.
import { execFile } from 'node:child_process';
import {
  access,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { checkInBrowser } from './smoke/browser.mjs';
import { checkBundlers } from './smoke/bundlers.mjs';
import { checkExamples } from './smoke/examples.mjs';
import { checkImportMap } from './smoke/import-map.mjs';
import { checkLinks } from './smoke/links.mjs';
import { checkNext } from './smoke/next.mjs';
import { checkInNode } from './smoke/node.mjs';
import { checkRuntimes, runtimes } from './smoke/runtimes.mjs';
import { checkTestRunners } from './smoke/test-runners.mjs';
import { checkTypes } from './smoke/types.mjs';
import { checkWithoutTfjs } from './smoke/without-tfjs.mjs';

const run = promisify(execFile);
const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const args = process.argv.slice(2);
const all = args.includes('--all');
const keep = args.includes('--keep');
const wanted = args.filter((arg) => !arg.startsWith('--'));

const counts = { passed: 0, failed: 0, skipped: 0 };

/** Runs one check: what it throws is its failure, a returned text is said beside its name. */
async function check(name, work) {
  try {
    const note = await work();
    counts.passed++;
    console.log(`passed   ${name}${note ? ` (${note})` : ''}`);
    return true;
  } catch (error) {
    counts.failed++;
    console.log(`FAILED   ${name}\n${failureText(error).replace(/^/gm, '         ')}`);
    return false;
  }
}

/** The first lines of what went wrong; a program's own words rather than how it was called. */
function failureText(error) {
  const spoken = [error.stdout, error.stderr].filter(Boolean).join('\n').trim();
  const lines = (spoken || error.message).split('\n').filter((line) => line.trim() !== '');
  const stack = /^\s+at (?:.*\(?node:|async |.*node_modules)/;
  return lines
    .filter((line) => !stack.test(line))
    .slice(0, 16)
    .join('\n');
}

function skip(name, why) {
  counts.skipped++;
  console.log(`skipped  ${name}: ${why}`);
}

const packages = (await readPackages()).filter(
  ({ folder }) => wanted.length === 0 || wanted.includes(folder),
);
const work = await realpath(await mkdtemp(join(tmpdir(), 'nn-lab-smoke-')));
try {
  const tarballs = await packAll();
  const consumer = join(work, 'consumer');
  const setting = { root, work, consumer, packages, tarballs, installInto, check, skip, run };
  if (
    await check('install the tarballs into an empty project', () => install(consumer, tarballs))
  ) {
    await checkInNode(setting);
    await checkTypes(setting);
    await checkLinks(setting);
    await checkInBrowser(setting);
    await checkImportMap(setting);
    await checkExamples(setting);
    await checkWithoutTfjs(setting);
    if (all) await checkElsewhere(setting);
  }
} finally {
  if (keep) console.log(`kept ${work}`);
  else await rm(work, { recursive: true, force: true });
}
if (counts.skipped > 0) console.log(`${counts.skipped} skipped`);
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed > 0 ? 1 : 0;

/** What takes minutes and hundreds of megabytes. */
async function checkElsewhere(setting) {
  const tools = [
    'esbuild@0.28',
    'webpack@5',
    'webpack-cli@7',
    'rollup@4',
    '@rollup/plugin-commonjs@29',
    '@rollup/plugin-node-resolve@16',
    'parcel@2',
    'buffer@6', // with process, what Parcel puts in the place of Node's
    'process@0.11',
    'jest@30',
    'vitest@4',
    'jsdom@26',
    ...runtimes,
  ];
  const installed = await check('install other tools', () => npmInstall(setting.consumer, tools));
  if (installed) {
    await checkTestRunners(setting);
    await checkRuntimes(setting);
    await checkBundlers(setting);
  }
  await checkNext(setting);
}

/** The public packages, with what their package.json says. */
async function readPackages() {
  const folders = (await readdir(join(root, 'packages'))).sort();
  const found = [];
  for (const folder of folders) {
    const path = join(root, 'packages', folder);
    const text = await readFile(join(path, 'package.json'), 'utf8').catch(() => undefined);
    const manifest = text && JSON.parse(text);
    if (manifest && !manifest.private) found.push({ folder, path, manifest });
  }
  return found;
}

async function packAll() {
  const tarballs = new Map();
  for (const { folder, path, manifest } of packages) {
    await check(`pack ${folder}`, async () => {
      const { stdout } = await run(
        'npm',
        ['pack', '--json', '--ignore-scripts', '--pack-destination', work],
        { cwd: path, maxBuffer: 2 ** 26 },
      );
      const [{ filename, files, unpackedSize }] = JSON.parse(stdout);
      tarballs.set(folder, join(work, filename));
      const names = new Set(files.map((file) => file.path));
      const missing = [...targetsOf(manifest)].filter((target) => !names.has(target));
      if (missing.length > 0) {
        throw new Error(
          `The tarball lacks ${missing.join(', ')}, which package.json points at. Build first: npx nx run-many -t build`,
        );
      }
      for (const name of ['README.md', 'LICENSE']) {
        if (!names.has(name)) throw new Error(`The tarball lacks ${name}.`);
      }
      const stray = [...names].filter((name) =>
        /(^|\/)(test|bench|node_modules)\/|\.tsbuildinfo$/.test(name),
      );
      if (stray.length > 0) throw new Error(`The tarball holds ${stray.slice(0, 5).join(', ')}.`);
      return `${files.length} files, ${(unpackedSize / 1024).toFixed(0)} KiB`;
    });
  }
  return tarballs;
}

/** Every file that exports and bin point at. */
function targetsOf(manifest) {
  const targets = new Set();
  const visit = (value) => {
    if (typeof value === 'string') targets.add(value.replace(/^\.\//, ''));
    else if (value) Object.values(value).forEach(visit);
  };
  visit(manifest.exports);
  visit(manifest.bin);
  return targets;
}

/** Installs packages into a new, empty project. */
async function installInto(folder, wanted) {
  await mkdir(folder);
  const manifest = { name: 'consumer', version: '1.0.0', private: true, type: 'module' };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  await npmInstall(folder, wanted);
}

async function npmInstall(folder, wanted) {
  await run(
    'npm',
    ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', ...wanted],
    { cwd: folder, maxBuffer: 2 ** 26, timeout: 600_000 },
  );
}

async function install(consumer, tarballs) {
  const tfjs = packages.map(({ manifest }) => manifest.peerDependencies?.['@tensorflow/tfjs']);
  const peers = tfjs.some(Boolean) ? [`@tensorflow/tfjs@${tfjs.find(Boolean)}`] : [];
  await installInto(consumer, [...tarballs.values(), ...peers]);
  const copies = [];
  for (const { manifest } of packages) {
    for (const { manifest: owner } of packages) {
      const nested = join(consumer, 'node_modules', owner.name, 'node_modules');
      for (const name of [manifest.name, '@tensorflow/tfjs']) {
        const found = await access(join(nested, name)).then(
          () => true,
          () => false,
        );
        if (found) copies.push(`${name} inside ${owner.name}`);
      }
    }
  }
  if (copies.length > 0) throw new Error(`There are second copies: ${copies.join(', ')}.`);
}
