export { useBackend } from '@nn-lab/core/node';
export * from './index.js';
