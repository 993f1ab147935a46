import * as tf from '@tensorflow/tfjs';
import { type NamedTensor, tensorOfStored } from './stored-tensors.js';
import type { AverageOptions } from './training-loop-options.js';
import type { StoredTensor } from './training-state.js';
import { assignValues, copyValues, WeightAverage } from './weight-average.js';

/** Options of {@link RunWeights}. */
export interface RunWeightsOptions {
  readonly average?: AverageOptions | undefined;
  readonly restoreBestWeights?: boolean;
}

/** The weights of a run: those that are trained, their average, and those of the best epoch. */
export class RunWeights {
  readonly #names: readonly string[];
  readonly #variables: readonly tf.Variable[];
  readonly #options: RunWeightsOptions;
  #average: WeightAverage | undefined;
  #best: tf.Tensor[] | undefined;

  constructor(variables: Readonly<Record<string, tf.Variable>>, options: RunWeightsOptions) {
    this.#names = Object.keys(variables);
    this.#variables = Object.values(variables);
    this.#options = options;
    if (options.average) {
      this.#average = new WeightAverage(this.#variables, options.average.decay);
    }
  }

  get shapes(): number[][] {
    return this.#variables.map(({ shape }) => shape);
  }

  get averageUpdates(): number {
    return this.#average?.updates ?? 0;
  }

  /** Takes the weights after a step into the average. */
  update(): void {
    this.#average?.update();
  }

  /** Does something while the variables have their averages, where there are any. */
  async whileAveraged<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#average) return work();
    const trained = copyValues(this.#variables);
    try {
      assignValues(this.#variables, this.#average.tensors);
      return await work();
    } finally {
      assignValues(this.#variables, trained);
      tf.dispose(trained);
    }
  }

  /** Keeps the weights of this epoch if the best ones are wanted at the end. */
  keepAsBest(): void {
    if (!this.#options.restoreBestWeights) return;
    tf.dispose(this.#best);
    this.#best = copyValues(this.#wanted);
  }

  /** Puts the weights into the variables that the options ask for: best, averaged, or trained. */
  leaveFinal(): void {
    const { restoreBestWeights } = this.#options;
    const wanted = (restoreBestWeights && this.#best) || this.#wanted;
    if (wanted !== this.#variables) assignValues(this.#variables, wanted);
  }

  /** The weights that the run is about, as they are now. */
  get #wanted(): readonly tf.Tensor[] {
    const { average } = this.#options;
    return this.#average && average?.weights !== 'trained'
      ? this.#average.tensors
      : this.#variables;
  }

  /** All of them under the names that they have in a checkpoint, by reference. */
  tensors(): NamedTensor[] {
    const group = (name: string, tensors: readonly tf.Tensor[] = []) =>
      tensors.map((tensor, index) => ({ name: `${name}/${this.#names[index]}`, tensor }));
    return [
      ...group('weights', this.#variables),
      ...group('average', this.#average?.tensors),
      ...group('best', this.#best),
    ];
  }

  restore(stored: ReadonlyMap<string, StoredTensor>, averageUpdates: number, source: string): void {
    const group = (name: string) =>
      tf.tidy(() =>
        this.#variables.map((variable, index) => {
          const path = `${name}/${this.#names[index]}`;
          return tensorOfStored(stored.get(path), variable, path, source);
        }),
      );
    tf.tidy(() => assignValues(this.#variables, group('weights')));
    if (this.#average) {
      const { decay } = this.#average;
      const averages = group('average');
      this.#average.dispose();
      this.#average = new WeightAverage(this.#variables, decay, averages, averageUpdates);
      tf.dispose(averages);
    }
    if (stored.has(`best/${this.#names[0]}`)) this.#best = group('best');
  }

  /** Whether a stored tensor is one of these. */
  static holds(name: string): boolean {
    return /^(weights|average|best)\//.test(name);
  }

  dispose(): void {
    this.#average?.dispose();
    tf.dispose(this.#best);
  }
}
