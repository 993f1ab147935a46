import * as tf from '@tensorflow/tfjs';
import { checkOptions, checkValue, numberFrom, someObject, wholeNumber } from '../checks/index.js';
import { ensureBackend } from '../ensure-backend.js';
import { DataFormatError, InvalidArgumentError } from '../errors.js';
import { Work } from '../work.js';
import { BatchQueue } from './batch-queue.js';
import { type BatchSource, disposeBatch, examplesIn } from './batch-source.js';
import { DivergenceError } from './divergence-error.js';
import { evaluateBatches, Sums } from './evaluate-model.js';
import { isStepAware, layersOf, type StepAwareLayer, unseededLayers } from './layers-of.js';
import { resolveLoss } from './losses.js';
import { captureOptimizer, requireKnownOptimizer, restoreOptimizer } from './optimizer-state.js';
import { createOptimizer, learningRateOfOptimizer, setLearningRate } from './optimizers.js';
import { TrainingRate } from './progress.js';
import {
  averageChecks,
  checkpointChecks,
  earlyStoppingChecks,
  type Figures,
  monitorChecks,
  type ProgressEvent,
  type TrainingResult,
  type TrainModelOptions,
  trainModelChecks,
} from './train-model-options.js';
import type {
  EpochRecord,
  RunProgress,
  RunSignature,
  StoredTensor,
  TrainingState,
} from './training-state.js';
import {
  type Measures,
  namesOf,
  type TrainedModel,
  trainedModel,
  trainingStep,
} from './training-step.js';
import { assignValues, copyValues, WeightAverage } from './weight-average.js';

/**
 * Trains a model on batches, with validation, schedules, averaging, early stopping and checkpoints.
 *
 * Given a pure {@link BatchSource} and no layer that draws from `Math.random` (`SeededDropout`
 * instead of dropout), a run that was killed and resumed ends with byte for byte the weights of one
 * that was not, on the same backend.
 *
 * @throws InvalidArgumentError for options that do not fit together, or a checkpoint of another run.
 * @throws ShapeError when a batch does not fit the model.
 * @throws DivergenceError when the loss or a weight is NaN or infinite.
 * @throws DataFormatError when resuming and no checkpoint can be read.
 * @throws the signal's reason when it is aborted: after the step in work, and a checkpoint if there is
 * a store. The model keeps the weights of that step.
 *
 * @example
 * ```ts
 * const result = await trainModel(model, source, {
 *   epochs: 10,
 *   loss: 'sparseCategoricalCrossentropy',
 *   metrics: { accuracy: accuracyOf() },
 *   optimizer: { name: 'adam' },
 *   schedule: cosineSchedule({ peak: 0.001, warmup: 0.05 }),
 * });
 * ```
 */
export async function trainModel(
  model: tf.LayersModel,
  source: BatchSource,
  options: TrainModelOptions,
): Promise<TrainingResult> {
  const run = new TrainingRun(model, source, options);
  try {
    await ensureBackend();
    if (options.checkpoints?.resume) await run.resume();
    const stopped = await run.train();
    run.leaveFinalWeights();
    return run.result(stopped);
  } finally {
    await run.dispose();
  }
}

class TrainingRun {
  readonly #source: BatchSource;
  readonly #options: TrainModelOptions;
  readonly #measures: Measures;
  readonly #trained: TrainedModel;
  /** All weights of the model, trained or not. */
  readonly #variables: readonly tf.Variable[];
  readonly #stepAwareLayers: readonly StepAwareLayer[];
  readonly #optimizer: tf.Optimizer;
  readonly #monitor: { readonly figure: string; readonly mode: 'min' | 'max' };
  readonly #queue: BatchQueue;
  readonly #work = new Work();
  readonly #rate = new TrainingRate();
  readonly #notes: string[] = [];

  #progress = newProgress();
  #sums: Sums;
  #average: WeightAverage | undefined;
  #bestWeights: tf.Tensor[] | undefined;
  #resumedFrom: { source: string; step: number } | undefined;
  #savedBefore = false;
  #lastTick = performance.now();
  #lastSave = performance.now();
  #lastProgress = Number.NEGATIVE_INFINITY;
  #validationSeconds = 0;

