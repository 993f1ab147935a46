// @vitest-environment jsdom
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import * as browserDatasets from '../../src/browser/datasets.js';
import * as browserPictures from '../../src/browser/pictures.js';
import type { Picture } from '../../src/datasets/index.js';
import * as nodeDatasets from '../../src/node/datasets.js';
import * as nodePictures from '../../src/node/pictures.js';
import { expected, fixture, fixturePath } from './fixtures.js';

const exactPictures = ['rgb.png', 'rgba.png', 'lossless.webp', 'orientation-6.webp'];

function expectPixels(picture: Picture, name: string): void {
  expect([...picture.data]).toEqual(expected.pictures[name]!.data);
}

describe('in jsdom', () => {
  it.each(exactPictures)('both entries read %s', async (name) => {
    const bytes = fixture(name) as Uint8Array<ArrayBuffer>;
    expectPixels(await nodePictures.readPicture(fixturePath(name)), name);
    expectPixels(await nodePictures.readPicture(pathToFileURL(fixturePath(name))), name);
    expectPixels(await nodePictures.readPicture(bytes), name);
    expectPixels(await browserPictures.readPicture(bytes), name);
    expectPixels(await browserPictures.readPicture(new Blob([bytes])), name);
    expectPixels(await browserPictures.readPicture(new File([bytes], name)), name);
    const cut = browserPictures.readPicture(new File([bytes.subarray(0, 50)], name));
    await expect(cut).rejects.toThrow(`${name}: `);
  });

  it('both entries read a JPEG', async () => {
    const fromNode = await nodePictures.readPicture(fixturePath('baseline.jpg'));
    expect(fromNode).toMatchObject({ width: 11, height: 7, channels: 3 });
    expect(await browserPictures.readPicture(fixture('baseline.jpg'))).toEqual(fromNode);
  });

  it('both entries read from an address, and what fetch gives', async () => {
    const server = createServer((_, response) => {
      response.end(fixture('rgb.png'));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    try {
      expectPixels(await nodePictures.readPicture(address), 'rgb.png');
      expectPixels(await browserPictures.readPicture(new URL(address)), 'rgb.png');
      const blob = await (await fetch(address)).blob();
      expectPixels(await browserPictures.readPicture(blob), 'rgb.png');
    } finally {
      server.close();
    }
  });

  it('both entries have the embedded digits', async () => {
    for (const { loadDataset } of [nodeDatasets, browserDatasets]) {
      const { train, test } = await loadDataset('digits16');
      expect([train.count, test.count, train.images.length]).toEqual([1707, 1000, 1707 * 256]);
    }
  });

  it('the Node entry reads a data set from a folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nn-lab-jsdom-'));
    const idx = (shape: number[], fill: number) => {
      const extents = shape.flatMap((extent) => [0, 0, 0, extent]);
      const size = shape.reduce((product, extent) => product * extent, 1);
      return gzipSync(Buffer.from([0, 0, 8, shape.length, ...extents, ...Array(size).fill(fill)]));
    };
    await mkdir(join(folder, 'mnist'));
    for (const [name, content] of Object.entries({
      'train-images-idx3-ubyte.gz': idx([2, 28, 28], 7),
      'train-labels-idx1-ubyte.gz': idx([2], 3),
      't10k-images-idx3-ubyte.gz': idx([1, 28, 28], 8),
      't10k-labels-idx1-ubyte.gz': idx([1], 4),
    })) {
      await writeFile(join(folder, 'mnist', name), content);
    }
    try {
      const { train, test } = await nodeDatasets.loadDataset('mnist', { data: folder });
      expect([...train.labels, ...test.labels]).toEqual([3, 3, 4]);
      expect([train.images[0], test.images[0]]).toEqual([7, 8]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
