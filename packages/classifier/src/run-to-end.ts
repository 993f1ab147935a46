import { Pause } from './pause.js';

/** A map that is made step by step. */
interface SteppedRun<Progress> {
  readonly isDone: boolean;
  readonly progress: Progress;
  step(): unknown;
  finish(): void;
  dispose(): void;
}

/**
 * Makes all steps, finishes, and disposes the run in any case.
 *
 * @param isDue - Whether to tell of the progress; the last is always told.
 */
export async function runToEnd<Progress>(
  run: SteppedRun<Progress>,
  isDue: (progress: Progress) => boolean,
  {
    onProgress,
    signal,
  }: {
    readonly onProgress?: ((progress: Progress) => void) | undefined;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<void> {
  try {
    const pause = new Pause();
    while (!run.isDone) {
      signal?.throwIfAborted();
      run.step();
      const { progress } = run;
      if (run.isDone || isDue(progress)) onProgress?.(progress);
      await pause.ifDue();
    }
    run.finish();
  } finally {
    run.dispose();
  }
}
