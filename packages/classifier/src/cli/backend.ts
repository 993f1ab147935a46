import type { CliLog } from '@nn-lab/core/cli';
import { type ChosenBackend, useBackend } from '@nn-lab/core/node';

/** Starts the backend and prints the choice once, with the way to a faster one. */
export async function startBackend(
  { backend, threads }: { readonly backend: string; readonly threads?: number | undefined },
  log: CliLog,
): Promise<ChosenBackend> {
  const chosen = await useBackend({
    backend: backend as 'auto',
    ...(threads === undefined ? {} : { threads }),
  });
  for (const note of chosen.notes) log.warn(note);
  log.info(
    `Backend: ${chosen.name} (${chosen.description}), ${chosen.threads} ${chosen.threads === 1 ? 'thread' : 'threads'}.`,
  );
  if (chosen.hint) log.info(`Faster: ${chosen.hint}`);
  return chosen;
}