  constructor(model: tf.LayersModel, source: BatchSource, options: TrainModelOptions) {
    requireOptions(source, options);
    this.#source = source;
    this.#options = options;
    this.#trained = trainedModel(model);
    this.#measures = {
      loss: resolveLoss(options.loss, model.outputs.length, options.lossWeights),
      metrics: options.metrics ?? {},
    };
    this.#monitor = resolveMonitor(options, this.#measures);
    this.#variables = model.weights.map((weight) => weight.read() as tf.Variable);
    this.#stepAwareLayers = (layersOf(model) as object[]).filter(isStepAware);
    this.#queue = new BatchQueue(source, options.epochs);
    this.#sums = new Sums(namesOf(this.#measures));

    const { optimizer = { name: 'adam' } } = options;
    this.#optimizer = isOptimizer(optimizer) ? optimizer : createOptimizer(optimizer);
    if (options.checkpoints) {
      requireKnownOptimizer(this.#optimizer);
      const noisy = unseededLayers(model);
      if (noisy.length > 0) {
        this.#note(
          `A resumed run will differ from an uninterrupted one: ${noisy.join(', ')} cannot be repeated. Use SeededDropout.`,
        );
      }
    }
    if (options.average) {
      this.#average = new WeightAverage(this.#variables, options.average.decay);
    }
  }

  async train(): Promise<TrainingResult['stopped']> {
    this.#lastTick = this.#lastSave = performance.now();
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
    return this.#progress.stoppedEarly ? 'early' : 'completed';
  }

  /** The epoch's steps from where it stands. */
  async #trainEpoch(): Promise<void> {
    const { signal, checkpoints } = this.#options;
    const { everySeconds = 60 } = checkpoints ?? {};
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
      const sinceSave = performance.now() - this.#lastSave;
      if (checkpoints && sinceSave >= everySeconds * 1000) await this.#saveCheckpoint();
      if (this.#work.isDue) await this.#work.turn();
    }
  }

  async #step(batch: Awaited<ReturnType<BatchSource['batch']>>): Promise<void> {
    const { clipNorm, onBatch } = this.#options;
    const progress = this.#progress;
    const { epoch, step } = progress;
    this.#setLearningRate(step);
    for (const layer of this.#stepAwareLayers) layer.setTrainingStep(step);

    const measured = trainingStep(this.#trained, batch, this.#measures, this.#optimizer, clipNorm);
    let figures: ArrayLike<number>;
    try {
      figures = await measured.data();
    } finally {
      measured.dispose();
    }
    if (!Number.isFinite(figures[0])) throw this.#divergence(`the loss became ${figures[0]}`);
    this.#average?.update();

    const examples = examplesIn(batch);
    this.#sums.add(figures, examples);
    this.#rate.add(examples, this.#tick());
    progress.batch++;
    progress.step++;
    await onBatch?.({
      epoch,
      batch: progress.batch - 1,
      step,
      examples,
      learningRate: learningRateOfOptimizer(this.#optimizer),
      figures: Object.fromEntries(this.#sums.names.map((name, index) => [name, figures[index]!])),
    });
    this.#tellProgress('train', progress.batch, this.#source.batchesPerEpoch);
  }

  /** Validation and all that follows an epoch's last step. */
  async #closeEpoch(): Promise<void> {
    const { epochs, earlyStopping, checkpoints, onEpoch } = this.#options;
    const { everyEpochs = 1 } = checkpoints ?? {};
    const progress = this.#progress;
    const { validated, best } = await this.#validate();

    this.#tick();
    progress.history.push({
      epoch: progress.epoch,
      step: progress.step,
      learningRate: learningRateOfOptimizer(this.#optimizer),
      seconds: progress.epochSeconds,
      train: this.#sums.means(),
      ...(Object.keys(validated).length > 0 ? { validation: validated } : {}),
    });
    progress.epochsWithoutBest = best ? 0 : progress.epochsWithoutBest + 1;
    progress.stoppedEarly =
      earlyStopping !== undefined && progress.epochsWithoutBest >= earlyStopping.patience;
    progress.epoch++;
    progress.batch = 0;
    progress.epochSeconds = 0;
    this.#sums = new Sums(this.#sums.names);

    const history = [...progress.history];
    await onEpoch?.({ record: history.at(-1)!, history, isBest: best });
    const last = progress.epoch === epochs || progress.stoppedEarly;
    if (checkpoints && (last || progress.epoch % everyEpochs === 0)) {
      await this.#saveCheckpoint();
    }
  }

  /** The epoch's validation figures, and whether it is the best so far. */
  async #validate(): Promise<{ validated: Record<string, number>; best: boolean }> {
    const { validation, validate, signal, average, restoreBestWeights } = this.#options;
    const started = performance.now();
    const trained = this.#average && copyValues(this.#variables);
    try {
      if (this.#average) assignValues(this.#variables, this.#average.tensors);
      let figures: Record<string, number> = {};
      signal?.throwIfAborted();
      if (validation) {
        const { model } = this.#trained;
        figures = await evaluateBatches(
          model,
          validation,
          this.#measures,
          new Work({ signal }),
          (batch) => this.#tellProgress('validate', batch, validation.batchesPerEpoch),
        );
      }
      if (validate) {
        figures = { ...figures, ...(await validate(this.#trained.model, this.#progress.epoch)) };
      }
      const best = this.#isBest(figures);
      if (best && restoreBestWeights) {
        tf.dispose(this.#bestWeights);
        const keepAverages = this.#average && average?.weights !== 'trained';
        // With an average and `trained`, the variables hold the averages just now.
        this.#bestWeights =
          keepAverages || !trained ? copyValues(this.#variables) : copies(trained);
      }
      return { validated: figures, best };
    } finally {
      if (trained) {
        assignValues(this.#variables, trained);
        tf.dispose(trained);
      }
      this.#validationSeconds = (performance.now() - started) / 1000;
    }
  }

  #isBest(validation: Figures): boolean {
    const { figure, mode } = this.#monitor;
    const [part, ...name] = figure.split('.');
    const figures = part === 'train' ? this.#sums.means() : validation;
    const value = figures[name.join('.')];
    if (value === undefined) {
      throw new InvalidArgumentError(
        `Expected monitor to name a figure of the epoch, but there is no ${figure}: ${part} has ${Object.keys(figures).join(', ') || 'none'}.`,
      );
    }
    const minDelta = this.#options.earlyStopping?.minDelta ?? 0;
    const { best } = this.#progress;
    const gain = best === null ? Number.POSITIVE_INFINITY : best.value - value;
    const isBest = !Number.isNaN(value) && (mode === 'max' && best ? -gain : gain) > minDelta;
    if (isBest) this.#progress.best = { epoch: this.#progress.epoch, value };
    return isBest;
  }

  /** Puts the weights into the model that the options ask for: the best, the average, or the last. */
  leaveFinalWeights(): void {
    const { restoreBestWeights, average } = this.#options;
    if (restoreBestWeights && this.#bestWeights) {
      assignValues(this.#variables, this.#bestWeights);
    } else if (this.#average && average?.weights !== 'trained') {
      assignValues(this.#variables, this.#average.tensors);
    }
  }

  result(stopped: TrainingResult['stopped']): TrainingResult {
    this.#tick();
    const { history, step, seconds, best } = this.#progress;
    return {
      history,
      stopped,
      step,
      seconds,
      best: best ?? undefined,
      resumedFrom: this.#resumedFrom,
      notes: this.#notes,
    };
  }

  async resume(): Promise<void> {
    const { checkpoints, epochs } = this.#options;
    const loaded = await checkpoints!.store.loadLatest();
    if (!loaded) {
      this.#note('There is no checkpoint to resume from: training starts at the beginning.');
      return;
    }
    const { state, source, skipped } = loaded;
    for (const error of skipped) this.#note(`${error.message} Using ${source}.`);
    requireSameRun(state.signature, this.#signature(), source);
    this.#restore(state, source);
    this.#resumedFrom = { source, step: this.#progress.step };
    this.#note(
      `Resuming from ${source}: ${this.#progress.epoch} of ${epochs} epochs and ${this.#progress.step} steps are done.`,
    );
  }

  #restore(state: TrainingState, source: string): void {
    const stored = new Map(state.tensors.map((tensor) => [tensor.name, tensor]));
    const group = (name: string): tf.Tensor[] =>
      this.#variables.map((variable, index) =>
        toTensor(stored.get(`${name}/${index}`), variable, `${name}/${index}`, source),
      );
    this.#progress = structuredClone(state.progress);
    const { averageUpdates, optimizerIterations } = this.#progress;
    this.#sums = new Sums(this.#sums.names, this.#progress.sums, this.#progress.examples);

    tf.tidy(() => assignValues(this.#variables, group('weights')));
    tf.tidy(() => {
      const slots = state.tensors.filter(({ name }) => name.startsWith(optimizerPrefix));
      restoreOptimizer(
        this.#optimizer,
        {
          className: state.signature.optimizer,
          iterations: optimizerIterations,
          tensors: slots.map(({ name, shape, values }) => ({
            name: name.slice(optimizerPrefix.length),
            tensor: tf.tensor(values.slice(), [...shape]),
          })),
        },
        this.#trained.variables,
      );
    });
    if (this.#average) {
      const { decay } = this.#average;
      const averages = group('average');
      this.#average.dispose();
      this.#average = new WeightAverage(this.#variables, decay, averages, averageUpdates);
      tf.dispose(averages);
    }
    if (stored.has('best/0')) this.#bestWeights = group('best');
    const { step } = this.#progress;
    if (step > 0) this.#setLearningRate(step - 1);
  }

  async #saveCheckpoint(): Promise<void> {
    const { checkpoints } = this.#options;
    if (!checkpoints) return;
    const optimizer = captureOptimizer(this.#optimizer);
    const numbered = (name: string, tensors: readonly tf.Tensor[]) =>
      tensors.map((tensor, index) => ({ name: `${name}/${index}`, tensor }));
    const tensors: StoredTensor[] = [];
    for (const { name, tensor } of [
      ...numbered('weights', this.#variables),
      ...numbered('average', this.#average?.tensors ?? []),
      ...numbered('best', this.#bestWeights ?? []),
      ...optimizer.tensors.map(({ name, tensor }) => ({ name: optimizerPrefix + name, tensor })),
    ]) {
      const values = (await tensor.data()) as StoredTensor['values'];
      if (!allFinite(values)) throw this.#divergence(`${name} is not finite`);
      tensors.push({ name, shape: tensor.shape, values });
    }
    const progress: RunProgress = {
      ...this.#progress,
      examples: this.#sums.examples,
      sums: this.#sums.sums(),
      averageUpdates: this.#average?.updates ?? 0,
      optimizerIterations: optimizer.iterations,
    };
    // The first checkpoint of a run replaces those that another run left behind.
    const keep = this.#savedBefore || this.#resumedFrom ? 2 : 1;
    const state = { signature: this.#signature(), progress, tensors };
    const name = await checkpoints.store.save(state, keep);
    this.#savedBefore = true;
    this.#lastSave = performance.now();
    this.#options.onCheckpoint?.({ name, step: progress.step });
  }

  #signature(): RunSignature {
    const { identity = '' } = this.#options.checkpoints ?? {};
    return {
      identity,
      optimizer: this.#optimizer.getClassName(),
      layers: layersOf(this.#trained.model).map((layer) => layer.getClassName()),
      weights: this.#variables.map((variable) => variable.shape),
      batchSize: this.#source.batchSize,
      batchesPerEpoch: this.#source.batchesPerEpoch,
      average: this.#average !== undefined,
    };
  }

  #setLearningRate(step: number): void {
    const { schedule } = this.#options;
    if (!schedule) return;
    const learningRate = schedule(step, this.#totalSteps);
    checkValue(`schedule(${step}, ${this.#totalSteps})`, learningRate, numberFrom(0));
    setLearningRate(this.#optimizer, learningRate);
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
    const { onProgress, progressInterval = 100, epochs } = this.#options;
    if (!onProgress) return;
    const now = performance.now();
    if (batch < batches && now - this.#lastProgress < progressInterval) return;
    this.#lastProgress = now;
    const { epoch, step } = this.#progress;
    const rate = this.#rate.examplesPerSecond;
    const examplesLeft = (this.#totalSteps - step) * this.#source.batchSize;
    const validationsLeft = epochs - epoch - (phase === 'validate' ? batch / batches : 0);
    onProgress({
      phase,
      epoch,
      epochs,
      batch,
      batches,
      step,
      totalSteps: this.#totalSteps,
      learningRate: learningRateOfOptimizer(this.#optimizer),
      figures: this.#sums.means(),
      examplesPerSecond: rate,
      secondsLeft:
        rate > 0 ? examplesLeft / rate + validationsLeft * this.#validationSeconds : undefined,
    });
  }

  #divergence(what: string): DivergenceError {
    const { epoch, batch, step } = this.#progress;
    const learningRate = learningRateOfOptimizer(this.#optimizer);
    return new DivergenceError(
      `Training diverged: ${what} in epoch ${epoch + 1}, batch ${batch + 1} (step ${step}), at learning rate ${learningRate}. Try a lower learning rate or clipNorm: 1, and look for NaN and unscaled values in the data.`,
      { epoch, step },
    );
  }

  #note(note: string): void {
    this.#notes.push(note);
    this.#options.onNote?.(note);
  }

  async dispose(): Promise<void> {
    if (this.#optimizer !== this.#options.optimizer) this.#optimizer.dispose();
    this.#average?.dispose();
    tf.dispose(this.#bestWeights);
    await this.#queue.dispose();
  }
}

const optimizerPrefix = 'optimizer/';

function newProgress(): RunProgress {
  return {
    epoch: 0,
    batch: 0,
    step: 0,
    examples: 0,
    sums: {},
    epochSeconds: 0,
    seconds: 0,
    history: [] as EpochRecord[],
    best: null,
    epochsWithoutBest: 0,
    averageUpdates: 0,
    optimizerIterations: 0,
    stoppedEarly: false,
  };
}

function requireOptions(source: BatchSource, options: TrainModelOptions): void {
  checkValue<BatchSource>('source', source, someObject);
  checkOptions(options, trainModelChecks);
  const { validation, monitor, earlyStopping, average, checkpoints } = options;
  checkValue('source.batchSize', source.batchSize, wholeNumber(1));
  checkValue('source.batchesPerEpoch', source.batchesPerEpoch, wholeNumber(1));
  if (validation) {
    checkValue('validation.batchesPerEpoch', validation.batchesPerEpoch, wholeNumber(1));
  }
  if (monitor) checkOptions(monitor, monitorChecks, 'monitor');
  if (earlyStopping) checkOptions(earlyStopping, earlyStoppingChecks, 'earlyStopping');
  if (average) checkOptions(average, averageChecks, 'average');
  if (checkpoints) checkOptions(checkpoints, checkpointChecks, 'checkpoints');
  if (options.metrics && Object.hasOwn(options.metrics, 'loss')) {
    throw new InvalidArgumentError(
      'A metric cannot be called loss, which is the name of the loss. Rename it.',
    );
  }
}

/** Settles what tells the best epoch, and finds a wrong name before the first epoch is trained. */
function resolveMonitor(options: TrainModelOptions, measures: Measures) {
  const { validation, validate, monitor } = options;
  const { figure = `${validation ? 'validation' : 'train'}.loss`, mode = 'min' } = monitor ?? {};
  const known = namesOf(measures);
  const names = [
    ...known.map((name) => `train.${name}`),
    ...(validation ? known.map((name) => `validation.${name}`) : []),
  ];
  // What a `validate` function will call its figures shows at the end of the first epoch.
  const open = validate !== undefined && figure.startsWith('validation.');
  if (!names.includes(figure) && !open) {
    throw new InvalidArgumentError(
      `Expected monitor.figure to be one of ${names.join(', ')}, but got '${figure}'.`,
    );
  }
  return { figure, mode };
}

function requireSameRun(saved: RunSignature, current: RunSignature, source: string): void {
  const differing = (Object.keys(current) as (keyof RunSignature)[]).filter(
    (key) => JSON.stringify(saved[key]) !== JSON.stringify(current[key]),
  );
  if (differing.length === 0) return;
  const differences = differing.map(
    (key) => `${key} was ${shortened(saved[key])} and is ${shortened(current[key])}`,
  );
  throw new InvalidArgumentError(
    `${source} is of another run and cannot be resumed from: ${differences.join('; ')}. Give the options of that run, or train without resuming or in another folder.`,
  );
}

function shortened(value: unknown): string {
  const text = JSON.stringify(value) ?? 'missing';
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}

function toTensor(
  stored: StoredTensor | undefined,
  like: tf.Tensor,
  name: string,
  source: string,
): tf.Tensor {
  if (stored?.shape.join() !== like.shape.join()) {
    throw new DataFormatError(
      `${source} cannot be resumed from: expected ${name} to be [${like.shape}], but it is ${stored ? `[${stored.shape}]` : 'missing'}. Train without resuming.`,
      { source },
    );
  }
  return tf.tensor(stored.values.slice(), [...stored.shape], like.dtype);
}

function allFinite(values: StoredTensor['values']): boolean {
  for (let index = 0; index < values.length; index++) {
    if (!Number.isFinite(values[index])) return false;
  }
  return true;
}

function copies(tensors: readonly tf.Tensor[]): tf.Tensor[] {
  return tensors.map((tensor) => tf.keep(tf.clone(tensor)));
}

function isOptimizer(optimizer: object): optimizer is tf.Optimizer {
  return typeof (optimizer as Partial<tf.Optimizer>).applyGradients === 'function';
}
