import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { type Browser, chromium, type Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { describeDataset, loadEmbeddedDigits } from '../../src/datasets/index.js';
import {
  hasFashionMnist,
  howToHaveFashionMnist,
  officialFashionMnist,
} from './debian-fashion-mnist.js';
import { expected, fixturePath, itNeeds } from './fixtures.js';

const candidates = [
  process.env.CHROME_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
const executablePath = candidates.find((path) => path !== undefined && existsSync(path));
const itInBrowser = (present = true, how = '') =>
  executablePath
    ? itNeeds(present, how)
    : itNeeds(
        false,
        'browser tests need Chromium: `apt install chromium`, or its path in CHROME_PATH',
      );

/** The functions under test, as `entry.ts` puts them on the page. */
declare const nnLab: typeof import('../../src/browser/pictures.js') &
  typeof import('../../src/browser/datasets.js') &
  typeof import('../../src/datasets/index.js');

let server: Server;
let address: string;
let requests: string[];
let browser: Browser;
let page: Page;

beforeAll(async () => {
  if (!executablePath) return;
  const output = await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['@nn-lab/source'] },
    build: {
      write: false,
      minify: false,
      lib: {
        entry: new URL('fixtures/browser-entry.ts', import.meta.url).pathname,
        formats: ['es'],
        fileName: 'entry',
      },
    },
  });
  const chunks = new Map<string, string>();
  for (const { output: files } of [output].flat() as {
    output: { fileName: string; code?: string }[];
  }[]) {
    for (const { fileName, code } of files) if (code) chunks.set(`/${fileName}`, code);
  }
  const entry = [...chunks.keys()].find((name) => name.includes('entry'))!;
  server = createServer(async (request, response) => {
    const path = request.url!;
    requests.push(path);
    const chunk = chunks.get(path);
    if (path === '/') {
      response.setHeader('content-type', 'text/html');
      response.end(`<script type="module" src="${entry}"></script>`);
    } else if (chunk) {
      response.setHeader('content-type', 'text/javascript');
      response.end(chunk);
    } else {
      const content = await files(path).catch(() => undefined);
      if (!content) response.statusCode = 404;
      response.end(content);
    }
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  requests = [];
  browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--host-resolver-rules=MAP insecure.test 127.0.0.1'],
  });
  page = await browser.newPage();
  await page.goto(address);
  await page.waitForFunction(() => 'nnLab' in globalThis);
}, 90_000);

afterAll(async () => {
  await browser?.close();
  server?.close();
});

function idx(shape: readonly number[], fill: number): Buffer {
  const extents = shape.flatMap((extent) => [0, 0, extent >> 8, extent & 255]);
  const size = shape.reduce((product, extent) => product * extent, 1);
  return Buffer.concat([
    Buffer.from([0, 0, 8, shape.length, ...extents]),
    Buffer.alloc(size, fill),
  ]);
}

const tinyMnist: Readonly<Record<string, Buffer>> = {
  'train-images-idx3-ubyte.gz': idx([2, 28, 28], 7),
  'train-labels-idx1-ubyte.gz': idx([2], 3),
  't10k-images-idx3-ubyte.gz': idx([1, 28, 28], 8),
  't10k-labels-idx1-ubyte.gz': idx([1], 4),
};

async function files(path: string): Promise<Buffer> {
  const name = path.split('/').at(-1)!;
  if (path.startsWith('/pictures/')) return readFile(fixturePath(name));
  if (path.startsWith('/tiny/mnist/')) return gzipSync(tinyMnist[name]!);
  if (path.startsWith('/official/')) return officialFashionMnist(name);
  throw new Error(`no ${path}`);
}

