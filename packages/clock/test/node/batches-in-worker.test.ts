import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const built = fileURLToPath(new URL('../../dist/node/preset-batches.js', import.meta.url));
if (!existsSync(built)) {
  console.info(
    'the test of the batch thread is skipped: have the built files by npx nx build clock',
  );
}

it.skipIf(!existsSync(built))('a thread renders the same batches of each preset', async () => {
  const program = fileURLToPath(new URL('batches-of-presets.mjs', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: 25_000 });
  expect(JSON.parse(stdout)).toEqual({
    smoke: { same: [true, true], threaded: true },
    course: { same: [true, true], threaded: true },
  });
});
