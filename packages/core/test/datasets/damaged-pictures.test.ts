import { crc32, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePicture } from '../../src/datasets/formats/decode-picture.js';
import type { Picture } from '../../src/datasets/index.js';
import { DataFormatError } from '../../src/errors.js';
import { fixture } from './fixtures.js';

async function refusal(bytes: Uint8Array): Promise<string> {
  const error = await decodePicture(bytes, { source: 'p' }).then(
    () => new Error('it was read'),
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(DataFormatError);
  const { message } = error as Error;
  expect(message).toMatch(/^p: [^\n]*$/);
  return message;
}

describe('a PNG', () => {
  const chunk = (type: string, content: Uint8Array): Buffer => {
    const body = Buffer.concat([Buffer.from(type), content]);
    const [size, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    size.writeUInt32BE(content.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([size, body, sum]);
  };
  const header = (
    width: number,
    height: number,
    depth = 8,
    colorType = 2,
    ...methods: number[]
  ) => {
    const content = Buffer.alloc(13);
    content.writeUInt32BE(width, 0);
    content.writeUInt32BE(height, 4);
    content.set([depth, colorType, ...methods], 8);
    return chunk('IHDR', content);
  };
  const pixels = chunk('IDAT', deflateSync(Buffer.from([0, 250, 10, 20, 30, 240, 50])));
  const png = (...chunks: Uint8Array[]) =>
    Buffer.concat([
      Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
      ...chunks,
      chunk('IEND', Buffer.alloc(0)),
    ]);
  const palette = (colors: number) => chunk('PLTE', Buffer.alloc(3 * colors));

  it('is read as its first header says', async () => {
    const { data } = await decodePicture(png(header(2, 1), pixels));
    expect([...data]).toEqual([250, 10, 20, 30, 240, 50]);
  });

  it.each<[what: string, file: Uint8Array, reason: RegExp]>([
    ['two headers', png(header(2, 1), header(9000, 9000), pixels), /a second IHDR chunk/],
    ['its header late', png(palette(1), header(2, 1), pixels), /first chunk is not IHDR/],
    ['two palettes', png(header(2, 1), palette(1), palette(1), pixels), /a second PLTE chunk/],
    ['a late palette', png(header(2, 1, 8, 3), pixels, palette(1)), /PLTE chunk comes after/],
    ['no palette', png(header(6, 1, 8, 3), pixels), /no palette/],
    ['a palette of 4 bytes', png(header(2, 1), chunk('PLTE', Buffer.alloc(4)), pixels), /4 bytes/],
    ['colors beyond its palette', png(header(6, 1, 8, 3), palette(9), pixels), /color 250 of a/],
    ['a short tRNS', png(header(2, 1), chunk('tRNS', Buffer.alloc(5)), pixels), /5 bytes instead/],
    ['a text amid its pixels', png(header(2, 1), pixels, chunk('tEXt', pixels), pixels), /between/],
    ['an unknown essential chunk', png(header(2, 1), chunk('ABCD', pixels), pixels), /essential/],
    ['3 bits a sample', png(header(2, 1, 3), pixels), /color type 2 of 3 bits/],
    ['a palette of 16 bits', png(header(2, 1, 16, 3), pixels), /color type 3 of 16 bits/],
    ['unknown methods', png(header(2, 1, 8, 2, 0, 0, 2), pixels), /the methods 0, 0 and 2/],
    ['no pixels', png(header(2, 1)), /no pixels/],
    [
      'an unknown filter',
      png(header(2, 1), chunk('IDAT', deflateSync(Buffer.alloc(7, 9)))),
      /filter 9/,
    ],
    ['too few pixels', png(header(2, 2), pixels), /14 bytes of pixels, but has 7/],
    ['too many pixels', png(header(1, 1), pixels), /more than the 4 bytes/],
    ['more than its bytes can hold', png(header(9000, 9000), pixels), /more than its bytes can/],
    ['no extent', png(header(0, 1), pixels), /0x1 pixels/],
  ])('with %s is refused', async (_, file, reason) => {
    expect(await refusal(file)).toMatch(reason);
  });

  it('of 16 bits is read up to the limit on pixels', async () => {
    const [width, height] = [7000, 7000];
    const rows = deflateSync(Buffer.alloc(height * (1 + 6 * width), 0), { level: 1 });
    const picture = await decodePicture(png(header(width, height, 16), chunk('IDAT', rows)));
    expect(picture).toMatchObject({ width, height, channels: 3 });
    expect(picture.data.length).toBe(3 * width * height);
  });
});

describe('a JPEG', () => {
  const whole = Buffer.from(fixture('baseline.jpg'));
  const progressive = Buffer.from(fixture('progressive.jpg'));
  const at = (file: Buffer, marker: number) => file.indexOf(Buffer.from([0xff, marker]));
  const before = (file: Buffer, marker: number, ...bytes: number[]) =>
    Buffer.concat([
      file.subarray(0, at(file, marker)),
      Buffer.from(bytes),
      file.subarray(at(file, marker)),
    ]);
  const segmentOf = (file: Buffer, marker: number) => {
    const start = at(file, marker);
    return file.subarray(start, start + 2 + file.readUInt16BE(start + 2));
  };
  const changed = (file: Buffer, marker: number, offset: number, value: number) => {
    const copy = Buffer.from(file);
    copy[at(file, marker) + offset] = value;
    return copy;
  };
  const scans = progressive.subarray(at(progressive, 0xda), progressive.length - 2);

  it.each<[what: string, file: Uint8Array, reason: RegExp]>([
    [
      'stray bytes between segments',
      before(whole, 0xc0, 1, 2, 3),
      /bytes stand between two segments/,
    ],
    ['a stray start', before(whole, 0xc0, 0xff, 0xd8), /marker 0xffd8 stands between/],
    ['two frames', before(whole, 0xda, ...segmentOf(whole, 0xc0)), /two frame headers/],
    [
      'no frame',
      Buffer.concat([whole.subarray(0, at(whole, 0xc0)), whole.subarray(at(whole, 0xda))]),
      /before the frame/,
    ],
    [
      'no picture',
      Buffer.concat([whole.subarray(0, at(whole, 0xda)), Buffer.from([0xff, 0xd9])]),
      /no picture in it/,
    ],
    [
      'the same scan twice',
      Buffer.concat([whole.subarray(0, -2), whole.subarray(at(whole, 0xda))]),
      /two scans give the same/,
    ],
    [
      'scans over again',
      Buffer.concat([progressive.subarray(0, -2), scans, scans]),
      /two scans give the same/,
    ],
    ['no end of its scans', progressive.subarray(0, -2), /cut short/],
    ['two components', changed(whole, 0xc0, 9, 2), /2 components, not 1, 3 or 4/],
    ['components of one name', changed(whole, 0xc0, 13, 1), /two components have one name/],
    ['a sampling of 0', changed(whole, 0xc0, 11, 0x10), /a sampling of 1x0/],
    [
      'fractional sampling',
      changed(changed(whole, 0xc0, 11, 0x31), 0xc0, 14, 0x21),
      /2x1 beside 3x1/,
    ],
    ['a height of 0', changed(changed(whole, 0xc0, 5, 0), 0xc0, 6, 0), /x0 pixels/],
    ['an unknown Huffman table', changed(whole, 0xc4, 4, 9), /Huffman table of no known kind/],
    ['too many codes', changed(whole, 0xc4, 5, 9), /Huffman table|0xffc4 is cut short/],
    [
      'a restart that never comes',
      before(whole, 0xda, 0xff, 0xdd, 0, 4, 0, 1),
      /restart marker is missing/,
    ],
  ])('with %s is refused', async (_, file, reason) => {
    expect(await refusal(file)).toMatch(reason);
  });

  it('with many scans is refused', async () => {
    // A progressive gray picture of 8x8 pixels: each scan would refine one coefficient once more.
    const frame = [0xff, 0xc2, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0];
    const table = (kind: number) => [0xff, 0xc4, 0, 20, kind, 1, ...Array(15).fill(0), 0];
    const quantization = [0xff, 0xdb, 0, 67, 0, ...Array(64).fill(1)];
    const scan = (first: number, bits: number) => [
      0xff,
      0xda,
      0,
      8,
      1,
      1,
      0,
      first,
      first,
      bits,
      0,
    ];
    const file = (count: number) =>
      Uint8Array.from([
        ...[0xff, 0xd8],
        ...[...quantization, ...table(0), ...table(0x10), ...frame],
        ...Array.from({ length: 64 }, (_, k) => scan(k, 1)).flat(),
        ...Array.from({ length: count - 64 }, (_, k) => scan(k, 0x10)).flat(),
        ...[0xff, 0xd9],
      ]);
    expect(await decodePicture(file(100))).toMatchObject({ width: 8, height: 8, channels: 1 });
    expect(await refusal(file(101))).toMatch(/more than 100 scans/);
  });

  it('is read without the end of the file, if nothing else is missing', async () => {
    expect(await decodePicture(whole.subarray(0, -2))).toEqual(await decodePicture(whole));
  });
});

describe('a WebP', () => {
  const lossless = Buffer.from(fixture('lossless.webp'));
  const riff = (...chunks: Uint8Array[]) => {
    const content = Buffer.concat([Buffer.from('WEBP'), ...chunks]);
    const size = Buffer.alloc(4);
    size.writeUInt32LE(content.length);
    return Buffer.concat([Buffer.from('RIFF'), size, content]);
  };
  const frame = lossless.subarray(12);
  const extended = (width: number, height: number) => {
    const content = Buffer.alloc(10);
    content.writeUIntLE(width - 1, 4, 3);
    content.writeUIntLE(height - 1, 7, 3);
    return Buffer.concat([Buffer.from('VP8X'), Buffer.from([10, 0, 0, 0]), content]);
  };

  it('of the extended kind is read', async () => {
    const read = await decodePicture(riff(extended(11, 7), frame));
    expect(read).toEqual(await decodePicture(lossless));
  });

  it.each<[what: string, file: Uint8Array, reason: RegExp]>([
    ['VP8X after its picture', riff(frame, extended(11, 7)), /a VP8X chunk stands first/],
    ['two VP8X', riff(extended(11, 7), extended(11, 7), frame), /a VP8X chunk stands first/],
    ['two pictures', riff(frame, frame), /two pictures/],
    [
      'extents that disagree',
      riff(extended(5000, 7), frame),
      /says 5000x7, but its picture has 11x7/,
    ],
    ['no picture', riff(extended(11, 7)), /no picture in it/],
  ])('with %s is refused', async (_, file, reason) => {
    expect(await refusal(file)).toMatch(reason);
  });
});

describe('parts in another order, twice or missing', () => {
  /** The pieces between the offsets where a part begins. */
  const split = (file: Buffer, starts: number[]) =>
    starts.map((start, i) => file.subarray(start, starts[i + 1]));
  const pngStarts = (file: Buffer) => {
    const starts = [8];
    while (starts.at(-1)! + 12 < file.length) {
      starts.push(starts.at(-1)! + 12 + file.readUInt32BE(starts.at(-1)!));
    }
    return starts;
  };
  const jpegStarts = (file: Buffer) => {
    const isMarker = (next: number) => next !== 0 && (next & 0xf8) !== 0xd0;
    return [...file.keys()].filter((i) => i > 1 && file[i] === 0xff && isMarker(file[i + 1] ?? 0));
  };
  const files: [name: string, signature: number, starts: (file: Buffer) => number[]][] = [
    ['palette.png', 8, pngStarts],
    ['rgb-16-bits.png', 8, pngStarts],
    ['color-key.png', 8, pngStarts],
    ['subsampled.jpg', 2, jpegStarts],
    ['progressive.jpg', 2, jpegStarts],
    ['cmyk.jpg', 2, jpegStarts],
  ];

  it.each(files)(
    'of %s: read, or refused by a DataFormatError',
    async (name, signature, starts) => {
      const file = Buffer.from(fixture(name));
      const parts = split(file, starts(file));
      expect(parts.length).toBeGreaterThan(2);
      expect(Buffer.concat([file.subarray(0, signature), ...parts])).toEqual(file);
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.nat(parts.length - 1), { maxLength: 2 * parts.length }),
          fc.nat(parts.length),
          async (chosen, kept) => {
            const order = [...parts.slice(0, kept), ...chosen.map((i) => parts[i]!)];
            const bytes = Buffer.concat([file.subarray(0, signature), ...order]);
            const read = await decodePicture(bytes, { source: 'p' }).catch(
              (error: unknown) => error,
            );
            if (!(read instanceof Error)) {
              const { width, height, channels, data } = read as Picture;
              expect(data.length).toBe(width * height * channels);
            } else {
              expect(read).toBeInstanceOf(DataFormatError);
              expect(read.message).toMatch(/^p: [^\n]*$/);
            }
          },
        ),
        { numRuns: 200, seed: 20_240 },
      );
    },
  );
});
