import { describe, expect, test } from 'vitest';
import { callerCommand } from '../../src/cli/user-folder.js';

describe('how a person calls a command from where they are', () => {
  const call = (
    args: string[],
    env: Record<string, string>,
    cwd = '/home/me',
    entry = '/usr/local/bin/nn-clock',
    command = 'train',
  ) =>
    callerCommand(
      { name: 'nn-clock', packageName: '@nn-lab/clock' },
      command,
      args,
      env,
      cwd,
      entry,
    );
  const inPackage = ['/repo/packages/clock', '/repo/packages/clock/dist/cli.js'] as const;
  const nx = { NX_TASK_TARGET_PROJECT: 'clock', NX_TASK_TARGET_TARGET: 'train' };

  test('an installed bin', () => {
    expect(call(['--seed', '3'], {})).toBe('nn-clock train --seed 3');
    expect(call([], { npm_command: 'exec' })).toBe('npx @nn-lab/clock train');
    const inProject = '/home/me/project/node_modules/.bin/nn-clock';
    expect(call([], {}, '/home/me', inProject)).toBe('npx @nn-lab/clock train');
  });

  test('a script by its path', () => {
    expect(call([], {}, '/repo', inPackage[1])).toBe('node packages/clock/dist/cli.js train');
    expect(call([], {}, ...inPackage)).toBe('node dist/cli.js train');
  });

  test('an nx target, without the flag that nx keeps', () => {
    expect(call(['--preset=quick', '--verbose'], nx, ...inPackage)).toBe(
      'npx nx run clock:train -- --preset=quick',
    );
    expect(call(['--verbose'], nx, ...inPackage)).toBe('npx nx run clock:train');
    expect(call(['a.png'], nx, ...inPackage, 'read')).toBe('npx nx run clock:read -- a.png');
  });

  test('an npm script of a workspace', () => {
    const env = { npm_package_name: '@nn-lab/clock', npm_lifecycle_event: 'train' };
    expect(call(['--resume'], env, ...inPackage)).toBe(
      'npm run train -w @nn-lab/clock -- --resume',
    );
  });

  test('another program under nx is called by its own name', () => {
    expect(call([], nx)).toBe('nn-clock train');
  });

  test('words are quoted where a shell needs it', () => {
    expect(call(['--note', "it's done", 'a b.png', '$HOME', 'x=1,2:3'], {})).toBe(
      `nn-clock train --note 'it'\\''s done' 'a b.png' '$HOME' x=1,2:3`,
    );
  });
});
