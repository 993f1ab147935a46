import { encodePng, type Picture } from '../datasets/index.js';
import { element } from './svg.js';

/**
 * The picture as an SVG image that holds its own PNG. `crisp` shows enlarged pixels as squares:
 * browsers and resvg share no attribute that asks for it, so the pixels are repeated beforehand, to
 * the size shown at least, where smoothing hardly blurs them.
 */
export function drawPicture(
  picture: Picture,
  {
    crisp,
    ...place
  }: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
    readonly crisp: boolean;
  },
): string {
  const enlargement = Math.max(place.width / picture.width, place.height / picture.height);
  const shown = crisp && enlargement > 1 ? repeatPixels(picture, Math.ceil(enlargement)) : picture;
  return element('image', {
    ...place,
    preserveAspectRatio: 'none',
    href: `data:image/png;base64,${base64(encodePng(shown))}`,
  });
}

function repeatPixels({ width, height, channels, data }: Picture, times: number): Picture {
  const rowLength = width * times * channels;
  const repeated = new Uint8Array(rowLength * height * times);
  for (let y = 0; y < height; y++) {
    const row = repeated.subarray(y * times * rowLength, (y * times + 1) * rowLength);
    for (let x = 0; x < width * times; x++) {
      const pixel = (y * width + Math.floor(x / times)) * channels;
      for (let channel = 0; channel < channels; channel++) {
        row[x * channels + channel] = data[pixel + channel]!;
      }
    }
    for (let copy = 1; copy < times; copy++) repeated.set(row, (y * times + copy) * rowLength);
  }
  return { width: width * times, height: height * times, channels, data: repeated };
}

function base64(bytes: Uint8Array): string {
  let binary = '';
  for (let start = 0; start < bytes.length; start += 8192) {
    binary += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return btoa(binary);
}
