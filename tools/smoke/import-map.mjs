import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findChrome, visitFolder } from './browser.mjs';

/** Where a page finds each module when nothing bundles it. */
const imports = {
  '@tensorflow/tfjs': '@tensorflow/tfjs/dist/tf.fesm.js',
  '@nn-lab/backend-simd': '@nn-lab/backend-simd/dist/browser.js',
  '@nn-lab/core/checks': '@nn-lab/core/dist/checks/index.js',
  '@nn-lab/core/work': '@nn-lab/core/dist/work.js',
  '@nn-lab/core/errors': '@nn-lab/core/dist/errors.js',
  '@nn-lab/core/random': '@nn-lab/core/dist/random/index.js',
  '@nn-lab/xor': '@nn-lab/xor/dist/index.js',
  'pure-rand/generator/mersenne': 'pure-rand/lib/esm/generator/mersenne.js',
  'pure-rand/generator/xoroshiro128plus': 'pure-rand/lib/esm/generator/xoroshiro128plus.js',
};

/** A page that no bundler has seen: an import map over node_modules, threads included. */
export async function checkImportMap({ consumer, packages, check, skip }) {
  const name = 'run a page with an import map in Chromium';
  const needed = ['backend-simd', 'core', 'xor'];
  if (!needed.every((folder) => packages.some((one) => one.folder === folder))) return;
  const chrome = await findChrome();
  if (!chrome) {
    skip(name, 'no Chromium found');
    return;
  }
  await check(name, async () => {
    const page = join(consumer, 'page-import-map');
    await mkdir(page);
    await symlink(join(consumer, 'node_modules'), join(page, 'modules'));
    const map = Object.fromEntries(
      Object.entries(imports).map(([name, path]) => [name, `./modules/${path}`]),
    );
    await writeFile(
      join(page, 'index.html'),
      `<!doctype html><html lang="en"><meta charset="utf-8"><title>import map</title>
<link rel="icon" href="data:,">
<script type="importmap">${JSON.stringify({ imports: map })}</script>
<script type="module">
import * as tf from '@tensorflow/tfjs';
import { useSimdBackend } from '@nn-lab/backend-simd';
import { RandomState } from '@nn-lab/core/random';
import { trainXor } from '@nn-lab/xor';
try {
  await useSimdBackend({ threads: 2 });
  const ones = tf.ones([64, 64]);
  const [sum] = await tf.sum(tf.matMul(ones, ones)).data();
  const { evaluations } = await trainXor(new RandomState(42).normal(0, 1, 9), { learningRate: 0.3 });
  window.outcome = { value: { sum, threads: tf.backend().threads, evaluations } };
} catch (error) {
  window.outcome = { error: String(error?.stack ?? error) };
}
</script></html>`,
    );
    const got = JSON.stringify(await visitFolder(chrome, page));
    const expected = JSON.stringify({ sum: 64 ** 3, threads: 2, evaluations: 7899 });
    if (got !== expected) throw new Error(`Expected ${expected}, got ${got}.`);
  });
}
