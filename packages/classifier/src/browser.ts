export { threadHost } from '@nn-lab/backend-simd/browser';
export { loadDataset, loadFitted, saveFitted, useBackend } from '@nn-lab/core/browser';
export * from './index.js';
