import { checkOptions, checkValue, someObject, wholeNumber } from '../checks/index.js';
import { ensureBackend } from '../ensure-backend.js';
import { InvalidArgumentError } from '../errors.js';
import { Work } from '../work.js';
import { BatchQueue } from './batch-queue.js';
import {
  type Batch,
  type BatchSource,
  disposeBatch,
  examplesIn,
  type InputBatch,
} from './batch-source.js';
import { DivergenceError } from './divergence-error.js';
import { evaluateBatches } from './evaluate-batches.js';
import type { Learner, StepContext } from './learner.js';
import { Monitor } from './monitor.js';
import { ProgressTeller } from './progress.js';
import { RunCheckpoints, requireSameRun } from './run-checkpoints.js';
import { RunWeights } from './run-weights.js';
import { readTensors } from './stored-tensors.js';
import { Sums } from './sums.js';
import {
  averageChecks,
  checkpointChecks,
  earlyStoppingChecks,
  monitorChecks,
  type ProgressEvent,
  type TrainingLoopOptions,
  type TrainingResult,
  trainingLoopChecks,
} from './training-loop-options.js';
import type { RunProgress, RunSignature, StoredTensor, TrainingState } from './training-state.js';

/**
 * Trains anything that learns in steps on batches, with validation, averaging, early stopping and
 * checkpoints. `trainModel` is this loop over a model with a loss.
 *
 * Given a pure {@link BatchSource} and a learner whose steps follow from its state, the batch and the
 * step's number, a run that was killed and resumed ends with byte for byte the weights of one that was
 * not, on the same backend.
 *
 * @throws InvalidArgumentError for options that do not fit together, or a checkpoint of another run.
 * @throws DivergenceError when a loss or a weight is NaN or infinite.
 * @throws DataFormatError when resuming and no checkpoint can be read.
 * @throws the reason of `signal` when it is aborted, after writing a checkpoint if there are any.
 */
export async function trainLearner<B extends InputBatch = Batch>(
  learner: Learner<B>,
  source: BatchSource<B>,
  options: TrainingLoopOptions<B>,
): Promise<TrainingResult> {
  requireLoopOptions(learner, source, options);
  const loop = new TrainingLoop(learner, source, options);
  try {
    await ensureBackend();
    if (options.checkpoints?.resume) await loop.resume();
    return await loop.train();
  } finally {
    await loop.dispose();
  }
}

function requireLoopOptions<B extends InputBatch>(
  learner: Learner<B>,
  source: BatchSource<B>,
  options: TrainingLoopOptions<B>,
): void {
  checkOptions(options, trainingLoopChecks);
  checkValue<BatchSource<B>>('source', source, someObject);
  checkValue('source.batchSize', source.batchSize, wholeNumber(1));
  checkValue('source.batchesPerEpoch', source.batchesPerEpoch, wholeNumber(1));
  const { validation, monitor, earlyStopping, average, checkpoints } = options;
  if (validation) {
    checkValue('validation.batchesPerEpoch', validation.batchesPerEpoch, wholeNumber(1));
    if (!learner.evaluate) {
      throw new InvalidArgumentError(
        '`validation` needs a learner that can evaluate a batch. Give it `evaluate`, or measure with `validate`.',
      );
    }
  }
  if (monitor) checkOptions(monitor, monitorChecks, 'monitor');
  if (earlyStopping) checkOptions(earlyStopping, earlyStoppingChecks, 'earlyStopping');
  if (average) checkOptions(average, averageChecks, 'average');
  if (checkpoints) checkOptions(checkpoints, checkpointChecks, 'checkpoints');
}

class TrainingLoop<B extends InputBatch> {
  readonly #learner: Learner<B>;
  readonly #source: BatchSource<B>;
  readonly #options: TrainingLoopOptions<B>;
  readonly #monitor: Monitor;
  readonly #weights: RunWeights;
  readonly #checkpoints: RunCheckpoints | undefined;
  readonly #queue: BatchQueue<B>;
  readonly #work = new Work();
  readonly #teller: ProgressTeller;
  readonly #notes: string[] = [];

  #progress = newProgress();
  #sums: Sums;
  #resumedFrom: { source: string; step: number } | undefined;
  #lastTick = performance.now();

