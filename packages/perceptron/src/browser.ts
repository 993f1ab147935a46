export { loadDataset, loadFitted, saveFitted } from '@nn-lab/core/browser/files';
export * from './index.js';
