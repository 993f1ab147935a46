import { createDataset, type Dataset } from './dataset.js';
import { inflate } from './formats/inflate.js';

const classNames = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
const pixels = 16 * 16;

/**
 * The digits that come with this package: 1,707 to train and 1,000 to test, 16x16 grey values from -1
 * (paper) to 1 (ink), as many of each digit as in the course. They are made of MNIST's (LeCun, Cortes
 * and Burges, CC BY-SA 3.0), so results on them stand beside the course's, but are not the same.
 *
 * The module that holds them, half a megabyte, is loaded by the first call.
 */
export async function loadEmbeddedDigits(): Promise<{
  readonly train: Dataset;
  readonly test: Dataset;
  /** SHA-256 of the embedded bytes, in hexadecimal. */
  readonly sha256: string;
}> {
  const { counts, packed, sha256 } = await import('./digits16-embedded.js');
  const base64 = atob(packed);
  const compressed = Uint8Array.from(base64, (character) => character.charCodeAt(0));
  const bytes = await inflate(compressed, 'deflate-raw', {
    source: 'embedded digits',
    maxBytes: (counts.train + counts.test) * (pixels + 1),
  });
  const part = (name: string, count: number, start: number): Dataset => {
    const grey = bytes.subarray(start + count, start + count + count * pixels);
    return createDataset({
      name,
      shape: [16, 16, 1],
      images: Float32Array.from(grey, (value) => value / 127.5 - 1),
      labels: bytes.slice(start, start + count),
      classNames,
      range: [-1, 1],
    });
  };
  return {
    train: part('digits16 of MNIST', counts.train, 0),
    test: part('digits16 of MNIST', counts.test, counts.train * (pixels + 1)),
    sha256,
  };
}
