import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('program.mjs', import.meta.url));

/** The outcome of a scenario in a program of its own, which must end by itself. */
async function outcomeOf(scenario: string) {
  const { stdout } = await promisify(execFile)(process.execPath, [program, scenario], {
    env: { ...process.env, FORCE_COLOR: undefined },
    killSignal: 'SIGKILL',
    timeout: 100_000,
  });
  return JSON.parse(stdout);
}

describe('a program with threads', { timeout: 120_000 }, () => {
  it('ends by itself while they sleep, for which they take no processor time', async () => {
    const { counted, share } = await outcomeOf('idle');
    expect(counted).toBe(40);
    expect(share).toBeLessThan(0.2);
  });

  it('ends by itself while one computes for ever, and hears of it before', async () => {
    const { first, later } = await outcomeOf('busy');
    expect(first).toEqual({
      name: 'SimdBackendError',
      message: expect.stringMatching(/has ended: it has not answered for 0\.3 seconds/),
    });
    expect(later).toEqual(first);
  });

  it('gets an error, no hang, when a sleeping thread is killed', async () => {
    const { counted, error } = await outcomeOf('killedIdle');
    expect(counted).toBe(40);
    expect(error).toEqual({
      name: 'SimdBackendError',
      message: expect.stringMatching(/has ended: exit code 1\. .*start anew/),
    });
  });

  it('gets an error, no hang, when a thread is killed in the middle of a job', async () => {
    const { first, later } = await outcomeOf('killedBusy');
    expect(first.name).toBe('SimdBackendError');
    expect(first.message).toMatch(/has not answered/);
    expect(later).toEqual(first);
  });

  it('may train, and ends by itself', async () => {
    expect(await outcomeOf('backend')).toEqual({ threads: 2, falls: true });
  });

  it('may train in a thread of its own, which has threads too, and ends by itself', async () => {
    expect(await outcomeOf('worker')).toEqual({ threads: 2, falls: true });
  });
});
