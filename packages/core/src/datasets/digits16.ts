import { checkOptions } from '../checks/index.js';
import { Parts, Work, type WorkOptions, workChecks } from '../work.js';
import { createDataset, type Dataset } from './dataset.js';
import { inflateWhole } from './formats/inflate.js';

const classNames = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
const pixels = 16 * 16;

/**
 * The digits that come with this package: 1,707 to train and 1,000 to test, 16x16 grey values from -1
 * (paper) to 1 (ink), as many of each digit as in the course. They are made of MNIST's (LeCun, Cortes
 * and Burges, CC BY-SA 3.0), so results on them stand beside the course's, but are not the same.
 *
 * The module that holds them, half a megabyte, is loaded by the first call.
 *
 * @throws the signal's reason when it is aborted, and what `onProgress` throws.
 */
export async function loadEmbeddedDigits(options: WorkOptions = {}): Promise<EmbeddedDigits> {
  checkOptions(options, workChecks);
  return embeddedDigits(new Work(options));
}

/** What {@link loadEmbeddedDigits} gives. */
export interface EmbeddedDigits {
  readonly train: Dataset;
  readonly test: Dataset;
  /** SHA-256 of the embedded bytes, in hexadecimal. */
  readonly sha256: string;
}

/** The same as a part of other work. */
export async function embeddedDigits(work: Work): Promise<EmbeddedDigits> {
  const { counts, packed, sha256 } = await import('./digits16-embedded.js');
  const limits = {
    source: 'embedded digits',
    maxBytes: (counts.train + counts.test) * (pixels + 1),
  };
  const compressed = await decodeBase64(packed, work);
  const bytes = await inflateWhole(compressed, 'deflate-raw', limits, work);
  const part = async (name: string, count: number, start: number): Promise<Dataset> => {
    const grey = bytes.subarray(start + count, start + count + count * pixels);
    const images = new Float32Array(grey.length);
    await work.inParts(
      grey.length,
      (begin, end) => {
        for (let i = begin; i < end; i++) images[i] = grey[i]! / 127.5 - 1;
      },
      new Parts(pixels),
    );
    return createDataset({
      name,
      shape: [16, 16, 1],
      images,
      labels: bytes.slice(start, start + count),
      classNames,
      range: [-1, 1],
    });
  };
  return {
    train: await part('digits16 of MNIST', counts.train, 0),
    test: await part('digits16 of MNIST', counts.test, counts.train * (pixels + 1)),
    sha256,
  };
}

async function decodeBase64(base64: string, work: Work): Promise<Uint8Array> {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((base64.length / 4) * 3 - padding);
  await work.inParts(
    base64.length,
    (begin, end) => {
      const characters = atob(base64.slice(begin, end));
      const offset = (begin / 4) * 3;
      for (let i = 0; i < characters.length; i++) bytes[offset + i] = characters.charCodeAt(i);
    },
    new Parts(2 ** 14), // whole groups of four characters
  );
  return bytes;
}
