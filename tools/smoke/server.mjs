import { cp } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * A program that uses what a server would: the best backend, the embedded digits, a WebP, a chart as
 * PNG and a model from scratch. It runs beside `picture.webp`.
 */
export const serverProgram = `import { loadDataset, readPicture, renderPng, useBackend } from '@nn-lab/core/node';
import { RandomState } from '@nn-lab/core/random';
import { trainXor } from '@nn-lab/xor';
import * as tf from '@tensorflow/tfjs';

async function main() {
  const { name, threads } = await useBackend({ threads: 2 });
  const ones = tf.ones([64, 64]);
  const [sum] = await tf.sum(tf.matMul(ones, ones)).data();
  const { train } = await loadDataset('digits16', { download: false });
  const { width, height } = await readPicture('picture.webp');
  const png = await renderPng('<svg xmlns="http://www.w3.org/2000/svg" width="2" height="2"/>');
  const { evaluations } = trainXor(new RandomState(42).normal(0, 1, 9), { learningRate: 0.3 });
  return { name, threads, sum, digits: train.count, size: [width, height], png: png.length > 60, evaluations };
}
main().then(
  (value) => {
    console.log(JSON.stringify(value));
    process.exit();
  },
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
`;

const expected = JSON.stringify({
  name: 'simd',
  threads: 2,
  sum: 64 ** 3,
  digits: 1707,
  size: [11, 7],
  png: true,
  evaluations: 7899,
});

/** Runs {@link serverProgram}, built or as it is, and checks what it prints. */
export async function checkServed({ root, run }, program, args, cwd) {
  await putPicture(root, cwd);
  const env = { ...process.env, NN_LAB_DATA: '' };
  const { stdout } = await run(program, args, { cwd, env, timeout: 120_000 });
  if (stdout.trim() !== expected) throw new Error(`Expected ${expected}, got ${stdout}`);
  return 'simd on 2 threads, a WebP read';
}

/** Puts the WebP that the programs read into a folder. */
export function putPicture(root, folder) {
  const fixture = 'packages/core/test/datasets/fixtures/lossy.webp';
  return cp(join(root, fixture), join(folder, 'picture.webp'));
}
