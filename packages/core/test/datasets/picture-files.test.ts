import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { classCounts, encodePng, sniffPictureFormat } from '../../src/datasets/index.js';
import { DataFormatError, InvalidArgumentError, ShapeError } from '../../src/errors.js';
import { listLabelledPictures, readPicture, readPictureFolder } from '../../src/node/pictures.js';
import { expected, fixture, fixturePath } from './fixtures.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nn-lab-pictures-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('readPicture', () => {
  it.each(Object.entries(expected.pictures))(
    '%s has the pixels that Pillow finds',
    async (name, picture) => {
      const { width, height, channels, data } = await readPicture(fixturePath(name));
      expect({ width, height, channels }).toEqual({
        width: picture.width,
        height: picture.height,
        channels: picture.channels,
      });
      const farthest = picture.data.reduce(
        (far, value, i) => Math.max(far, Math.abs(value - data[i]!)),
        0,
      );
      expect(farthest).toBeLessThanOrEqual(picture.tolerance);
      expect(data.length).toBe(picture.data.length);
    },
  );

  it('goes by the first bytes, not by the name', async () => {
    const path = join(folder, 'really-a-png.jpg');
    await writeFile(path, fixture('rgb.png'));
    expect(sniffPictureFormat(fixture('rgb.png'))).toBe('png');
    expect((await readPicture(path)).data).toEqual(
      Uint8Array.from(expected.pictures['rgb.png']!.data),
    );
  });

  it('takes bytes and file URLs too', async () => {
    const fromBytes = await readPicture(Buffer.from(fixture('gray.png')));
    const fromUrl = await readPicture(pathToFileURL(fixturePath('gray.png')));
    expect(fromBytes).toEqual(fromUrl);
  });

  it('takes addresses, as text or URL', async () => {
    const server = createServer((request, response) => {
      if (request.url !== '/gray.png') response.statusCode = 404;
      response.end(fixture('gray.png'));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const fromText = await readPicture(`${address}/gray.png`);
      expect(await readPicture(new URL('gray.png', address))).toEqual(fromText);
      expect(fromText).toEqual(await readPicture(String(pathToFileURL(fixturePath('gray.png')))));
      await expect(readPicture(`${address}/none.png`)).rejects.toThrow(
        /none\.png cannot be fetched: HTTP 404 Not Found; give an address that allows it/,
      );
    } finally {
      server.close();
    }
    const closed = await readPicture(address).catch((error: unknown) => error);
    expect(closed).toBeInstanceOf(InvalidArgumentError);
    expect((closed as Error).message).toMatch(/cannot be fetched: ECONNREFUSED/);
  });

  it('reads several WebP pictures at once', async () => {
    const read = await Promise.all(
      ['lossless.webp', 'lossy.webp', 'lossless.webp'].map((name) => readPicture(fixture(name))),
    );
    expect(read[0]).toEqual(read[2]);
  });

  it('goes on reading WebP after a corrupt one', async () => {
    const corrupt = fixture('lossless.webp');
    corrupt.fill(0xff, 25);
    await expect(readPicture(corrupt)).rejects.toThrow(DataFormatError);
    expect((await readPicture(fixture('lossless.webp'))).width).toBe(11);
  });

  it.each([
    ['hello, world', 'this is none'],
    ['', 'the file is empty'],
    ['GIF89a.....', 'this is a GIF'],
    ['<!DOCTYPE html>', 'this is an HTML page'],
    ['\0\0\0\x18ftypheic', 'HEIF family (heic)'],
  ])('says of %j that %s', async (content, reason) => {
    const path = join(folder, 'not-a-picture.png');
    await writeFile(path, content);
    const error = await readPicture(path).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(DataFormatError);
    expect((error as Error).message).toContain(
      `${path}: a PNG, JPEG or WebP picture was expected, but`,
    );
    expect((error as Error).message).toContain(reason);
  });

  it('says why a path cannot be read', async () => {
    await expect(readPicture(join(folder, 'nowhere.png'))).rejects.toThrow(
      /nowhere\.png cannot be read: there is no such file/,
    );
    await expect(readPicture(folder)).rejects.toThrow(/it is a folder/);
    await expect(readPicture(folder)).rejects.toThrow(InvalidArgumentError);
  });

  it('refuses a picture that is too large by its header, at once', async () => {
    const started = performance.now();
    await expect(readPicture(fixture('large-claim.png'))).rejects.toThrow(
      /60000x60000 pixels, more than the 100,000,000/,
    );
    await expect(readPicture(fixture('rgb.png'), { maxPixels: 76 })).rejects.toThrow(
      /11x7 pixels, more than the 76/,
    );
    await expect(readPicture(fixture('baseline.jpg'), { maxPixels: 76 })).rejects.toThrow(
      DataFormatError,
    );
    await expect(readPicture(fixture('lossy.webp'), { maxPixels: 76 })).rejects.toThrow(
      DataFormatError,
    );
    expect(performance.now() - started).toBeLessThan(1000);
  });

  it('refuses a JPEG whose header says more than its bytes can hold', async () => {
    const claim = fixture('baseline.jpg');
    const frame = claim.findIndex((byte, i) => byte === 0xff && claim[i + 1] === 0xc0);
    claim.set([0x23, 0x28, 0x23, 0x28], frame + 5); // 9,000 x 9,000
    await expect(readPicture(claim)).rejects.toThrow(
      /9000x9000 pixels, more than its bytes can hold/,
    );
  });

  it('inflates no more of a PNG than its header says', async () => {
    await expect(readPicture(fixture('bomb.png'))).rejects.toThrow(/more than the 20 bytes/);
  });

  it.each(['rgb.png', 'baseline.jpg', 'progressive.jpg', 'lossless.webp'])(
    'refuses %s cut short',
    async (name) => {
      const whole = fixture(name);
      for (const share of [0.3, 0.6, 0.9]) {
        const part = whole.subarray(0, Math.floor(whole.length * share));
        await expect(readPicture(part), `${share}`).rejects.toThrow(DataFormatError);
      }
    },
  );

  it('notices one changed bit of a PNG', async () => {
    const changed = fixture('rgb.png');
    changed[60] = changed[60]! ^ 4;
    await expect(readPicture(changed)).rejects.toThrow(DataFormatError);
  });

  it('says what it cannot read of WebP', async () => {
    await expect(readPicture(fixture('animated.webp'))).rejects.toThrow(
      /animated WebP cannot be read/,
    );
  });
});

