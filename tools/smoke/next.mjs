import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { findChrome, visit } from './browser.mjs';
import { putPicture } from './server.mjs';

const files = {
  'next.config.mjs': `const headers = [
  { key: 'Cross-Origin-Opener-Policy', value: 'same-origin' },
  { key: 'Cross-Origin-Embedder-Policy', value: 'require-corp' },
];
export default {
  headers: async () => [{ source: '/:path*', headers }],
  turbopack: { root: import.meta.dirname },
};
`,
  'app/layout.js': `export default function Layout({ children }) {
  return <html lang="en"><head><link rel="icon" href="data:," /></head><body>{children}</body></html>;
}
`,
  'app/page.js': `'use client';
import { useBackend } from '@nn-lab/core/browser';
import { useEffect } from 'react';

export default function Page() {
  useEffect(() => {
    useBackend({ backend: 'simd', threads: 2 }).then(
      ({ name, threads }) => { window.outcome = { value: { name, threads } }; },
      (error) => { window.outcome = { error: String(error?.stack ?? error) }; },
    );
  }, []);
  return <p>simd</p>;
}
`,
  'app/api/picture/route.js': `import { readPicture, renderPng, useBackend } from '@nn-lab/core/node';

export const dynamic = 'force-dynamic';

export async function GET() {
  const { name, threads } = await useBackend({ threads: 2 });
  const { width, height } = await readPicture('picture.webp');
  const png = await renderPng('<svg xmlns="http://www.w3.org/2000/svg" width="2" height="2"/>');
  return Response.json({ name, threads, width, height, png: png.length > 60 });
}
`,
};

/** A Next application whose route reads a WebP and whose page computes on two threads. */
export async function checkNext({ root, work, tarballs, installInto, check, skip, run }) {
  const project = join(work, 'next');
  const next = join(project, 'node_modules/next/dist/bin/next');
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' };
  const built = await check('build a Next application', async () => {
    const tools = ['next@16', 'react@19', 'react-dom@19', '@tensorflow/tfjs@^4.22.0'];
    await installInto(project, [...tarballs.values(), ...tools]);
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(project, name)), { recursive: true });
      await writeFile(join(project, name), text);
    }
    await putPicture(root, project);
    await run(process.execPath, [next, 'build'], {
      cwd: project,
      env,
      maxBuffer: 2 ** 26,
      timeout: 400_000,
    });
  });
  if (!built) return;
  const port = 20_000 + (process.pid % 20_000);
  const server = spawn(process.execPath, [next, 'start', '-p', `${port}`], {
    cwd: project,
    env,
    stdio: 'ignore',
  });
  try {
    await check('a route of Next reads a WebP and computes on simd', async () => {
      const got = await (await answered(`http://localhost:${port}/api/picture`)).text();
      const expected = JSON.stringify({
        name: 'simd',
        threads: 2,
        width: 11,
        height: 7,
        png: true,
      });
      if (got !== expected) throw new Error(`Expected ${expected}, got ${got}.`);
    });
    const chrome = await findChrome();
    if (!chrome) skip('a page of Next computes on two threads', 'no Chromium found');
    else {
      await check('a page of Next computes on two threads', async () => {
        const got = JSON.stringify(await visit(chrome, `http://localhost:${port}/`));
        const expected = JSON.stringify({ name: 'simd', threads: 2 });
        if (got !== expected) throw new Error(`Expected ${expected}, got ${got}.`);
      });
    }
  } finally {
    server.kill();
  }
}

async function answered(address) {
  for (let attempt = 0; ; attempt++) {
    try {
      return await fetch(address);
    } catch (error) {
      if (attempt >= 60) throw error;
      await wait(500);
    }
  }
}
