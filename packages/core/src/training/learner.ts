import * as tf from '@tensorflow/tfjs';
import { InvalidArgumentError } from '../errors.js';
import type { Batch, InputBatch } from './batch-source.js';
import { type NetworkOptimizer, requireScalar } from './network-optimizer.js';
import { captureOptimizer, requireKnownOptimizer, restoreOptimizer } from './optimizer-state.js';
import { readTensors } from './stored-tensors.js';
import type { RunSignature, StoredTensor } from './training-state.js';

/** Where a step stands in its run. */
export interface StepContext {
  /** Steps taken before this one. */
  readonly step: number;
  /** Steps of the whole run. */
  readonly totalSteps: number;
}

/** What a learner knows beside its variables, away from any backend. */
export interface LearnerState {
  /** Under names that do not begin with `weights/`, `average/` or `best/`. */
  readonly tensors: readonly StoredTensor[];
  /** Updates made by its optimizer. Default 0; several optimizers keep theirs in `tensors`. */
  readonly optimizerIterations?: number;
}

/**
 * Something that learns from batches, step by step: what `trainLearner` trains. `createLearner` makes
 * one of networks, their optimizers and a step.
 */
export interface Learner<B extends InputBatch = Batch> {
  /** The names of what a step minimizes, at least one. All must stay finite. */
  readonly losses: readonly string[];
  /** The names of what else a step measures. */
  readonly metrics: readonly string[];
  /** What it has learned, by name: saved, averaged, kept of the best epoch. */
  readonly variables: Readonly<Record<string, tf.Variable>>;
  /** What it is made of: a checkpoint of another make is refused. */
  readonly make: Pick<RunSignature, 'optimizer' | 'layers'>;
  /** The rate of the last step; that of the first optimizer, where there are several. */
  readonly learningRate: number;

  /** Called before each step, and once with the last step taken after a restore. */
  prepare?(context: StepContext): void;
  /** Learns from a batch, which it borrows. @returns the losses, then the metrics; the caller's. */
  step(batch: B, context: StepContext): tf.Tensor1D;
  /** The same figures of a batch that nothing is learned from; needed for `validation`. */
  readonly evaluate?: ((batch: B) => tf.Tensor1D) | undefined;

  /** All that the next step depends on, but for the variables. */
  state(): LearnerState | Promise<LearnerState>;
  /** Goes on from such a state. */
  restore(state: LearnerState): void;
  /**
   * Parts that keep a resumed run from repeating one that was not interrupted.
   *
   * @throws InvalidArgumentError when the state cannot be captured at all.
   */
  unrepeatable?(): readonly string[];
}

/** What {@link createLearner} makes a learner of. */
export interface LearnerParts<B extends InputBatch, Loss extends string, Metric extends string> {
  /** With their networks: one, or several by name. The caller disposes them. */
  readonly optimizers: NetworkOptimizer | Readonly<Record<string, NetworkOptimizer>>;
  /** The names of what a step minimizes. The first tells the best epoch unless `monitor` says else. */
  readonly losses: readonly [Loss, ...Loss[]];
  /** The names of what else a step measures. Default none. */
  readonly metrics?: readonly Metric[];
  /** One step, in a `tf.tidy`: calls `minimize` of each optimizer, and returns the figures. */
  step(batch: B, context: StepContext): LearnerFigures<Loss | Metric>;
  /** The figures of a batch that nothing is learned from, in a `tf.tidy`. */
  evaluate?(batch: B): LearnerFigures<Loss | Metric>;
}

/** Losses and metrics of a batch by name. */
export type LearnerFigures<Name extends string> = Readonly<Record<Name, tf.Scalar>>;

/**
 * Makes a learner of networks with their optimizers and a function that takes one step.
 *
 * Chance in a step has to follow from the step's number, as in `random.fork(step)`: then a resumed
 * run repeats one that was not interrupted to the byte.
 *
 * @example
 * ```ts
 * const forGenerator = createNetworkOptimizer(generator, { optimizer: { name: 'adam' } });
 * const forDiscriminator = createNetworkOptimizer(discriminator, { optimizer: { name: 'adam' } });
 * const gan = createLearner({
 *   optimizers: { generator: forGenerator, discriminator: forDiscriminator },
 *   losses: ['generatorLoss', 'discriminatorLoss'],
 *   step({ inputs }: InputBatch, { step }) {
 *     const noise = noiseOf(step);
 *     const { loss: discriminatorLoss } = forDiscriminator.minimize(() => ({
 *       loss: tf.add(lossOf(inputs, 1), lossOf(generate(noise), 0)),
 *     }));
 *     const { loss: generatorLoss } = forGenerator.minimize(() => ({
 *       loss: lossOf(generate(noise), 1),
 *     }));
 *     return { generatorLoss, discriminatorLoss };
 *   },
 * });
 * await trainLearner(gan, source, { epochs: 20 });
 * ```
 */
