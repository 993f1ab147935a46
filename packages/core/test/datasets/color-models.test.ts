import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodePicture } from '../../src/datasets/formats/decode-picture.js';
import { DataFormatError } from '../../src/errors.js';
import { fixturePath } from './fixtures.js';

/** What fixtures/make-color-fixtures.py made and what pixels it says they have. */
const { pictures, refused }: ColorModels = JSON.parse(
  readFileSync(fixturePath('color-models.json'), 'utf8'),
);

interface ColorModels {
  readonly pictures: Record<
    string,
    { file: string; width: number; height: number; channels: number; pixels: string }
  >;
  readonly refused: Record<string, string>;
}

const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));

describe('decodePicture', () => {
  it.each(Object.entries(pictures))('%s', async (name, { file, pixels, ...extents }) => {
    const { data, ...found } = await decodePicture(bytesOf(file), { source: name });
    expect(found).toEqual(extents);
    expect([...data]).toEqual([...bytesOf(pixels)]);
  });

  it.each([
    ['arithmetic.jpg', /of arithmetic coding cannot be read; save it with Huffman coding/],
    ['twelve-bits.jpg', /of 12 bits a sample cannot be read; save it with 8/],
    ['lossless.jpg', /lossless or hierarchical JPEG cannot be read/],
  ])('says that %s cannot be read', async (name, reason) => {
    const read = decodePicture(bytesOf(refused[name]!), { source: name });
    await expect(read).rejects.toThrow(DataFormatError);
    await expect(read).rejects.toThrow(reason);
  });
});
