import type { SimdBackend } from '@nn-lab/backend-simd';
import * as tf from '@tensorflow/tfjs';
import { anything, flag, type OptionChecks } from './checks/index.js';
import type { BackendName, ChosenBackend } from './chosen-backend.js';
import { InvalidArgumentError, NnLabError } from './errors.js';

export interface UseBackendOptions {
  /** One by name, or `auto` (the default) for the fastest that starts. */
  readonly backend?: BackendName | 'auto';
  /** Threads to compute with, for backends that can be told. Default: the backend's own choice. */
  readonly threads?: number;
  /** Whether `simd` may use relaxed SIMD. Default: where the runtime has it. */
  readonly relaxed?: boolean;
}

export const useBackendChecks: OptionChecks<UseBackendOptions> = {
  backend: anything, // chooseBackend says which there are
  threads: anything, // requireThreads says how many
  relaxed: flag,
};

/** A backend that may be there or not. */
export interface BackendCandidate {
  readonly name: BackendName;
  /** What to do to have it, for a person who has not; undefined where it cannot be had. */
  readonly hint?: string | undefined;
  /**
   * Loads it, makes it the backend of tfjs and tries it.
   *
   * @param byName whether it was asked for by name, so that being slow is no reason to refuse.
   * @throws BackendMissingError when it is not installed, any other error when it cannot start.
   */
  start(byName: boolean): Promise<StartedBackend>;
}

export interface StartedBackend {
  readonly description: string;
  readonly threads: number;
  readonly notes?: readonly string[];
}

/** A backend's package is not installed, or the runtime has nothing of the kind. */
export class BackendMissingError extends NnLabError {
  override readonly name = 'BackendMissingError';
  protected static override readonly brand = 'BackendMissingError';
}

/** The choice that is being made: tfjs can start one backend at a time. */
let choosing: Promise<unknown> = Promise.resolve();

/** Waits for the calls of {@link chooseBackend} that are under way, whatever comes of them. */
export async function choiceInWork(): Promise<void> {
  await choosing;
}

/**
 * Starts the first candidate that can be started, or the one that was asked for by name. Calls that
 * overlap are served one after another, and so find what the one before has started.
 *
 * @throws InvalidArgumentError for a name that is not among the candidates.
 * @throws NnLabError when nothing that was asked for starts; the old backend stays.
 */
export function chooseBackend(
  backend: BackendName | 'auto',
  candidates: readonly BackendCandidate[],
): Promise<ChosenBackend> {
  const chosen = choosing.then(() => chooseNow(backend, candidates));
  choosing = chosen.catch(() => {});
  return chosen;
}

async function chooseNow(
  backend: BackendName | 'auto',
  candidates: readonly BackendCandidate[],
): Promise<ChosenBackend> {
  const byName = backend !== 'auto';
  const asked = byName ? candidates.filter(({ name }) => name === backend) : candidates;
  if (asked.length === 0) {
    const names = [...new Set(candidates.map(({ name }) => name))];
    throw new InvalidArgumentError(
      `Expected a backend of this runtime (auto, ${names.join(', ')}), but got '${backend}'.`,
    );
  }
  const previous = tf.engine().backendName;
  const notes: string[] = [];
  const missing: string[] = [];
  let hint: string | undefined;
  for (const candidate of asked) {
    try {
      const started = await candidate.start(byName);
      notes.push(...(started.notes ?? []));
      const { description, threads } = started;
      return { name: candidate.name, description, threads, hint: byName ? undefined : hint, notes };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (BackendMissingError.isInstance(error)) {
        missing.push(message);
        hint ??= candidate.hint;
      } else {
        notes.push(message);
      }
    }
  }
  if (previous) await tf.setBackend(previous);
  const reasons = notes.length > 0 ? notes : missing;
  throw new NnLabError(
    `${byName ? `The backend '${backend}' cannot be used` : 'No backend can be used'}: ${reasons.join(' ')}`,
  );
}

/**
 * Makes a registered backend the one of tfjs and lets it work out a gradient, since some start well
 * and fail at the first operation.
 *
 * @throws NnLabError when it does not start or computes wrongly.
 */
export async function startRegistered(name: string): Promise<void> {
  if (!(await tf.setBackend(name))) {
    throw new NnLabError(`tfjs could not start the backend '${name}'.`);
  }
  await tf.ready();
  // f(w) = |x w|^2 with x = [[1, 2], [3, 4]], w = [1, 2]: the gradient 2 x'x w is [76, 108].
  const gradient = tf.tidy(() => {
    const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    const w = tf.tensor2d([1, 2], [2, 1]);
    return tf.grad((weights: tf.Tensor) => tf.sum(tf.square(tf.matMul(x, weights as tf.Tensor2D))))(
      w,
    );
  });
  try {
    const values = [...(await gradient.data())];
    if (values.join() !== '76,108') {
      throw new NnLabError(
        `The backend '${name}' computes wrongly: expected 76,108, but got ${values.join()}.`,
      );
    }
  } finally {
    gradient.dispose();
  }
}

/**
 * Starts `simd`. One that runs already with other options is kept unless it was asked for by name,
 * since any other backend would be slower.
 *
 * @param help why it may have fewer threads than it was asked for, and what to do about it.
 */
export async function startSimd(
  { useSimdBackend }: Pick<typeof import('@nn-lab/backend-simd'), 'useSimdBackend'>,
  { threads: asked, relaxed }: UseBackendOptions,
  { byName, help }: { readonly byName: boolean; readonly help: string },
): Promise<StartedBackend> {
  const notes: string[] = [];
  const options = {
    ...(asked === undefined ? {} : { threads: asked }),
    ...(relaxed === undefined ? {} : { relaxed }),
  };
  await useSimdBackend(options).catch(async (error: Error) => {
    if (byName || !tf.engine().registry.simd) throw error;
    await useSimdBackend();
    notes.push(error.message);
  });
  await startRegistered('simd');
  const { threads } = tf.backend() as SimdBackend;
  if (asked !== undefined && threads < asked && notes.length === 0) {
    const inWords = threads === 1 ? 'one thread' : `${threads} threads`;
    notes.push(`The simd backend computes on ${inWords}, not on ${asked}: ${help}`);
  }
  return { description: 'WebAssembly SIMD', threads, notes };
}

/** @throws InvalidArgumentError for a number of threads that there cannot be. */
export function requireThreads(threads: number | undefined): void {
  if (threads !== undefined && !(Number.isSafeInteger(threads) && threads >= 1)) {
    throw new InvalidArgumentError(
      `Expected threads to be a whole number of at least 1, but got ${threads}.`,
    );
  }
}
