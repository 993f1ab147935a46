import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { DataFormatError, InvalidArgumentError } from '../../src/errors.js';
import { renderPng } from '../../src/node/png.js';
import { imageGrid, lineChart } from '../../src/plot/index.js';

const page = (content: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="100" height="40" font-family="Nowhere, sans-serif"><rect width="100" height="40" fill="#ffffff"/>${content}</svg>`;

const write = (text: string, attributes = '') =>
  page(`<text x="5" y="28" font-size="20" ${attributes}>${text}</text>`);

async function pixelsOf(svg: string, scale = 1): Promise<Uint8Array> {
  return decode(await renderPng(svg, { scale })).data as Uint8Array;
}

/** How much ink is on a white page: the darkness of all pixels. */
const ink = (pixels: Uint8Array) =>
  pixels.reduce((sum, value, index) => (index % 4 === 0 ? sum + (255 - value) / 255 : sum), 0);

describe('renderPng', () => {
  it('draws a chart at twice its size, or any other', async () => {
    const svg = lineChart([{ name: 'loss', y: [3, 2, 1] }], { width: 320, height: 200 });
    const double = decode(await renderPng(svg));
    expect([double.width, double.height]).toEqual([640, 400]);
    expect(ink(double.data as Uint8Array)).toBeGreaterThan(500);
    const half = decode(await renderPng(svg, { scale: 0.5 }));
    expect([half.width, half.height]).toEqual([160, 100]);
  });

  it('draws the text, with no font of the system', async () => {
    const blank = await pixelsOf(page(''));
    expect(ink(blank)).toBe(0);
    expect(ink(await pixelsOf(write('Test')))).toBeGreaterThan(50);
  });

  it('has letters of their own for Greek, Cyrillic and the signs of charts', async () => {
    const characters = [...'aéßηλΔЖю≤±−×→²⁻·…'];
    const drawn = await Promise.all(characters.map((character) => pixelsOf(write(character), 2)));
    const missing = await pixelsOf(write('\u{1f6ff}'), 2); // nothing has this one
    const kinds = new Set(
      [...drawn, missing].map((pixels) => Buffer.from(pixels).toString('latin1')),
    );
    expect(kinds.size).toBe(characters.length + 1);
  });

  it('has a bolder face for titles', async () => {
    const regular = ink(await pixelsOf(write('Test')));
    const bold = ink(await pixelsOf(write('Test', 'font-weight="600"')));
    expect(bold).toBeGreaterThan(1.1 * regular);
  });

  it('shows the pixels of small pictures as squares', async () => {
    const data = Uint8Array.of(0, 255, 255, 0);
    const svg = imageGrid([{ width: 2, height: 2, channels: 1, data }], { width: 132 });
    const { width, data: pixels } = decode(await renderPng(svg, { scale: 1 }));
    const greyAt = (x: number, y: number) => pixels[4 * (y * width + x)];
    expect([greyAt(18, 60), greyAt(60, 30), greyAt(70, 30), greyAt(112, 60)]).toEqual([
      0, 0, 255, 255,
    ]);
  });

  it('gives the same bytes for the same chart', async () => {
    const svg = lineChart([{ name: 'a', y: [1, 2] }]);
    expect(await renderPng(svg)).toEqual(await renderPng(svg));
  });

  it('refuses what is no SVG, and scales out of range', async () => {
    await expect(renderPng('not a picture')).rejects.toThrow(DataFormatError);
    await expect(renderPng('<svg')).rejects.toThrow('Expected an SVG document');
    for (const scale of [0, -1, 17, Number.NaN]) {
      await expect(renderPng(page(''), { scale })).rejects.toThrow(InvalidArgumentError);
    }
  });
});