export function createLearner<
  B extends InputBatch,
  Loss extends string,
  Metric extends string = never,
>(parts: LearnerParts<B, Loss, Metric>): Learner<B> {
  const { losses, metrics = [], step, evaluate } = parts;
  const optimizers = namedOptimizers(parts.optimizers);
  const names = [...losses, ...metrics];
  const prefixOf = (name: string) => `optimizer/${pathOf(name, '')}`;

  return {
    losses,
    metrics,
    variables: Object.fromEntries(
      optimizers.flatMap(([name, { variables }]) =>
        variables.map((variable, index) => [pathOf(name, `${index}`), variable]),
      ),
    ),
    make: {
      optimizer: optimizers
        .map(([name, { optimizer }]) => pathOf(name, optimizer.getClassName()))
        .join(', '),
      layers: optimizers.flatMap(([name, { layers }]) =>
        layers.map((layer) => pathOf(name, layer.getClassName())),
      ),
    },
    get learningRate() {
      return optimizers[0]![1].learningRate;
    },

    prepare({ step, totalSteps }) {
      for (const [, optimizer] of optimizers) optimizer.prepare(step, totalSteps);
    },
    step: (batch, context) => tf.tidy(() => stackFigures(names, step(batch, context))),
    evaluate: evaluate && ((batch) => tf.tidy(() => stackFigures(names, evaluate(batch)))),

    async state() {
      const tensors: StoredTensor[] = [];
      for (const [name, { optimizer }] of optimizers) {
        const captured = captureOptimizer(optimizer);
        const prefix = prefixOf(name);
        tensors.push(...(await readTensors(captured.tensors, prefix)));
        if (optimizers.length > 1) {
          const values = Int32Array.of(captured.iterations);
          tensors.push({ name: `${prefix}iterations`, shape: [], values });
        }
      }
      const { iterations } = optimizers[0]![1].optimizer;
      return optimizers.length > 1 ? { tensors } : { tensors, optimizerIterations: iterations };
    },
    restore({ tensors, optimizerIterations = 0 }) {
      const stored = new Map(tensors.map((tensor) => [tensor.name, tensor]));
      for (const [name, { optimizer, trained }] of optimizers) {
        const prefix = prefixOf(name);
        const iterations = stored.get(`${prefix}iterations`)?.values[0] ?? optimizerIterations;
        tf.tidy(() => {
          const slots = tensors
            .filter((tensor) => tensor.name.startsWith(prefix))
            .map(({ name, shape, values }) => ({
              name: name.slice(prefix.length),
              tensor: tf.tensor(values.slice(), [...shape]),
            }));
          const className = optimizer.getClassName();
          restoreOptimizer(optimizer, { className, iterations, tensors: slots }, trained);
        });
      }
    },
    unrepeatable() {
      for (const [, { optimizer }] of optimizers) requireKnownOptimizer(optimizer);
      return optimizers.flatMap(([, optimizer]) => optimizer.unrepeatable());
    },
  };
}

/** The only optimizer has no name, so that its tensors have none in theirs. */
function namedOptimizers(optimizers: LearnerParts<never, never, never>['optimizers']) {
  const entries = (
    typeof optimizers.minimize === 'function' ? [['', optimizers]] : Object.entries(optimizers)
  ) as [string, NetworkOptimizer][];
  if (entries.length === 0) {
    throw new InvalidArgumentError(
      'Expected `optimizers` to have at least one optimizer, got none.',
    );
  }
  return entries;
}

/** One tensor of the figures, in the order of the names. Call it in a `tf.tidy`. */
export function stackFigures(
  names: readonly string[],
  figures: Readonly<Record<string, tf.Scalar>>,
): tf.Tensor1D {
  const values = names.map((name) => {
    const value = figures[name];
    if (value) return requireScalar(name, value);
    throw new InvalidArgumentError(
      `Expected the step to return ${names.join(', ')}, but there is no ${name}.`,
    );
  });
  return tf.stack(values) as tf.Tensor1D;
}

function pathOf(name: string, rest: string): string {
  return name === '' ? rest : `${name}/${rest}`;
}
