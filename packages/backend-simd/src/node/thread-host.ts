import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { ThreadHost } from '../threads/pool.js';

/** Threads of Node's `worker_threads`. */
export const nodeThreads: ThreadHost = {
  cores: availableParallelism(),
  canShare: true,
  start(main, data, { ready, ended }) {
    const program =
      "const { parentPort, workerData } = require('node:worker_threads');" +
      `(${main})(workerData, () => parentPort.postMessage('ready'));`;
    const worker = new Worker(program, { eval: true, workerData: data, execArgv: [] });
    worker.once('message', () => {
      worker.unref();
      ready();
    });
    worker.once('error', ended);
    worker.once('exit', (code) => ended(new Error(`it ended with exit code ${code}`)));
    return {
      stop() {
        worker.removeAllListeners();
        worker.on('error', () => {});
        void worker.terminate();
      },
    };
  },
};