  constructor(learner: Learner<B>, source: BatchSource<B>, options: TrainingLoopOptions<B>) {
    const names = [...learner.losses, ...learner.metrics];
    this.#learner = learner;
    this.#source = source;
    this.#options = options;
    this.#monitor = new Monitor(names, options);
    this.#queue = new BatchQueue(source, options.epochs);
    this.#sums = new Sums(names);
    const { onProgress, progressInterval = 100 } = options;
    this.#teller = new ProgressTeller(onProgress, progressInterval, source.batchSize);
    if (options.checkpoints) {
      this.#checkpoints = new RunCheckpoints(options.checkpoints);
      const unrepeatable = learner.unrepeatable?.() ?? [];
      if (unrepeatable.length > 0) {
        this.#note(
          `A resumed run will differ from an uninterrupted one: ${unrepeatable.join(', ')} cannot be repeated. Use SeededDropout.`,
        );
      }
    }
    this.#weights = new RunWeights(learner.variables, options);
  }

  async train(): Promise<TrainingResult> {
    this.#lastTick = performance.now();
    this.#checkpoints?.startClock();
    const { epochs, signal } = this.#options;
    while (this.#progress.epoch < epochs && !this.#progress.stoppedEarly) {
      try {
        await this.#trainEpoch();
        await this.#closeEpoch();
      } catch (error) {
        const isAbort = signal?.aborted && error === signal.reason;
        if (isAbort && this.#progress.step > 0) await this.#saveCheckpoint();
        throw error;
      }
    }
    this.#weights.leaveFinal();
    return this.#result();
  }

  /** The epoch's steps from where it stands. */
  async #trainEpoch(): Promise<void> {
    const { signal } = this.#options;
    const progress = this.#progress;
    while (progress.batch < this.#source.batchesPerEpoch) {
      signal?.throwIfAborted();
      const batch = await this.#queue.take(progress.epoch, progress.batch);
      try {
        signal?.throwIfAborted();
        await this.#step(batch);
      } finally {
        disposeBatch(batch);
      }
      if (this.#checkpoints?.isDue) await this.#saveCheckpoint();
      if (this.#work.isDue) await this.#work.turn();
    }
  }

  async #step(batch: B): Promise<void> {
    const progress = this.#progress;
    const { epoch, step } = progress;
    const context = this.#contextOf(step);
    this.#learner.prepare?.(context);

    const measured = this.#learner.step(batch, context);
    let figures: ArrayLike<number>;
    try {
      figures = await measured.data();
    } finally {
      measured.dispose();
    }
    for (const [index, name] of this.#learner.losses.entries()) {
      if (Number.isFinite(figures[index])) continue;
      throw this.#divergence(`${name === 'loss' ? 'the loss' : name} became ${figures[index]}`);
    }
    this.#weights.update();

    const examples = examplesIn(batch);
    this.#sums.add(figures, examples);
    this.#teller.learnStep(examples, this.#tick());
    progress.batch++;
    progress.step++;
    await this.#options.onBatch?.({
      epoch,
      batch: progress.batch - 1,
      step,
      examples,
      learningRate: this.#learner.learningRate,
      figures: Object.fromEntries(this.#sums.names.map((name, index) => [name, figures[index]!])),
    });
    this.#tellProgress('train', progress.batch, this.#source.batchesPerEpoch);
  }

  /** Validation and all that follows an epoch's last step. */
  async #closeEpoch(): Promise<void> {
    const { epochs, earlyStopping, onEpoch } = this.#options;
    const progress = this.#progress;
    const validation = await this.#validate();
    const train = this.#sums.means();
    const value = this.#monitor.better(train, validation, progress.best?.value);
    const isBest = value !== undefined;
    if (isBest) {
      progress.best = { epoch: progress.epoch, value };
      this.#weights.keepAsBest();
    }

    this.#tick();
    progress.history.push({
      epoch: progress.epoch,
      step: progress.step,
      learningRate: this.#learner.learningRate,
      seconds: progress.epochSeconds,
      train,
      ...(Object.keys(validation).length > 0 ? { validation } : {}),
    });
    progress.epochsWithoutBest = isBest ? 0 : progress.epochsWithoutBest + 1;
    progress.stoppedEarly =
      earlyStopping !== undefined && progress.epochsWithoutBest >= earlyStopping.patience;
    progress.epoch++;
    progress.batch = 0;
    progress.epochSeconds = 0;
    this.#sums = new Sums(this.#sums.names);

    const history = [...progress.history];
    await onEpoch?.({ record: history.at(-1)!, history, isBest });
    const isLast = progress.epoch === epochs || progress.stoppedEarly;
    if (isLast || this.#checkpoints?.isDueAfter(progress.epoch)) await this.#saveCheckpoint();
  }

  /** The epoch's validation figures, of the averaged weights where there is an average. */
  async #validate(): Promise<Record<string, number>> {
    const { validation, validate, signal } = this.#options;
    const started = performance.now();
    try {
      return await this.#weights.whileAveraged(async () => {
        signal?.throwIfAborted();
        const measured = validation
          ? await evaluateBatches(
              (batch: B) => this.#learner.evaluate!(batch),
              this.#sums.names,
              validation,
              new Work({ signal }),
              (batch) => this.#tellProgress('validate', batch, validation.batchesPerEpoch),
            )
          : {};
        return { ...measured, ...(await validate?.(this.#progress.epoch)) };
      });
    } finally {
      this.#teller.learnValidation((performance.now() - started) / 1000);
    }
  }

  #result(): TrainingResult {
    this.#tick();
    const { history, step, seconds, best, stoppedEarly } = this.#progress;
    return {
      history,
      stopped: stoppedEarly ? 'early' : 'completed',
      step,
      seconds,
      best: best ?? undefined,
      resumedFrom: this.#resumedFrom,
      notes: this.#notes,
    };
  }

  async resume(): Promise<void> {
    const loaded = await this.#checkpoints!.load();
    if (!loaded) {
      this.#note('There is no checkpoint to resume from: training starts at the beginning.');
      return;
    }
    const { state, source, skipped } = loaded;
    for (const error of skipped) this.#note(`${error.message} Using ${source}.`);
    requireSameRun(state.signature, this.#signature(), source);
    this.#restore(state, source);
    const { epoch, step } = this.#progress;
    this.#resumedFrom = { source, step };
    this.#note(
      `Resuming from ${source}: ${epoch} of ${this.#options.epochs} epochs and ${step} steps are done.`,
    );
  }

  #restore(state: TrainingState, source: string): void {
    this.#progress = structuredClone(state.progress);
    const { sums, examples, averageUpdates, optimizerIterations, step } = this.#progress;
    this.#sums = new Sums(this.#sums.names, sums, examples);
    const stored = new Map(state.tensors.map((tensor) => [tensor.name, tensor]));
    this.#weights.restore(stored, averageUpdates, source);
    const tensors = state.tensors.filter(({ name }) => !RunWeights.holds(name));
    this.#learner.restore({ tensors, optimizerIterations });
    if (step > 0) this.#learner.prepare?.(this.#contextOf(step - 1));
  }

  async #saveCheckpoint(): Promise<void> {
    if (!this.#checkpoints) return;
    const weights = await readTensors(this.#weights.tensors());
    const { tensors: others, optimizerIterations = 0 } = await this.#learner.state();
    const tensors = [...weights, ...others];
    for (const { name, values } of tensors) {
      if (!allFinite(values)) throw this.#divergence(`${name} is not finite`);
    }
    const progress: RunProgress = {
      ...this.#progress,
      examples: this.#sums.examples,
      sums: this.#sums.sums(),
      averageUpdates: this.#weights.averageUpdates,
      optimizerIterations,
    };
    const state = { signature: this.#signature(), progress, tensors };
    const name = await this.#checkpoints.save(state);
    this.#options.onCheckpoint?.({ name, step: progress.step });
  }

  #signature(): RunSignature {
    const { checkpoints, average } = this.#options;
    const { batchSize, batchesPerEpoch } = this.#source;
    return {
      identity: checkpoints?.identity ?? '',
      ...this.#learner.make,
      weights: this.#weights.shapes,
      batchSize,
      batchesPerEpoch,
      average: average !== undefined,
    };
  }

  #contextOf(step: number): StepContext {
    return { step, totalSteps: this.#totalSteps };
  }

  get #totalSteps(): number {
    return this.#options.epochs * this.#source.batchesPerEpoch;
  }

  /** Adds the time since the last call to the clocks of the run, and returns it in seconds. */
  #tick(): number {
    const now = performance.now();
    const seconds = (now - this.#lastTick) / 1000;
    this.#lastTick = now;
    this.#progress.seconds += seconds;
    this.#progress.epochSeconds += seconds;
    return seconds;
  }

  #tellProgress(phase: ProgressEvent['phase'], batch: number, batches: number): void {
    const { epoch, step } = this.#progress;
    const positionOf = () => ({
      phase,
      epoch,
      epochs: this.#options.epochs,
      batch,
      batches,
      step,
      totalSteps: this.#totalSteps,
      learningRate: this.#learner.learningRate,
      figures: this.#sums.means(),
    });
    this.#teller.tell(positionOf, batch === batches);
  }

  #divergence(what: string): DivergenceError {
    const { epoch, batch, step } = this.#progress;
    return new DivergenceError(
      `Training diverged: ${what} in epoch ${epoch + 1}, batch ${batch + 1} (step ${step}), at learning rate ${this.#learner.learningRate}. Try a lower learning rate or clipNorm: 1, and look for NaN and unscaled values in the data.`,
      { epoch, step },
    );
  }

  #note(note: string): void {
    this.#notes.push(note);
    this.#options.onNote?.(note);
  }

  async dispose(): Promise<void> {
    this.#weights.dispose();
    await this.#queue.dispose();
  }
}

function newProgress(): RunProgress {
  return {
    epoch: 0,
    batch: 0,
    step: 0,
    examples: 0,
    sums: {},
    epochSeconds: 0,
    seconds: 0,
    history: [],
    best: null,
    epochsWithoutBest: 0,
    averageUpdates: 0,
    optimizerIterations: 0,
    stoppedEarly: false,
  };
}

function allFinite(values: StoredTensor['values']): boolean {
  for (let index = 0; index < values.length; index++) {
    if (!Number.isFinite(values[index])) return false;
  }
  return true;
}
