import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OnPage } from './page.js';
import type { Training } from './training.js';

const executablePath = [
  process.env.CHROME_PATH,
  '/usr/bin/chromium',
  '/usr/bin/google-chrome',
].find((path) => path !== undefined && existsSync(path));
if (!executablePath) {
  console.info('browser tests skipped: have Chromium by apt install chromium, or CHROME_PATH');
}

const steps = 60;
const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

declare const onPage: OnPage;
declare const nnLabSimd: { useSimdBackend(): Promise<void>; kernelsInFallback(): string[] };

let folder: string;
let server: Server;
let browser: Browser;

/** The headers of each kind of page; isolated ones may share memory between threads. */
const headersOf: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  plain: {},
  isolated: {
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
  },
  'without-wasm': { 'content-security-policy': "script-src 'self'" },
  'with-wasm': { 'content-security-policy': "script-src 'self' 'wasm-unsafe-eval'" },
};

/** Serves what the pages need, under /kind/. */
async function serve(): Promise<Server> {
  const tfjs = createRequire(import.meta.url).resolve('@tensorflow/tfjs/dist/tf.min.js');
  const page = (...scripts: string[]) =>
    `<!doctype html><link rel="icon" href="data:,">${scripts.join('')}`;
  const contents: Record<string, () => string | Promise<Buffer>> = {
    'module.html': () => page('<script type="module" src="page.js"></script>'),
    'script.html': () =>
      page(
        '<script src="tf.min.js"></script>',
        '<script src="backend-simd.min.js"></script>',
        '<script type="module" src="script-page.js"></script>',
      ),
    'page.js': () => readFile(join(folder, 'page.js')),
    'script-page.js': () => readFile(join(folder, 'script-page.js')),
    'tf.min.js': () => readFile(tfjs),
    'backend-simd.min.js': () => readFile(at('../../dist/backend-simd.min.js')),
  };
  const started = createServer(async (request, response) => {
    const [, kind, name] = request.url!.split('/');
    const content = await contents[name!]?.();
    response.writeHead(content ? 200 : 404, {
      'content-type': name!.endsWith('.html') ? 'text/html' : 'text/javascript',
      ...headersOf[kind!],
    });
    response.end(content);
  });
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  return started;
}

async function openPage(path: string, ready: string): Promise<Page> {
  const page = await browser.newPage();
  page.on('pageerror', (error) => expect.fail(`${path}: ${error.message}`));
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}`);
  await page.waitForFunction(ready, undefined, { timeout: 60_000 });
  return page;
}

function expectLearnt({ losses, accuracy }: Training) {
  expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
  expect(accuracy).toBeGreaterThan(0.7);
}

describe.skipIf(!executablePath)('a page that trains the MNIST network on simd', () => {
  let isolated: Training;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'simd-browser-'));
    for (const name of ['page', 'script-page']) {
      await build({
        configFile: false,
        logLevel: 'error',
        resolve: { conditions: ['@nn-lab/source'] },
        build: {
          outDir: folder,
          emptyOutDir: false,
          target: 'es2022',
          lib: { entry: at(`${name}.ts`), formats: ['es'], fileName: name },
        },
      });
    }
    server = await serve();
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] });
    const page = await openPage('isolated/module.html', 'globalThis.onPage');
    isolated = await page.evaluate((count) => onPage.train(count), steps);
    await page.close();
  }, 300_000);

  afterAll(async () => {
    await browser?.close();
    server?.close();
    if (folder) await rm(folder, { recursive: true });
  });

  it('learns on all cores where the page is cross-origin isolated', () => {
    expect(isolated.isolated).toBe(true);
    expect(isolated.threads).toBe(isolated.cores);
    expectLearnt(isolated);
  });

  it('learns on one thread where it is not, to the same bytes', async () => {
    const page = await openPage('plain/module.html', 'globalThis.onPage');
    const training = await page.evaluate((count) => onPage.train(count), steps);
    await page.close();
    expect(training.isolated).toBe(false);
    expect(training.threads).toBe(1);
    expectLearnt(training);
    expect(training.weights).toBe(isolated.weights);
    expect(training.losses).toEqual(isolated.losses);
  }, 300_000);

  it('learns to the same bytes on more threads than there are cores', async () => {
    const page = await openPage('isolated/module.html', 'globalThis.onPage');
    const training = await page.evaluate((count) => onPage.train(count, { threads: 3 }), steps);
    await page.close();
    expect(training.threads).toBe(3);
    expect(training.weights).toBe(isolated.weights);
  }, 300_000);

  it.each(['plain', 'isolated'])(
    'needs no more than two script tags: %s page',
    async (mode) => {
      const page = await openPage(`${mode}/script.html`, 'globalThis.train');
      const training = await page.evaluate(async (count) => {
        const { tf, train } = globalThis as unknown as {
          tf: Parameters<typeof import('./training.js').train>[0];
          train: typeof import('./training.js').train;
        };
        await nnLabSimd.useSimdBackend();
        return train(tf, count);
      }, steps);
      await page.close();
      expect(training.threads).toBe(mode === 'isolated' ? training.cores : 1);
      expectLearnt(training);
    },
    300_000,
  );

  it.each([undefined, true, false])(
    'says what header is missing where a policy forbids WebAssembly: relaxed %s',
    async (relaxed) => {
      const page = await openPage('without-wasm/module.html', 'globalThis.onPage');
      const message = await page.evaluate((option) => onPage.failToStart(option), relaxed);
      await page.close();
      expect(message).toBe(
        "The Content-Security-Policy of this page forbids WebAssembly: serve the page with 'wasm-unsafe-eval' among the sources of script-src in its header Content-Security-Policy.",
      );
    },
    60_000,
  );

  it('starts where a policy allows WebAssembly', async () => {
    const page = await openPage('with-wasm/module.html', 'globalThis.onPage');
    const message = await page.evaluate(() => onPage.failToStart());
    await page.close();
    expect(message).toBeUndefined();
  }, 60_000);
});
