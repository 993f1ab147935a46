import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect } from 'vitest';

/** A process of its own that trains as a module here says, resuming what is in the folder. */
function startProcess(module: string, place: string) {
  const program = new URL('./run-module.mjs', import.meta.url).pathname;
  const child = spawn(process.execPath, [program, module, place], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.setEncoding('utf8');
  return child;
}

/** Trains until a step is done, and kills the process there. */
export async function killAfterStep(module: string, step: number, place: string): Promise<void> {
  const child = startProcess(module, place);
  const closed = once(child, 'close');
  child.stdout.on('data', (lines: string) => {
    if (lines.includes(`step ${step}\n`)) child.kill('SIGKILL');
  });
  expect(await closed).toEqual([null, 'SIGKILL']);
}

/** Trains to the end. */
export async function trainInProcess(
  module: string,
  place: string,
): Promise<{ weights: string; resumedFrom: number }> {
  const child = startProcess(module, place);
  const [output] = await Promise.all([text(child.stdout), once(child, 'close')]);
  return JSON.parse(output.slice(output.indexOf('{')));
}
