import type { ThreadHost } from '../threads/pool.js';

/** Web workers; they share memory in pages that are cross-origin isolated. */
export const browserThreads: ThreadHost = {
  get cores() {
    return navigator.hardwareConcurrency ?? 1;
  },
  get canShare() {
    return globalThis.crossOriginIsolated === true;
  },
  start(main, data, { ready, ended }) {
    const program = `onmessage = ({ data }) => (${main})(data, () => postMessage('ready'));`;
    const address = URL.createObjectURL(new Blob([program], { type: 'text/javascript' }));
    const worker = new Worker(address);
    worker.onmessage = () => {
      URL.revokeObjectURL(address);
      ready();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      ended(new Error(event.message || 'its program was refused'));
    };
    worker.postMessage(data);
    return { stop: () => worker.terminate() };
  },
};
