import { describe, expect, it } from 'vitest';
import {
  createDataset,
  createPicture,
  decodeJpeg,
  decodePng,
  decodeWebp,
  imagesToFloat32,
  padToSquare,
  splitDataset,
  toGray,
  toRgb,
} from '../../src/datasets/index.js';
import { InvalidArgumentError } from '../../src/errors.js';
import { readPicture } from '../../src/node/pictures.js';
import { renderPng } from '../../src/node/png.js';
import { fixture } from './fixtures.js';

const picture = createPicture({ width: 2, height: 1, channels: 1, data: new Uint8Array(2) });
const dataset = createDataset({
  shape: [1, 1, 1],
  images: new Uint8Array(4),
  labels: new Uint8Array(4),
});

/** Each with a name that is nearly right, and a value that cannot be. */
const calls: [name: string, wrong: object, bad: object, call: (options: object) => unknown][] = [
  ['toGray', { backgroud: 0 }, { background: 256 }, (options) => toGray(picture, options)],
  ['toRgb', { backGround: 0 }, { background: 'white' }, (options) => toRgb(picture, options)],
  ['padToSquare', { full: 0 }, { fill: -1 }, (options) => padToSquare(picture, options)],
  ['decodePng', { maxPixel: 9 }, { maxPixels: '9' }, (o) => decodePng(fixture('rgb.png'), o)],
  ['decodeJpeg', { max_pixels: 9 }, { maxPixels: -1 }, (o) => decodeJpeg(fixture('cmyk.jpg'), o)],
  ['decodeWebp', { maxpixels: 9 }, { source: 1 }, (o) => decodeWebp(fixture('lossy.webp'), o)],
  ['readPicture', { maxPixel: 9 }, { maxPixels: null }, (o) => readPicture(fixture('rgb.png'), o)],
  ['renderPng', { scales: 2 }, { scale: 17 }, (options) => renderPng('<svg/>', options)],
  [
    'imagesToFloat32',
    { rnage: [0, 1] },
    { range: [0, Number.NaN] },
    (options) => imagesToFloat32(dataset, undefined, options),
  ],
  [
    'splitDataset',
    { random: undefined, randon: 1 },
    { fractions: [0.5, 0] },
    (options) => splitDataset(dataset, { fractions: [0.5], ...options }),
  ],
];

describe.each(calls)('%s', (_, wrong, bad, call) => {
  it('refuses an option that it does not know, and names the nearest', async () => {
    const calling = Promise.resolve(wrong).then(call);
    await expect(calling).rejects.toThrow(InvalidArgumentError);
    await expect(calling).rejects.toThrow(/^Unknown option `\w+`, did you mean `\w+`\?$/);
  });

  it('refuses a value that cannot be, and says what can', async () => {
    const calling = Promise.resolve(bad).then(call);
    await expect(calling).rejects.toThrow(InvalidArgumentError);
    await expect(calling).rejects.toThrow(/^Expected `\w+` to be .*, got .*\.$/);
  });
});
