import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { checkInBrowser } from './browser.mjs';
import { checkInNode, entriesOf } from './node.mjs';
import { checkTypes } from './types.mjs';

/** The entries of core that need TensorFlow.js; all others do without. */
const needsTfjs = ['', '/node', '/browser', '/training', '/backend'].map(
  (room) => `@nn-lab/core${room}`,
);

/** A short run of each command, in an order in which each finds what it needs. */
const commands = {
  'nn-perceptron': [
    ['train', '--out', 'runs/perceptron'],
    ['evaluate', '--model', 'runs/perceptron'],
    ['reproduce', '--out', 'runs/perceptron-course'],
  ],
  'nn-xor': [['reproduce', '--count', '5', '--out', 'runs/xor']],
};

/**
 * Uses the packages that need no TensorFlow.js in a project that does not have it: entries, types,
 * commands and a page. What needs it says in one line how to install it.
 */
export async function checkWithoutTfjs(setting) {
  const { work, packages, tarballs, installInto, check, run } = setting;
  const lean = packages.filter(({ manifest }) => !manifest.peerDependencies?.['@tensorflow/tfjs']);
  if (lean.length === 0) return;
  const consumer = join(work, 'consumer-without-tfjs');
  const needed = withDependencies(lean, packages);
  const installed = await check('install perceptron and xor without TensorFlow.js', async () => {
    await installInto(
      consumer,
      needed.map(({ folder }) => tarballs.get(folder)),
    );
    const modules = await readdir(join(consumer, 'node_modules'));
    if (modules.includes('@tensorflow')) throw new Error('npm installed TensorFlow.js.');
  });
  if (!installed) return;

  const core = packages.find(({ folder }) => folder === 'core');
  const plainRooms = entriesOf(core.manifest, ['node', 'import', 'default']).filter(
    (entry) => !needsTfjs.includes(entry),
  );
  const here = { ...setting, consumer, packages: lean };
  await checkInNode(here);
  await checkTypes({ ...here, entries: plainRooms, skipLibCheck: false });
  await check('import the rooms of core that need no TensorFlow.js', async () => {
    const script = `await Promise.all(${JSON.stringify(plainRooms)}.map((room) => import(room)));`;
    await run(process.execPath, ['--input-type=module', '-e', script], { cwd: consumer });
  });
  for (const [bin, calls] of Object.entries(commands)) {
    const path = join(consumer, 'node_modules/.bin', bin);
    const there = await access(path).then(
      () => true,
      () => false,
    );
    for (const args of there ? calls : []) {
      await check(`${bin} ${args[0]} without TensorFlow.js`, async () => {
        const { stdout } = await run(path, [...args, '--json'], {
          cwd: consumer,
          maxBuffer: 2 ** 26,
          timeout: 120_000,
        });
        JSON.parse(stdout);
      });
    }
  }
  await checkInBrowser(here);
  await checkMissing({ ...setting, consumer });
}

/** The packages and what they depend on among ours. */
function withDependencies(wanted, packages) {
  const found = new Set(wanted);
  for (const { manifest } of found) {
    for (const name of Object.keys(manifest.dependencies ?? {})) {
      const ours = packages.find((one) => one.manifest.name === name);
      if (ours) found.add(ours);
    }
  }
  return [...found];
}

async function checkMissing({ consumer, packages, tarballs, check, run }) {
  await check('core without TensorFlow.js names what is missing', async () => {
    const script = `await import('@nn-lab/core/node');`;
    const { stderr } = await run(process.execPath, ['--input-type=module', '-e', script], {
      cwd: consumer,
    }).catch((error) => error);
    if (!stderr?.includes("Cannot find package '@tensorflow/tfjs'")) throw new Error(stderr);
  });
  for (const { folder, manifest } of packages) {
    if (!manifest.peerDependencies?.['@tensorflow/tfjs'] || !manifest.bin) continue;
    for (const bin of Object.keys(manifest.bin)) {
      await check(`${bin} without TensorFlow.js says in one line what to install`, async () => {
        const install = ['install', '--no-save', '--legacy-peer-deps', '--prefer-offline'];
        await run('npm', [...install, '--ignore-scripts', '--no-audit', tarballs.get(folder)], {
          cwd: consumer,
        });
        const outcome = await run(join(consumer, 'node_modules/.bin', bin), ['--help'], {
          cwd: consumer,
        }).catch((error) => error);
        const expected = `${bin}: @tensorflow/tfjs is not installed. Install it with: npm i @tensorflow/tfjs\n`;
        if (outcome.code !== 1 || outcome.stderr !== expected) {
          throw new Error(`Expected ${expected}got exit ${outcome.code ?? 0}: ${outcome.stderr}`);
        }
      });
    }
  }
}
