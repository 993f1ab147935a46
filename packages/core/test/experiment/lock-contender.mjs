// Locks the folders it is told of on stdin, each at the given instant, and says how that went.
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { module } = await runnerImport(
  fileURLToPath(new URL('../../src/experiment/folder-lock.ts', import.meta.url)),
  { configFile: false, root, logLevel: 'error' },
);

console.log('ready');
let release = () => {};
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'release') {
    release();
    release = () => {};
    console.log('released');
    continue;
  }
  const { folder, at } = JSON.parse(line);
  while (Date.now() < at);
  try {
    release = await module.lockFolder(folder);
    console.log('held');
  } catch (error) {
    console.log(error.message);
  }
}
