import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findChrome, visitFolder } from './browser.mjs';
import { checkServed, serverProgram } from './server.mjs';

const page = `import { useSimdBackend } from '@nn-lab/backend-simd';
import { loadDataset } from '@nn-lab/core/browser';
import * as tf from '@tensorflow/tfjs';

async function main() {
  await useSimdBackend({ threads: 2 });
  const ones = tf.ones([64, 64]);
  const [sum] = await tf.sum(tf.matMul(ones, ones)).data();
  const { train } = await loadDataset('digits16');
  return { sum, threads: tf.backend().threads, digits: train.count };
}
main().then(
  (value) => {
    window.outcome = { value };
  },
  (error) => {
    window.outcome = { error: String(error?.stack ?? error) };
  },
);
`;
const html =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>bundle</title><link rel="icon" href="data:,"><script type="module" src="./main.js"></script></html>';

const webpackConfig = (settings) => `export default {
  mode: 'production',
  optimization: { minimize: false },
  performance: { hints: false },
  ${settings}
};
`;

/** How each bundler builds `main.js` of a project into `dist`: settings, and the command line. */
const pages = {
  esbuild: { command: ['esbuild', 'main.js', '--bundle', '--format=esm', '--outdir=dist'] },
  webpack: {
    files: {
      'webpack.config.mjs': webpackConfig(
        "entry: './main.js', output: { path: import.meta.dirname + '/dist', filename: 'main.js' },",
      ),
    },
    command: ['webpack'],
  },
  rollup: {
    files: {
      'rollup.config.mjs': `import commonjs from '@rollup/plugin-commonjs';
import { nodeResolve } from '@rollup/plugin-node-resolve';
export default {
  input: 'main.js',
  plugins: [nodeResolve({ browser: true }), commonjs()],
  output: { dir: 'dist', format: 'es' },
};
`,
    },
    command: ['rollup', '-c'],
  },
  parcel: {
    command: [
      'parcel',
      'build',
      'index.html',
      '--dist-dir=dist',
      '--no-autoinstall',
      '--no-cache',
      '--no-optimize',
      '--no-source-maps',
    ],
    rootSettings: { '@parcel/resolver-default': { packageExports: true } },
  },
};

/** How each bundler builds a program for Node. */
const servers = {
  'esbuild, ESM': {
    command: [
      'esbuild',
      'main.js',
      '--bundle',
      '--platform=node',
      '--format=esm',
      '--outfile=dist/main.mjs',
      "--banner:js=import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
    ],
    output: 'dist/main.mjs',
  },
  'esbuild, CommonJS': {
    command: [
      'esbuild',
      'main.js',
      '--bundle',
      '--platform=node',
      '--log-override:empty-import-meta=silent',
      '--outfile=dist/main.cjs',
    ],
    output: 'dist/main.cjs',
  },
  'webpack, ESM': {
    files: {
      'webpack.config.mjs': webpackConfig(`target: 'node20',
  entry: './main.js',
  experiments: { outputModule: true },
  output: { path: import.meta.dirname + '/dist', filename: 'main.mjs', module: true },`),
    },
    command: ['webpack'],
    output: 'dist/main.mjs',
  },
};

/** Builds a page and a server with the bundlers that people use, and runs what they built. */
export async function checkBundlers(setting) {
  const { consumer, check, skip } = setting;
  const chrome = await findChrome();
  for (const [bundler, build] of Object.entries(pages)) {
    const name = `a page built by ${bundler}`;
    if (!chrome) {
      skip(name, 'no Chromium found');
      continue;
    }
    await check(name, async () => {
      const project = await prepare(setting, `page-${bundler}`, page, build);
      const dist = join(project, 'dist');
      if (bundler !== 'parcel') await writeFile(join(dist, 'index.html'), html);
      const got = JSON.stringify(await visitFolder(chrome, dist));
      const expected = JSON.stringify({ sum: 64 ** 3, threads: 2, digits: 1707 });
      if (got !== expected) throw new Error(`Expected ${expected}, got ${got}.`);
      return '2 threads';
    });
  }
  for (const [bundler, build] of Object.entries(servers)) {
    await check(`a program for Node built by ${bundler}`, async () => {
      const folder = `server-${bundler.replace(/\W+/g, '-')}`;
      const project = await prepare(setting, folder, serverProgram, build);
      return checkServed(setting, process.execPath, [join(project, build.output)], consumer);
    });
  }
}

async function prepare({ consumer, run }, folder, source, { files = {}, command, rootSettings }) {
  const project = join(consumer, folder);
  await mkdir(join(project, 'dist'), { recursive: true });
  await writeFile(join(project, 'main.js'), source);
  await writeFile(join(project, 'index.html'), html);
  for (const [name, text] of Object.entries(files)) await writeFile(join(project, name), text);
  const manifest = join(consumer, 'package.json');
  if (rootSettings) {
    await cp(manifest, `${manifest}.kept`);
    const settings = { ...JSON.parse(await readFile(manifest, 'utf8')), ...rootSettings };
    await writeFile(manifest, JSON.stringify(settings));
  }
  try {
    const [tool, ...args] = command;
    await run(join(consumer, 'node_modules/.bin', tool), args, {
      cwd: project,
      maxBuffer: 2 ** 26,
      timeout: 400_000,
    });
  } finally {
    if (rootSettings) await cp(`${manifest}.kept`, manifest);
  }
  return project;
}
