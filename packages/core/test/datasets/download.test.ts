import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type DatasetAttempt,
  type DatasetFile,
  describeDataset,
} from '../../src/datasets/index.js';
import { loadDataset } from '../../src/node/datasets.js';
import { downloadDatasetFile } from '../../src/node/download.js';
import type { Progress } from '../../src/work.js';
import {
  hasFashionMnist,
  howToHaveFashionMnist,
  officialFashionMnist,
} from './debian-fashion-mnist.js';
import { itNeeds } from './fixtures.js';

const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i) % 251));
const file: DatasetFile = {
  role: 'images',
  name: 'images.gz',
  otherNames: [],
  bytes: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
};

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
let handle: Handler;
let requests: { url: string; range: string | undefined }[];
let server: Server;
let address: string;
let folder: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push({ url: request.url!, range: request.headers.range });
    handle(request, response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  return new Promise((done) => server.close(done));
});
beforeEach(async () => {
  requests = [];
  folder = await mkdtemp(join(tmpdir(), 'nn-lab-download-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Serves `bytes` as a server does that knows ranges, breaking off after so many of them. */
function serve(bytes: Buffer, { breakAfter = Infinity, ranges = true } = {}): Handler {
  return (request, response) => {
    const from = ranges ? Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0) : 0;
    const rest = bytes.subarray(from);
    response.writeHead(from > 0 ? 206 : 200, {
      'content-length': rest.length,
      ...(from > 0 ? { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {}),
    });
    if (rest.length <= breakAfter) response.end(rest);
    else
      response.write(rest.subarray(0, breakAfter), () => setTimeout(() => response.destroy(), 50));
  };
}

async function download(
  options: {
    addresses?: string[];
    target?: string | undefined;
    signal?: AbortSignal;
    onProgress?: (progress: Progress) => void;
    official?: DatasetFile;
  } = {},
) {
  const tried: DatasetAttempt[] = [];
  const { addresses = [address], signal, onProgress, official = file } = options;
  const result = await downloadDatasetFile(
    official,
    addresses,
    'target' in options ? options.target : folder,
    { idleTimeout: 400, ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}) },
    tried,
  );
  return { result, tried };
}

const parts = async () => (await readdir(folder)).filter((name) => name.endsWith('.part'));
const kept = () => readFile(join(folder, file.name)).catch(() => undefined);

describe('downloading a file', () => {
  it('keeps it under its name, and tells how far it is', async () => {
    handle = serve(content);
    const progress: Progress[] = [];
    const { result } = await download({ onProgress: (step) => progress.push(step) });
    expect(Buffer.compare(result!.bytes, content)).toBe(0);
    expect(result!.location).toEqual({ url: `${address}/images.gz` });
    expect(await kept()).toEqual(content);
    expect(await parts()).toEqual([]);
    expect(progress.at(-1)).toEqual({
      stage: 'downloading images.gz',
      done: content.length,
      total: content.length,
    });
    expect(progress.every(({ done }, i) => done > (progress[i - 1]?.done ?? 0))).toBe(true);
  });

  it('works without a folder', async () => {
    handle = serve(content);
    const { result } = await download({ target: undefined });
    expect(Buffer.compare(result!.bytes, content)).toBe(0);
    expect(await readdir(folder)).toEqual([]);
  });

  it('goes on where it broke off', async () => {
    handle = serve(content, { breakAfter: 100_000 });
    const { result } = await download();
    expect(Buffer.compare(result!.bytes, content)).toBe(0);
    expect(requests.map(({ range }) => range)).toEqual([
      undefined,
      'bytes=100000-',
      'bytes=200000-',
    ]);
  });

  it('begins anew with a server that knows no ranges', async () => {
    const broken = serve(content, { breakAfter: 100_000, ranges: false });
    handle = (request, response) =>
      (requests.length === 1 ? broken : serve(content, { ranges: false }))(request, response);
    const { result } = await download();
    expect(Buffer.compare(result!.bytes, content)).toBe(0);
  });

  it('goes on with what an ended process left', async () => {
    // No process has this number: it is above Linux's highest.
    await writeFile(join(folder, 'images.gz.4999999-0-0.part'), content.subarray(0, 250_000));
    handle = serve(content);
    const { result } = await download();
    expect(Buffer.compare(result!.bytes, content)).toBe(0);
    expect(requests.map(({ range }) => range)).toEqual(['bytes=250000-']);
    expect(await readdir(folder)).toEqual(['images.gz']);
  });

  it('leaves alone what a living process writes', async () => {
    const other = `images.gz.${process.ppid}-0-0.part`;
    await writeFile(join(folder, other), content.subarray(0, 250_000));
    handle = serve(content);
    await download();
    expect(requests.map(({ range }) => range)).toEqual([undefined]);
    expect(await parts()).toEqual([other]);
  });

  it('begins anew when what was left turns out to be bad', async () => {
    await writeFile(join(folder, 'images.gz.4999999-0-0.part'), Buffer.alloc(200_000));
    handle = serve(content);
    const { result } = await download();
    expect(Buffer.compare(result!.bytes, content)).toBe(0);
    expect(requests.map(({ range }) => range)).toEqual(['bytes=200000-', undefined]);
  });

  it('begins anew when what was left is too long', async () => {
    await writeFile(join(folder, 'images.gz.4999999-0-0.part'), Buffer.alloc(400_000));
    handle = serve(content);
    expect((await download()).result).toBeDefined();
  });

  it('lets two loads of one file run at once', async () => {
    handle = serve(content);
    const both = await Promise.all([download(), download()]);
    for (const { result } of both) expect(Buffer.compare(result!.bytes, content)).toBe(0);
    expect(await readdir(folder)).toEqual(['images.gz']);
  });

  it.each([true, false])(
    'takes what a server unpacks on the way, when it names gzip as the encoding (ranges: %s)',
    async (ranges) => {
      const packed = gzipSync(content);
      const official: DatasetFile = {
        ...file,
        bytes: packed.length,
        sha256: createHash('sha256').update(packed).digest('hex'),
        contentBytes: content.length,
        contentSha256: file.sha256,
      };
      const serveFile = serve(packed, { ranges });
      handle = (request, response) => {
        response.setHeader('content-encoding', 'gzip');
        // The first answer breaks off in the middle.
        if (requests.length === 1) serve(packed, { breakAfter: 5000 })(request, response);
        else serveFile(request, response);
      };
      const { result, tried } = await download({ official });
      expect(tried).toEqual([]);
      expect(Buffer.compare(result!.bytes, content)).toBe(0);
      expect(await readdir(folder)).toEqual(['images']);
      // A server that packs what is packed already changes nothing.
      handle = (_, response) => {
        response.setHeader('content-encoding', 'gzip');
        response.end(gzipSync(packed));
      };
      const again = await download({ official });
      expect(Buffer.compare(again.result!.bytes, packed)).toBe(0);
      expect((await readdir(folder)).sort()).toEqual(['images', 'images.gz']);
    },
  );

  it('holds no more of what is unpacked on the way than the file has', async () => {
    handle = (_, response) => {
      response.setHeader('content-encoding', 'gzip');
      response.end(gzipSync(Buffer.alloc(10_000_000)));
    };
    const { result, tried } = await download({ official: { ...file, contentBytes: 1_000_000 } });
    expect(result).toBeUndefined();
    expect(tried[0]!.reason).toBe('it has more than 1000000 bytes');
  });

  it('gives up an address that trickles, and goes on with what came from it', async () => {
    let sent = 0;
    handle = (request, response) => {
      if (request.url!.startsWith('/good/')) return serve(content)(request, response);
      response.writeHead(200, { 'content-length': content.length });
      const timer = setInterval(() => response.write(content.subarray(sent, ++sent)), 20);
      response.on('close', () => clearInterval(timer));
    };
    const { result, tried } = await download({ addresses: [`${address}/slow`, `${address}/good`] });
    expect(Buffer.compare(result!.bytes, content)).toBe(0);
    expect(tried).toHaveLength(1);
    expect(tried[0]!.reason).toMatch(/^only \d+ bytes came in 0\.\d s$/);
    expect(requests).toHaveLength(2);
    expect(requests[1]!.range).toMatch(/^bytes=\d+-$/);
  });

  it('leaves what onProgress throws to the caller', async () => {
    handle = serve(content);
    const error = Object.assign(new Error('no bar'), { code: 'ENOENT' });
    const loading = download({
      onProgress: () => {
        throw error;
      },
    });
    await expect(loading).rejects.toBe(error);
    expect(await kept()).toBeUndefined();
    expect((await download()).result).toBeDefined();
  });

  it('follows redirections', async () => {
    handle = (request, response) => {
      if (request.url === '/elsewhere') serve(content)(request, response);
      else response.writeHead(302, { location: '/elsewhere' }).end();
    };
    expect((await download()).result).toBeDefined();
  });

  it('turns to the next address', async () => {
    handle = (request, response) => {
      if (request.url!.startsWith('/good/')) serve(content)(request, response);
      else response.writeHead(404).end();
    };
    const { result, tried } = await download({
      addresses: [`${address}/gone/`, `${address}/good`],
    });
    expect(result!.location).toEqual({ url: `${address}/good/images.gz` });
    expect(tried).toEqual([{ place: `${address}/gone/images.gz`, reason: 'HTTP 404 Not Found' }]);
  });
});

describe("what the caller's onProgress throws", () => {
  it.each([
    new RangeError('of the caller'),
    Object.assign(new Error('of the caller'), { code: 'ENOSPC' }),
    undefined,
  ])('is thrown as it is, and no next address is tried: %s', async (thrown) => {
    handle = serve(content);
    const onProgress = () => {
      throw thrown;
    };
    const outcome = await download({ onProgress, addresses: [address, address] }).then(
      () => 'not thrown',
      (error: unknown) => ({ error }),
    );
    expect(outcome).toEqual({ error: thrown });
    expect((outcome as { error: unknown }).error).toBe(thrown);
    expect(requests).toHaveLength(1);
  });
});

describe('a download that fails leaves no file of that name, and says why', () => {
  it('when the bytes are others', async () => {
    handle = serve(Buffer.alloc(content.length));
    const { result, tried } = await download();
    expect(result).toBeUndefined();
    expect(tried[0]!.reason).toMatch(/^its SHA-256 is [0-9a-f]{64} instead of [0-9a-f]{64}$/);
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    [299_999, 299_999],
    [300_001, 300_001],
  ])('when it has %d bytes', async (length, said) => {
    handle = serve(Buffer.alloc(length));
    const { tried } = await download();
    expect(tried[0]!.reason).toBe(`it has ${said} bytes instead of 300000`);
    expect(requests.length).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });

  it('when it does not say its length and does not end', async () => {
    handle = (_, response) => {
      const more = () =>
        response.write(Buffer.alloc(64_000), () => response.destroyed || setImmediate(more));
      more();
    };
    const { tried } = await download();
    expect(tried[0]!.reason).toBe('it has more than 300000 bytes');
    expect(await readdir(folder)).toEqual([]);
  });

  it('when the server stands still, before an answer or within', async () => {
    for (const stall of [
      () => {},
      (_: IncomingMessage, response: ServerResponse) => {
        response.writeHead(200, { 'content-length': content.length });
        response.flushHeaders();
      },
    ] as Handler[]) {
      handle = stall;
      const started = performance.now();
      expect((await download()).tried[0]!.reason).toBe('no byte came for 0.4 s');
      expect(performance.now() - started).toBeLessThan(8000);
      expect(await readdir(folder)).toEqual([]);
    }
  });

  it('when it breaks off and never goes on; what has come stays for another time', async () => {
    handle = (request, response) =>
      request.headers.range
        ? response.writeHead(503).end()
        : serve(content, { breakAfter: 1000 })(request, response);
    expect((await download()).tried[0]!.reason).toMatch(/HTTP 503/);
    expect(await kept()).toBeUndefined();
    expect((await parts()).length).toBe(1);
    handle = serve(content);
    requests = [];
    expect((await download()).result).toBeDefined();
    expect(requests[0]!.range).toBe('bytes=1000-');
    expect(await readdir(folder)).toEqual(['images.gz']);
  });

  it('when nobody listens', async () => {
    const { tried } = await download({ addresses: ['http://127.0.0.1:9/'] });
    expect(tried[0]!.place).toBe('http://127.0.0.1:9/images.gz');
    expect(tried[0]!.reason).not.toBe('fetch failed');
  });

  it('when it is stopped', async () => {
    handle = serve(content, { breakAfter: 1000 });
    const stop = new AbortController();
    const loading = download({
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('enough')),
    });
    await expect(loading).rejects.toThrow('enough');
    expect(await kept()).toBeUndefined();
  });

  it('when the folder cannot be made', async () => {
    await writeFile(join(folder, 'file'), '');
    const { tried } = await download({ target: join(folder, 'file', 'inner') });
    expect(tried).toHaveLength(1);
    expect(tried[0]).toMatchObject({ place: join(folder, 'file', 'inner') });
    expect(tried[0]!.reason).toContain('ENOTDIR');
  });
});

describe('loadDataset with a network', () => {
  beforeEach(() => {
    vi.stubEnv('NN_LAB_DATA', undefined);
  });
  afterEach(() => vi.unstubAllEnvs());

  itNeeds(hasFashionMnist, howToHaveFashionMnist)(
    'fetches the official files, and takes them from the cache from then on',
    async () => {
      const files = new Map<string, Buffer>();
      handle = (request, response) => {
        const name = request.url!.slice(1);
        if (!files.has(name)) files.set(name, officialFashionMnist(name));
        serve(files.get(name)!, { breakAfter: 9_000_000 })(request, response);
      };
      const { layouts } = describeDataset('fashion-mnist');
      const tried: DatasetAttempt[] = [];
      const target = join(folder, 'cache', 'fashion-mnist');
      for (const official of layouts[0]!) {
        const options = { idleTimeout: 10_000 };
        await downloadDatasetFile(official, [address], target, options, tried);
      }
      expect(tried).toEqual([]);
      expect(requests.length).toBe(6);

      const load = () =>
        loadDataset('fashion-mnist', {
          cache: join(folder, 'cache'),
          mirrors: [address],
        });
      const { train, test, sources } = await load();
      expect([train.count, test.count]).toEqual([60_000, 10_000]);
      expect(sources.map(({ path }) => path)).toEqual(
        layouts[0]!.map(({ name }) => join(target, name)),
      );
      expect(sources.every(({ official }) => official)).toBe(true);
      expect(requests.length).toBe(6);
    },
    60_000,
  );

  it('names each address and its reason when none serves', async () => {
    handle = (_, response) => response.writeHead(404).end();
    const loading = loadDataset('mnist', {
      cache: join(folder, 'cache'),
      mirrors: [`${address}/a`, `${address}/b/`],
    });
    await expect(loading).rejects.toThrow(
      `${address}/a/train-images-idx3-ubyte.gz (HTTP 404 Not Found)`,
    );
    await expect(loading).rejects.toThrow(
      `${address}/b/train-images-idx3-ubyte.gz (HTTP 404 Not Found)`,
    );
    expect(await readdir(join(folder, 'cache', 'mnist'))).toEqual([]);
  });

  it('does not take files from the cache that are not the official ones', async () => {
    const cache = join(folder, 'cache', 'mnist');
    await mkdir(cache, { recursive: true });
    for (const name of [
      'train-images-idx3',
      'train-labels-idx1',
      't10k-images-idx3',
      't10k-labels-idx1',
    ]) {
      await writeFile(join(cache, `${name}-ubyte.gz`), 'something else');
    }
    const loading = loadDataset('mnist', {
      cache: join(folder, 'cache'),
      download: false,
    });
    await expect(loading).rejects.toThrow(`${cache} (its files are not the official ones)`);
  });

  it('refuses options that it does not know', async () => {
    await expect(loadDataset('mnist', { dat: folder } as object)).rejects.toThrow(
      'Unknown option `dat`, did you mean `data`?',
    );
    await expect(loadDataset('mnist', { cache: true } as object)).rejects.toThrow(
      'Expected `cache` to be a string or false, got true.',
    );
  });

  it('refuses a timeout that is none', async () => {
    await expect(loadDataset('mnist', { idleTimeout: 0 })).rejects.toThrow(
      /Expected `idleTimeout` to be a finite number above 0, got 0/,
    );
  });
});
