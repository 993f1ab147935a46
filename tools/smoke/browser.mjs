import { access, cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { entriesOf } from './node.mjs';

const samples = join(dirname(fileURLToPath(import.meta.url)), 'samples');
const conditions = ['module', 'browser', 'import', 'default'];

/**
 * Builds a page with Vite for each sample in `samples/`, runs it in Chromium, and compares what it
 * computes with what the same sample computes in Node. A sample is named for the folder of the
 * package it uses and gets that package's `./browser` entry, in Node its `./node` entry; it returns
 * `exact` values, which must be equal, and `close` numbers, which may differ in the last digits.
 */
export async function checkInBrowser({ root, consumer, packages, check, skip, run }) {
  const chrome = await findChrome();
  for (const { folder, manifest } of packages) {
    const sample = join(samples, `${folder}.mjs`);
    const entry = `${manifest.name}/browser`;
    const hasEntry = entriesOf(manifest, conditions).includes(entry);
    const hasSample = await exists(sample);
    if (!hasEntry || !hasSample) continue;

    const project = join(consumer, `page-${folder}`);
    const built = await check(`build a page with ${entry} by Vite`, () =>
      buildPage({ root, project, consumer, folder, entry, sample }),
    );
    if (!built) continue;
    const name = `run the page with ${entry} in Chromium`;
    if (!chrome) {
      skip(
        name,
        'no Chromium found; install chromium, or set CHROME_PATH to a browser of its kind',
      );
      continue;
    }
    await check(name, async () => {
      const expected = await runInNode({ consumer, folder, manifest, run });
      const got = await visitFolder(chrome, join(project, 'dist'));
      compare(got, expected);
      return got.note;
    });
  }
}

async function buildPage({ project, consumer, folder, entry, sample }) {
  await mkdir(project);
  await cp(sample, join(project, 'sample.mjs'));
  await cp(sample, join(consumer, `sample-${folder}.mjs`));
  await writeFile(
    join(project, 'index.html'),
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>smoke</title><link rel="icon" href="data:,"><script type="module" src="./main.js"></script></html>',
  );
  await writeFile(
    join(project, 'main.js'),
    `import * as api from '${entry}';
import { sample } from './sample.mjs';
try {
  window.outcome = { value: await sample(api) };
} catch (error) {
  window.outcome = { error: String(error?.stack ?? error) };
}
`,
  );
  const { build } = await import('vite');
  const warnings = [];
  const logger = {
    info() {},
    warn: (text) => warnings.push(text),
    warnOnce: (text) => warnings.push(text),
    error: (text) => warnings.push(text),
    clearScreen() {},
    hasErrorLogged: () => false,
    hasWarned: false,
  };
  await build({
    configFile: false,
    root: project,
    base: './',
    logLevel: 'warn',
    customLogger: logger,
    build: { target: 'es2022', chunkSizeWarningLimit: 8192, modulePreload: false },
  });
  const externalized = warnings.filter((text) => /externalized|node:/.test(text));
  if (externalized.length > 0) {
    throw new Error(
      `The page draws in modules of Node:\n${externalized.join('\n').slice(0, 2000)}`,
    );
  }
  const assets = join(project, 'dist/assets');
  let bytes = 0;
  for (const file of await readdir(assets)) bytes += (await readFile(join(assets, file))).length;
  return `${(bytes / 1024).toFixed(0)} KiB of assets`;
}

async function runInNode({ consumer, folder, manifest, run }) {
  const entries = entriesOf(manifest, ['node', 'import', 'default']);
  const entry = entries.includes(`${manifest.name}/node`) ? `${manifest.name}/node` : manifest.name;
  const script = `import * as api from '${entry}';
import { sample } from './sample-${folder}.mjs';
process.stdout.write(JSON.stringify(await sample(api)));
process.exit();`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], {
    cwd: consumer,
    timeout: 120_000,
  });
  return JSON.parse(stdout);
}

/** What a page leaves in `window.outcome`; throws with whatever went wrong in it. */
export async function visit(executablePath, address) {
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage();
    const errors = [];
    page.on('pageerror', (error) => errors.push(`page error: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(`console error: ${message.text()}`);
    });
    page.on('requestfailed', (request) => errors.push(`request failed: ${request.url()}`));
    page.on('response', (response) => {
      if (response.status() >= 400) errors.push(`${response.status()} for ${response.url()}`);
    });
    await page.goto(address);
    await page
      .waitForFunction(() => window.outcome !== undefined, undefined, { timeout: 120_000 })
      .catch((error) => errors.push(error.message));
    const outcome = await page.evaluate(() => window.outcome);
    if (outcome?.error) errors.push(outcome.error);
    if (errors.length > 0) throw new Error(errors.join('\n'));
    return outcome.value;
  } finally {
    await browser.close();
  }
}

/** Visits the page in a folder, as {@link visit} does. */
export async function visitFolder(executablePath, folder) {
  const server = await serve(folder);
  try {
    return await visit(executablePath, server.url);
  } finally {
    server.close();
  }
}

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
};

/** Serves a folder as an isolated page, which may share memory between threads. */
async function serve(folder) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const path = join(folder, normalize(pathname === '/' ? '/index.html' : pathname));
    const bytes = path.startsWith(folder) && (await readFile(path).catch(() => undefined));
    response.writeHead(bytes ? 200 : 404, {
      'content-type': types[extname(path)] ?? 'application/octet-stream',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
    });
    response.end(bytes || 'not found');
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

function compare(got, expected) {
  const [inBrowser, inNode] = [JSON.stringify(got.exact), JSON.stringify(expected.exact)];
  if (inBrowser !== inNode) throw new Error(`In Chromium ${inBrowser}, in Node ${inNode}.`);
  for (const [name, value] of Object.entries(expected.close ?? {})) {
    const other = got.close[name];
    if (!(Math.abs(value - other) <= 1e-3 * Math.max(1e-6, Math.abs(value)))) {
      throw new Error(`${name} is ${other} in Chromium and ${value} in Node.`);
    }
  }
}

export async function findChrome() {
  const places = [
    process.env.CHROME_PATH,
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ];
  for (const place of places) if (place && (await exists(place))) return place;
  return undefined;
}

function exists(path) {
  return access(path).then(
    () => true,
    () => false,
  );
}
