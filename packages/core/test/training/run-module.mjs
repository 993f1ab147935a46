// Calls `run` of a module beside this one, with the package's sources, in a process of its own:
// node run-module.mjs training-process.ts argument
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const [name, argument] = process.argv.slice(2);
const root = fileURLToPath(new URL('../..', import.meta.url));
const conditions = ['@nn-lab/source', 'node', 'import', 'default'];
const { module } = await runnerImport(fileURLToPath(new URL(name, import.meta.url)), {
  configFile: false,
  root,
  logLevel: 'error',
  resolve: { conditions },
  ssr: { resolve: { conditions } },
});
await module.run(argument);
