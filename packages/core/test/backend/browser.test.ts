import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saveModel } from '../../src/node/model-files.js';
import { smallModel, weightsOf } from '../training/small-runs.js';
import type { OnPage } from './browser-entry.js';

const executablePath = [
  process.env.CHROME_PATH,
  '/usr/bin/chromium',
  '/usr/bin/google-chrome',
].find((path) => path !== undefined && existsSync(path));
if (!executablePath) {
  console.info('browser tests skipped: have Chromium by apt install chromium, or CHROME_PATH');
}

declare const nnLab: OnPage;

let folder: string;
let server: Server;
let browser: Browser;
let page: Page;

describe.skipIf(!executablePath)('in a browser', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nn-lab-browser-'));
    await build({
      configFile: false,
      logLevel: 'error',
      resolve: { conditions: ['@nn-lab/source'] },
      build: {
        outDir: folder,
        minify: false,
        target: 'es2022',
        lib: {
          entry: new URL('browser-entry.ts', import.meta.url).pathname,
          formats: ['es'],
          fileName: 'entry',
        },
      },
    });
    await writeFile(join(folder, 'index.html'), '<script type="module" src="/entry.js"></script>');
    await saveModel(smallModel({ seed: 5 }), join(folder, 'model'));
    server = createServer(async (request, response) => {
      const path = new URL(request.url!, 'http://x').pathname;
      const file = join(folder, path === '/' ? 'index.html' : path);
      const content = await readFile(file).catch(() => undefined);
      if (!content) response.statusCode = 404;
      if (file.endsWith('.js')) response.setHeader('content-type', 'text/javascript');
      if (file.endsWith('.html')) response.setHeader('content-type', 'text/html');
      response.end(content);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] });
    page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction('globalThis.nnLab');
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    server?.close();
    if (folder) await rm(folder, { recursive: true });
  });

  it('useBackend starts simd where there is no real GPU, and says why', async () => {
    const chosen = await page.evaluate(() => nnLab.useBackend());
    expect(chosen).toMatchObject({ name: 'simd', description: 'WebAssembly SIMD' });
    expect(chosen.notes).toEqual([expect.stringMatching(/WebGL .*hardware acceleration/)]);
  });

  it('useBackend says what hinders the threads that were asked for', async () => {
    const asked = await browser.newPage();
    await asked.goto(page.url());
    await asked.waitForFunction('globalThis.nnLab');
    const chosen = await asked.evaluate(() => nnLab.useBackend({ backend: 'simd', threads: 2 }));
    expect(chosen.threads).toBe(1);
    expect(chosen.notes).toEqual([
      expect.stringMatching(/one thread, not on 2: .*Cross-Origin-Opener-Policy: same-origin/),
    ]);
    await asked.close();
  });

  it('useBackend refuses what it has not', async () => {
    const message = (backend: 'webgpu' | 'tensorflow') =>
      page.evaluate(async (name) => {
        const refused = nnLab.useBackend({ backend: name });
        return refused.catch((error: Error) => error.message);
      }, backend);
    expect(await message('webgpu')).toMatch(/import '@tensorflow\/tfjs-backend-webgpu'/);
    expect(await message('tensorflow')).toMatch(/\(auto, webgpu, webgl, simd, cpu\)/);
  });

  it('a run that is killed resumes exactly from IndexedDB', async () => {
    const [whole, resumed, step] = await page.evaluate(async () => {
      await nnLab.useBackend({ backend: 'simd' });
      const source = nnLab.pointsSource();
      const basics = {
        epochs: 3,
        loss: 'categoricalCrossentropy',
      } as const;
      const first = nnLab.smallModel();
      await nnLab.trainModel(first, source, basics);
      const store = nnLab.createCheckpointStore('killed run');
      await nnLab
        .trainModel(nnLab.smallModel(), source, {
          ...basics,
          checkpoints: { store, everySeconds: 0 },
          onBatch: (event) => {
            if (event.step === 8) throw new nnLab.Killed();
          },
        })
        .catch(() => {});
      const second = nnLab.smallModel({ seed: 99 });
      const result = await nnLab.trainModel(second, source, {
        ...basics,
        checkpoints: { store, resume: true },
      });
      return [
        [...(await nnLab.weightsOf(first))],
        [...(await nnLab.weightsOf(second))],
        result.resumedFrom?.step,
      ] as const;
    });
    expect(step).toBe(8);
    expect(resumed).toEqual(whole);
  });

  it('batches are made in a worker, with the same weights at the end', async () => {
    const outcome = await page.evaluate(async () => {
      await nnLab.useBackend({ backend: 'simd' });
      const weightsAfter = async (source: ReturnType<typeof nnLab.pointsSource>) => {
        const model = nnLab.smallModel();
        await nnLab.trainModel(model, source, { epochs: 2, loss: 'categoricalCrossentropy' });
        return [...(await nnLab.weightsOf(model))];
      };
      const source = await nnLab.batchesInThread(nnLab.startPoints, { settings: { seed: 4 } });
      const { threaded } = source;
      const there = await weightsAfter(source);
      const here = await weightsAfter(nnLab.pointsSource({ seed: 4 }));
      const refused = nnLab.batchesInThread(nnLab.startPoints, { settings: { seed: -1 } });
      const message = await refused.then(
        String,
        (error: Error) => `${error.name}: ${error.message}`,
      );
      source.dispose();
      const late = await source.batch(0, 0).then(String, (error: Error) => error.message);
      return { threaded, same: JSON.stringify(here) === JSON.stringify(there), message, late };
    });
    expect(outcome).toEqual({
      threaded: true,
      same: true,
      message: 'RangeError: no such seed',
      late: 'The batch source is disposed: make another one.',
    });
  });

  it('batches are made on the page where there is no worker', async () => {
    const [threaded, message] = await page.evaluate(async () => {
      const settings = { seed: 4 };
      const inline = nnLab.threadedPoints;
      const source = await nnLab.batchesInThread('/nowhere.js', { settings, inline });
      const refused = nnLab.batchesInThread('/nowhere.js', { settings });
      return [
        source.threaded,
        await refused.then(String, (error: Error) => error.message),
      ] as const;
    });
    expect(threaded).toBe(false);
    expect(message).toMatch(/^No thread that makes batches can be started \(.*Give `inline`/);
  });

  it('models are kept in the browser and found again', async () => {
    const [saved, loaded] = await page.evaluate(async () => {
      const model = nnLab.smallModel();
      await nnLab.saveModel(model, 'indexeddb://mine');
      const again = await nnLab.loadModel('indexeddb://mine');
      return [[...(await nnLab.weightsOf(model))], [...(await nnLab.weightsOf(again))]] as const;
    });
    expect(loaded).toEqual(saved);
  });

  it('models that Node wrote are loaded from a server', async () => {
    const expected = [...(await weightsOf(smallModel({ seed: 5 })))];
    for (const address of ['model', '/model/', 'model/model.json']) {
      const loaded = await page.evaluate(
        async (place) => [...(await nnLab.weightsOf(await nnLab.loadModel(place)))],
        address,
      );
      expect(loaded).toEqual(expected);
    }
  });

  it('models that are missing or damaged are refused in plain words', async () => {
    const refusal = (address: string) =>
      page.evaluate(
        (place) => nnLab.loadModel(place).then(String, (error: Error) => error.message),
        address,
      );
    expect(await refusal('nowhere')).toMatch(/nowhere\/model\.json cannot be loaded: .* 404/);
    expect(await refusal('indexeddb://nothing')).toMatch(/no model indexeddb:\/\/nothing/);
    await writeFile(join(folder, 'model', 'weights.bin'), new Uint8Array(8));
    expect(await refusal('model')).toMatch(/should be \d+ bytes, but are 8/);
    await writeFile(join(folder, 'model', 'weights.bin'), new Uint8Array(1e6));
    expect(await refusal('model')).toMatch(/larger than the \d+ bytes that belong to the model/);
  });
});
