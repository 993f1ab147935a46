import type { Progress, Work } from '@nn-lab/core/work';

/** A map that is made step by step. */
interface SteppedRun<MapProgress extends Progress> {
  readonly isDone: boolean;
  readonly progress: MapProgress;
  stepInParts(): Iterable<void>;
  finish(): void;
  dispose(): void;
}

/**
 * Makes all steps, finishes, and disposes the run in any case.
 *
 * @param isDue - Whether to tell of the progress; the last is always told.
 */
export async function runToEnd<MapProgress extends Progress>(
  run: SteppedRun<MapProgress>,
  isDue: (progress: MapProgress) => boolean,
  onProgress: ((progress: MapProgress) => void) | undefined,
  work: Work,
): Promise<void> {
  try {
    while (!run.isDone) {
      for (const _ of run.stepInParts()) if (work.isDue) await work.turn();
      const { progress } = run;
      if (run.isDone || isDue(progress)) onProgress?.(progress);
      work.signal?.throwIfAborted();
    }
    run.finish();
  } finally {
    run.dispose();
  }
}
