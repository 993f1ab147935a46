import type { ChosenBackend } from '../chosen-backend.js';
import { formatQuantity } from '../format.js';
import type { RunLog } from './experiment.js';

/** What {@link startBackend} goes by: the values of `backendOptions`. */
export interface BackendOptionValues {
  /** Default `auto`. */
  readonly backend?: string | undefined;
  readonly threads?: number | undefined;
}

/**
 * Starts the backend that options ask for and tells the choice once, with the way to a faster one.
 *
 * @throws NnLabError when the backend asked for by name cannot be used.
 */
export async function startBackend(
  { backend = 'auto', threads }: BackendOptionValues,
  log: RunLog,
): Promise<ChosenBackend> {
  // TensorFlow.js is not loaded for a command's help.
  const { useBackend } = await import('../node/backend.js');
  const chosen = await useBackend({
    backend: backend as 'auto',
    ...(threads === undefined ? {} : { threads }),
  });
  for (const note of chosen.notes) log.warn(note);
  log.info(
    `Backend: ${chosen.name} (${chosen.description}), ${formatQuantity(chosen.threads, 'thread')}.`,
  );
  if (chosen.hint) log.info(`Faster: ${chosen.hint}`);
  return chosen;
}
