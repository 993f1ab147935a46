import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { putPicture } from './server.mjs';

const program = (imports) => `${imports}
import { loadDataset, readPicture, useBackend } from '@nn-lab/core/node';
import { renderClock } from '@nn-lab/clock/node';

test('the packages work', async () => {
  expect((await useBackend()).name).toBe('simd');
  expect((await loadDataset('digits16', { download: false })).train.count).toBe(1707);
  expect((await readPicture('picture.webp')).width).toBe(11);
  expect(renderClock({ hour: 1, minute: 2 }, {}, { size: 32 }).width).toBe(32);
}, 60_000);
`;

const runners = {
  vitest: ['node_modules/vitest/vitest.mjs', 'run', '--root', 'tests-vitest'],
  'vitest, environment jsdom': [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--root',
    'tests-vitest',
    '--environment',
    'jsdom',
  ],
  jest: [
    '--experimental-vm-modules',
    'node_modules/jest/bin/jest.js',
    '--rootDir',
    'tests-jest',
    '--testMatch',
    '**/*.test.mjs',
    '--transform',
    '{}',
  ],
};

/** Uses the packages in the tests of a project. */
export async function checkTestRunners({ root, consumer, check, run }) {
  const imports = { vitest: "import { expect, test } from 'vitest';", jest: '' };
  await putPicture(root, consumer);
  for (const [runner, text] of Object.entries(imports)) {
    const folder = join(consumer, `tests-${runner}`);
    await mkdir(folder);
    await putPicture(root, folder);
    await writeFile(join(folder, 'use.test.mjs'), program(text));
  }
  for (const [name, args] of Object.entries(runners)) {
    await check(`a test in ${name}`, async () => {
      const env = { ...process.env, NN_LAB_DATA: '', CI: 'true' };
      await run(process.execPath, args, { cwd: consumer, env, timeout: 180_000 });
    });
  }
}
