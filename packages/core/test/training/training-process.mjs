// Runs training-process.ts, with the package's sources, in a process of its own.
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const root = fileURLToPath(new URL('../..', import.meta.url));
const conditions = ['@nn-lab/source', 'node', 'import', 'default'];
const { module } = await runnerImport(
  fileURLToPath(new URL('./training-process.ts', import.meta.url)),
  {
    configFile: false,
    root,
    logLevel: 'error',
    resolve: { conditions },
    ssr: { resolve: { conditions } },
  },
);
await module.run(process.argv[2]);
