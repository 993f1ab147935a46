export { useBackend } from '@nn-lab/core/browser';
export * from './index.js';