describe('encodePng', () => {
  it.each(['gray.png', 'rgb.png', 'rgba.png'])(
    'writes %s so that it is read back the same',
    async (name) => {
      const picture = await readPicture(fixture(name));
      expect(await readPicture(encodePng(picture))).toEqual(picture);
    },
  );
});

describe('readPictureFolder', () => {
  it('makes a class of each folder', async () => {
    for (const [className, names] of [
      ['b', ['gray.png', 'rgb.png']],
      ['a', ['lossless.webp']],
    ] as const) {
      await mkdir(join(folder, 'set', className), { recursive: true });
      for (const name of names)
        await writeFile(join(folder, 'set', className, name), fixture(name));
    }
    await writeFile(join(folder, 'set', 'b', 'notes.txt'), 'not a picture');
    const dataset = await readPictureFolder(join(folder, 'set'));
    expect(dataset).toMatchObject({
      name: 'set',
      count: 3,
      shape: [7, 11, 3],
      classNames: ['a', 'b'],
    });
    expect([...dataset.labels]).toEqual([0, 1, 1]);
    expect([...classCounts(dataset)]).toEqual([1, 2]);
    expect([...dataset.images.subarray(2 * 231)]).toEqual(expected.pictures['rgb.png']!.data);
    const small = await readPictureFolder(join(folder, 'set'), {
      size: [4, 5],
      channels: 1,
      name: 'x',
    });
    expect(small).toMatchObject({ name: 'x', shape: [4, 5, 1] });
  });

  it('refuses pictures of different sizes when no size is given, and folders without pictures', async () => {
    await mkdir(join(folder, 'mixed', 'a'), { recursive: true });
    await writeFile(join(folder, 'mixed', 'a', '1.png'), fixture('rgb.png'));
    await writeFile(join(folder, 'mixed', 'a', '2.jpg'), fixture('orientation-6.jpg'));
    await expect(readPictureFolder(join(folder, 'mixed'))).rejects.toThrow(ShapeError);
    await expect(readPictureFolder(join(folder, 'mixed', 'a'))).rejects.toThrow(/there are none/);
    await expect(readPictureFolder(join(folder, 'none'))).rejects.toThrow(InvalidArgumentError);
  });
});

describe('listLabelledPictures', () => {
  it('gives the pictures of a table with their fields', async () => {
    await writeFile(join(folder, 'labels.csv'), 'file,hour,minute\nset/b/rgb.png,1,30\n');
    const pictures = await listLabelledPictures(folder);
    expect(pictures).toEqual([
      {
        file: 'set/b/rgb.png',
        location: join(folder, 'set/b/rgb.png'),
        fields: { hour: '1', minute: '30' },
      },
    ]);
    expect((await readPicture(pictures[0]!.location)).width).toBe(11);
  });

  it('refuses tables without a column of files, and files elsewhere', async () => {
    await writeFile(join(folder, 'times.csv'), 'picture,hour\n../../etc/passwd,1\n');
    await expect(listLabelledPictures(folder, { table: 'times.csv' })).rejects.toThrow(
      /Expected a column named `file` in .*, got picture, hour/,
    );
    await expect(
      listLabelledPictures(folder, { table: 'times.csv', fileColumn: 'picture' }),
    ).rejects.toThrow(/in the table's folder was expected/);
    await expect(listLabelledPictures(folder, { table: 'no.csv' })).rejects.toThrow(
      InvalidArgumentError,
    );
  });
});
