import type { Svg } from '../plot/index.js';
import type { Report } from '../report/index.js';
import type { CheckpointStore } from '../training/checkpoint-store.js';
import type { RunMachine } from './machine.js';

/**
 * Something that is run to find out: a training, a reproduction, a comparison. It says what is its
 * own, and knows nothing of command lines: options come in, events go out, an outcome is returned.
 * {@link runExperiment} does what every run needs around it; `experimentCommand` makes a command of it.
 *
 * @example
 * ```ts
 * const sampling: Experiment<{ readonly seed: number; readonly count: number }> = {
 *   project: 'pi',
 *   backend: false,
 *   seeds: ({ seed }) => ({ all: seed }),
 *   async run({ options: { seed, count } }) {
 *     const random = createRandom(seed);
 *     let inside = 0;
 *     for (let n = 0; n < count; n++) if (Math.hypot(random.uniform(), random.uniform()) < 1) inside++;
 *     const estimate = (4 * inside) / count;
 *     return { metrics: { estimate }, text: `Pi is about ${estimate}.` };
 *   },
 * };
 * ```
 */
export interface Experiment<Options extends object, Inputs extends object = object> {
  /** Whose runs they are, such as `clock`: a run of another project is never replaced. */
  readonly project: string;
  /**
   * Whether it computes with TensorFlow.js. A backend is then started, the one that the options
   * `backend` and `threads` name if there are such.
   */
  readonly backend: boolean;
  /** Every seed, by what it seeds. */
  readonly seeds: (options: Options) => Readonly<Record<string, number>>;
  /** Reads what it works on, before anything is written: a run without its data leaves no trace. */
  readonly load?: (
    options: Options,
    context: LoadContext,
  ) => (Inputs & RunInputs) | Promise<Inputs & RunInputs>;
  /** Does the work. */
  readonly run: (context: ExperimentContext<Options, Inputs>) => Promise<Outcome>;
}

/** What `config.json` keeps of that which an experiment works on. */
export interface RunInputs {
  /** The data sets, by name, each with the SHA-256 of its bytes or the seed it is made from. */
  readonly datasets?: Readonly<Record<string, string>>;
  /** Options that a preset or a default decides, as they are then. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** What an experiment is given while it reads its inputs. */
export interface LoadContext {
  readonly log: RunLog;
  readonly signal: AbortSignal;
}

/** What a running experiment is given. */
export interface ExperimentContext<Options, Inputs> extends LoadContext {
  readonly options: Options;
  readonly inputs: Inputs;
  /** Where it runs. */
  readonly device: RunDevice;
  /** Where its files go. */
  readonly run: RunPlace;
  /** For a training that can be resumed: see {@link RunPlace.resumed}. */
  readonly checkpoints: CheckpointStore;
  /** Shows the progress of a stage, counted in `unit`s, in the singular. */
  progress(stage: string, total: number, options?: { readonly unit?: string }): RunProgress;
}

/** Where a run computes, as its metrics and its report have it. */
export interface RunDevice {
  /** The backend's name; `none` without TensorFlow.js. */
  readonly backend: string;
  readonly threads: number;
  readonly machine: RunMachine;
}

/** Where an experiment's files go. */
export interface RunPlace {
  /** The run's folder, absolute. */
  readonly path: string;
  /** True when the run goes on from a checkpoint. */
  readonly resumed: boolean;
  /** Writes `history.jsonl` anew from all epochs so far, a line an epoch. */
  writeHistory(records: readonly object[]): Promise<void>;
  /** Writes a file of the experiment's own, such as `model/perceptron.json`, whole or not at all. */
  write(name: string, data: string | Uint8Array): Promise<void>;
  /** Writes a network into `model/`. */
  saveModel(model: SavableModel): Promise<void>;
}

/** A `tf.LayersModel`, seen from a room that does without the types of TensorFlow.js. */
export interface SavableModel {
  readonly layers: readonly object[];
  save(...args: never): Promise<unknown>;
}

/** Lines for people. */
export interface RunLog {
  /** News. */
  info(text: string): void;
  /** What matters even to those who want no news. */
  warn(text: string): void;
  /** What only the curious want. */
  detail(text: string): void;
}

/** How far a stage is, as an experiment tells it. */
export interface RunProgress {
  /** Moves to `done`; `note` is a short text beside it, such as `loss 0.123`. */
  update(done: number, note?: string): void;
  /** Moves forward by `count`, 1 unless told. */
  advance(count?: number, note?: string): void;
  /** Ends the stage. Calling it again does nothing. */
  stop(): void;
}

/** What came of a run. */
export interface Outcome {
  /**
   * The content of `metrics.json`, beside what every run has there: seed, backend, threads, machine
   * and the seconds of the whole run, each unless it is among these.
   */
  readonly metrics: Readonly<Record<string, unknown>>;
  /** The result for people. */
  readonly text: string;
  /** By name; each is written to `plots/` as SVG and as PNG. */
  readonly plots?: Readonly<Record<string, Svg>>;
  /** Written as `report.html`. */
  readonly report?: Report;
}

/** What a run tells while it goes on. Plain data: it can be sent from a worker as it is. */
export type RunEvent =
  | { readonly type: 'log'; readonly level: keyof RunLog; readonly text: string }
  | {
      readonly type: 'progress';
      readonly stage: string;
      readonly done: number;
      readonly total: number;
      readonly unit?: string;
      readonly note?: string;
      readonly ended: boolean;
    }
  | { readonly type: 'history'; readonly records: readonly object[] }
  /** A run that is stopped from now on can go on from the checkpoint at `path`. */
  | { readonly type: 'checkpoint'; readonly path: string };
