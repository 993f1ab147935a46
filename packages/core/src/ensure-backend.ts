import * as tf from '@tensorflow/tfjs';
import { choiceInWork } from './backend-choice.js';
import type { ChosenBackend } from './chosen-backend.js';

/** The backend that the program set itself. */
let asked: string | undefined;
watchChoices();

/**
 * tfjs does not tell whether somebody set its backend or it fell to one itself, which it does at the
 * first operation or in `tf.ready()`; only whoever listens from the beginning knows.
 */
function watchChoices(): void {
  const engine = tf.engine() as unknown as {
    initializeBackendsAndReturnBest(): { readonly asyncInit: boolean };
    ready(): Promise<void>;
    setBackend(name: string): Promise<boolean>;
  };
  const { initializeBackendsAndReturnBest, ready, setBackend } = engine;
  let falling = false;
  let readying = 0;
  engine.initializeBackendsAndReturnBest = function () {
    const best = initializeBackendsAndReturnBest.call(this);
    falling = !best.asyncInit; // It is set next.
    return best;
  };
  engine.ready = async function () {
    readying++;
    try {
      await ready.call(this);
    } finally {
      readying--;
    }
  };
  engine.setBackend = function (name) {
    asked = falling || readying > 0 ? undefined : name;
    falling = false;
    return setBackend.call(this, name);
  };
}

let starting: Promise<void> | undefined;

/**
 * Called before heavy work. Where tfjs computes with `cpu`, its slow backend in plain JavaScript,
 * only because nobody has chosen one, this starts what `useBackend()` would and says so once: in
 * Node as a process warning with the code `NN_LAB_BACKEND`, in a browser on the console. A backend
 * that was set with `useBackend` or `tf.setBackend` stays.
 */
export async function ensureBackend(): Promise<void> {
  await choiceInWork();
  await tf.ready();
  if (tf.getBackend() !== 'cpu' || asked === 'cpu') return;
  starting ??= startBest().finally(() => {
    starting = undefined;
  });
  await starting;
}

async function startBest(): Promise<void> {
  // Where this module cannot be had (import maps that leave it out), the work goes on slowly.
  const backend = await import('#backend').catch(() => undefined);
  if (!backend) return;
  const chosen = await backend.useBackend();
  backend.announce(noticeOf(chosen));
}

function noticeOf({ name, description, threads }: ChosenBackend): string {
  if (name === 'cpu') {
    return 'TensorFlow.js computes in plain JavaScript, which is slow: no other backend starts here. useBackend() says why.';
  }
  const inWords = threads === 1 ? 'one thread' : `${threads} threads`;
  return `No backend was chosen, so ${name} was started (${description}, ${inWords}). Call useBackend() first to choose one; useBackend({ backend: 'cpu' }) keeps the plain JavaScript of TensorFlow.js.`;
}
