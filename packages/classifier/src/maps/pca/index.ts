export { Pca, type PcaOptions, type SavedPca } from './pca.js';
