import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { afterAll, beforeAll } from 'vitest';

/** What a run of the demo program left behind. */
export interface DemoRun {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface DemoSetting {
  readonly env?: Record<string, string>;
  /** Relative to the demo's folder; default `user`, which is not the demo's package. */
  readonly cwd?: string;
  /** Called with everything on stderr so far, whenever there is more. */
  readonly onStderr?: (child: ChildProcess, stderr: string) => void;
  readonly onStart?: (child: ChildProcess) => void;
}

/** Bundles `programs/nn-demo.ts` from the sources and runs it as a person would: as a process. */
export function useDemo() {
  let folder = '';
  beforeAll(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'nn-demo-')));
    const here = dirname(fileURLToPath(import.meta.url));
    await build({
      configFile: false,
      logLevel: 'warn',
      root: here,
      ssr: { noExternal: true },
      build: {
        ssr: join(here, 'programs/nn-demo.ts'),
        outDir: join(folder, 'package/dist'),
        emptyOutDir: true,
        target: 'node20',
        minify: false,
      },
    });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  return {
    path: (...parts: string[]) => join(folder, ...parts),
    run(args: readonly string[], setting: DemoSetting = {}): Promise<DemoRun> {
      const inherited = Object.entries(process.env).filter(
        ([name]) =>
          !/^(npm_|NX_|INIT_CWD$|CI$|NO_COLOR$|FORCE_COLOR$|COLUMNS$|VITEST|NODE_)/i.test(name),
      );
      const child = spawn(process.execPath, [join(folder, 'package/dist/nn-demo.js'), ...args], {
        cwd: join(folder, setting.cwd ?? '.'),
        env: { ...Object.fromEntries(inherited), ...setting.env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let stdout = '';
      let stderr = '';
      child.stdout.setEncoding('utf8').on('data', (text) => {
        stdout += text;
      });
      child.stderr.setEncoding('utf8').on('data', (text) => {
        stderr += text;
        setting.onStderr?.(child, stderr);
      });
      setting.onStart?.(child);
      return new Promise((done, failed) => {
        child.on('error', failed);
        child.on('close', (code, signal) => done({ code, signal, stdout, stderr }));
      });
    },
  };
}