describe('in the browser', () => {
  itInBrowser()('readPicture finds the pixels that Pillow finds', async () => {
    const names = Object.keys(expected.pictures);
    const read = await page.evaluate(
      (names) =>
        Promise.all(
          names.map(async (name) => {
            const picture = await nnLab.readPicture(`/pictures/${name}`);
            return { ...picture, data: [...picture.data] };
          }),
        ),
      names,
    );
    for (const [i, name] of names.entries()) {
      const { width, height, channels, data, tolerance } = expected.pictures[name]!;
      const picture = read[i]!;
      expect({
        name,
        width: picture.width,
        height: picture.height,
        channels: picture.channels,
      }).toEqual({
        name,
        width,
        height,
        channels,
      });
      const farthest = data.reduce(
        (far, value, k) => Math.max(far, Math.abs(value - picture.data[k]!)),
        0,
      );
      expect(farthest, name).toBeLessThanOrEqual(tolerance);
    }
  });

  itInBrowser()(
    'readPicture refuses what is no picture, cut short, too large or nowhere',
    async () => {
      const errors = await page.evaluate(async () => {
        const message = (run: Promise<unknown>) =>
          run.then(
            () => 'none',
            (error: Error) => `${error.name}: ${error.message}`,
          );
        const png = new Uint8Array(await (await fetch('/pictures/rgb.png')).arrayBuffer());
        const jpeg = new Uint8Array(await (await fetch('/pictures/baseline.jpg')).arrayBuffer());
        return Promise.all([
          message(nnLab.readPicture(new Blob(['hello']))),
          message(nnLab.readPicture(new File([png.subarray(0, 90)], 'cut.png'))),
          message(nnLab.readPicture(jpeg.subarray(0, 300))),
          message(nnLab.readPicture('/pictures/large-claim.png')),
          message(nnLab.readPicture('/nowhere.png')),
        ]);
      });
      expect(errors[0]).toMatch(
        /^DataFormatError: picture: a PNG, JPEG or WebP picture was expected/,
      );
      expect(errors[1]).toMatch(/^DataFormatError: cut.png: a PNG is cut short/);
      expect(errors[2]).toMatch(/^DataFormatError: picture: /);
      expect(errors[3]).toMatch(/^DataFormatError: .*60000x60000/);
      expect(errors[4]).toMatch(
        /^InvalidArgumentError: The picture \/nowhere.png cannot be fetched: HTTP 404/,
      );
    },
  );

  itInBrowser()('the embedded digits are the same as in Node', async () => {
    const loaded = await page.evaluate(async () => {
      const { train, test, sources } = await nnLab.loadDataset('digits16');
      return {
        counts: [train.count, test.count],
        sum: (train.images as Float32Array).reduce((sum, value) => sum + value, 0),
        sources,
      };
    });
    const { train, sha256 } = await loadEmbeddedDigits();
    expect(loaded.counts).toEqual([1707, 1000]);
    expect(loaded.sum).toBe((train.images as Float32Array).reduce((sum, value) => sum + value, 0));
    expect(loaded.sources).toEqual([{ file: 'embedded', sha256, official: true }]);
  });

  itInBrowser()('loadDataset reads from an address of your own', async () => {
    const loaded = await page.evaluate(async (base) => {
      const { train, test, sources } = await nnLab.loadDataset('mnist', { data: base });
      return { labels: [...train.labels, ...test.labels], pixel: train.images[0], sources };
    }, `${address}/tiny`);
    expect(loaded).toMatchObject({ labels: [3, 3, 4], pixel: 7 });
    expect(loaded.sources[0]).toMatchObject({
      url: `${address}/tiny/mnist/train-images-idx3-ubyte.gz`,
      official: false,
    });
  });

  itInBrowser()('loadDataset names what it tried', async () => {
    const error = await page.evaluate(
      (mirrors) =>
        nnLab
          .loadDataset('mnist', { mirrors })
          .catch((error: Error) => `${error.name}: ${error.message}`),
      [`${address}/none/`, `${address}/tiny/mnist/`],
    );
    expect(error).toMatch(/^DatasetNotFoundError/);
    expect(error).toContain(`${address}/none/train-images-idx3-ubyte.gz (HTTP 404 Not Found)`);
    expect(error).toMatch(
      /tiny\/mnist\/train-images-idx3-ubyte.gz \(it has \d+ bytes instead of 9912422\)/,
    );
  });

  itInBrowser()(
    'loadDataset takes nothing in place of what an address of your own lacks',
    async () => {
      const error = await page.evaluate(
        (data) => nnLab.loadDataset('digits16', { data }).catch((error: Error) => error.message),
        `${address}/none`,
      );
      expect(error).toContain(`${address}/none/train_in.csv (HTTP 404 Not Found)`);
      expect(error).toMatch(/give its address as `data`\.$/);
    },
  );

  itInBrowser()('loadDataset works on a page over plain http, which has no Cache', async () => {
    const insecure = await browser.newPage();
    const origin = address.replace('127.0.0.1', 'insecure.test');
    await insecure.goto(origin);
    await insecure.waitForFunction(() => 'nnLab' in globalThis);
    const found = await insecure.evaluate(async (origin) => {
      const { train } = await nnLab.loadDataset('mnist', { data: `${origin}/tiny` });
      const digits = await nnLab.loadDataset('digits16');
      const error = await nnLab
        .loadDataset('mnist', { mirrors: [`${origin}/none/`] })
        .catch((error: Error) => error.message);
      return { isSecureContext, labels: [...train.labels], digits: digits.test.count, error };
    }, origin);
    await insecure.close();
    expect(found).toMatchObject({ isSecureContext: false, labels: [3, 3], digits: 1000 });
    expect(found.error).toContain('/none/train-images-idx3-ubyte.gz (HTTP 404 Not Found)');
    expect(found.error).not.toContain('npm install');
  });

  itInBrowser(hasFashionMnist, howToHaveFashionMnist)(
    'loadDataset fetches official files once, and then has them in the Cache',
    async () => {
      const load = () =>
        page.evaluate(async (mirror) => {
          const { train, test, sources } = await nnLab.loadDataset('fashion-mnist', {
            mirrors: [mirror],
          });
          return {
            counts: [train.count, test.count],
            official: sources.map(({ official }) => official),
          };
        }, `${address}/official/`);
      requests.length = 0;
      const first = await load();
      expect(first).toEqual({ counts: [60_000, 10_000], official: [true, true, true, true] });
      expect(requests).toEqual(
        describeDataset('fashion-mnist').layouts[0]!.map(({ name }) => `/official/${name}`),
      );
      requests.length = 0;
      expect(await load()).toEqual(first);
      expect(requests).toEqual([]);
    },
    60_000,
  );
});
