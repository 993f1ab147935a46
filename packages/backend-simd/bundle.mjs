// Writes dist/backend-simd.min.js: what dist/browser.js exports, in one file for a plain script tag, as the
// global `nnLabSimd`. It finds tfjs as the global `tf`, which its own script tag brings.
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

await build({
  configFile: false,
  root: at('.'),
  logLevel: 'warn',
  build: {
    outDir: at('dist'),
    emptyOutDir: false,
    target: 'es2022',
    lib: {
      entry: at('dist/browser.js'),
      formats: ['iife'],
      name: 'nnLabSimd',
      fileName: () => 'backend-simd.min.js',
    },
    rolldownOptions: {
      external: ['@tensorflow/tfjs'],
      output: { globals: { '@tensorflow/tfjs': 'tf' } },
    },
  },
});
