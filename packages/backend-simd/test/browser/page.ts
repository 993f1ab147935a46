import * as tf from '@tensorflow/tfjs';
import { useSimdBackend } from '../../src/browser.js';
import { type Training, train } from './training.js';

/** What the test calls on a page that Vite has built. */
export interface OnPage {
  train(steps: number, options?: { readonly threads?: number }): Promise<Training>;
  /** Why the backend does not start, if it does not. */
  failToStart(relaxed?: boolean): Promise<string | undefined>;
}

const onPage: OnPage = {
  async train(steps, options = {}) {
    await useSimdBackend({ ...options, relaxed: true });
    return train(tf, steps);
  },
  failToStart(relaxed) {
    const options = relaxed === undefined ? {} : { relaxed };
    return useSimdBackend(options).then(
      () => undefined,
      (error: Error) => error.message,
    );
  },
};
Object.assign(globalThis, { onPage });
