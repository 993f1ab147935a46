import { type BatchSource, disposeBatch, type InputBatch } from './batch-source.js';

/**
 * Hands out the batches of a source in order. Where the source works asynchronously (another
 * thread renders, a network answers), the next batch is asked for while this one is trained on.
 */
export class BatchQueue<B extends InputBatch> {
  #ahead: { epoch: number; index: number; batch: Promise<B> } | undefined;

  constructor(
    readonly source: BatchSource<B>,
    readonly epochs: number,
  ) {}

  async take(epoch: number, index: number): Promise<B> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    const asked =
      ahead?.epoch === epoch && ahead.index === index
        ? ahead.batch
        : this.source.batch(epoch, index);
    if (!(asked instanceof Promise)) return asked;
    const batch = await asked;
    this.#askAhead(epoch, index + 1);
    return batch;
  }

  #askAhead(epoch: number, index: number): void {
    if (index === this.source.batchesPerEpoch) {
      epoch++;
      index = 0;
    }
    if (epoch === this.epochs) return;
    const batch = new Promise<B>((resolve) => resolve(this.source.batch(epoch, index)));
    // A failure is thrown when the batch is taken; until then nobody listens.
    batch.catch(() => {});
    this.#ahead = { epoch, index, batch };
  }

  /** Waits for a batch that was asked for ahead, and disposes it. */
  async dispose(): Promise<void> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    const batch = await ahead?.batch.catch(() => undefined);
    if (batch) disposeBatch(batch);
  }
}
