import type * as tf from '@tensorflow/tfjs';
import {
  abortSignal,
  callback,
  checkOptions,
  flag,
  type OptionChecks,
  required,
  someObject,
  text,
} from '../checks/index.js';
import { readPackageVersion } from '../cli/package-version.js';
import { buildReport } from '../report/index.js';
import type { CheckpointStore } from '../training/checkpoint-store.js';
import type {
  Experiment,
  Outcome,
  RunDevice,
  RunEvent,
  RunInputs,
  RunLog,
  RunPlace,
  RunProgress,
} from './experiment.js';
import { describeMachine } from './machine.js';
import { inRunFolder, type RunFolder } from './run-folder.js';
import { startBackend } from './start-backend.js';

/** Settings of {@link runExperiment}. */
export interface RunExperimentSettings {
  /** The run's folder. */
  readonly out: string;
  /** Go on with the run that is in the folder. Default false. */
  readonly resume?: boolean;
  /** Replace the project's run that is in the folder. Default false. */
  readonly overwrite?: boolean;
  /** Versions by name for `config.json`, beside those of `@nn-lab/core` and TensorFlow.js. */
  readonly packages?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
}

const settingsChecks: OptionChecks<RunExperimentSettings> = {
  out: required(text),
  resume: flag,
  overwrite: flag,
  packages: someObject,
  signal: abortSignal,
  onEvent: callback,
};

/** A run that came to its end. */
export interface FinishedRun {
  /** The run's folder, absolute. */
  readonly path: string;
  /** What `metrics.json` holds. */
  readonly metrics: Readonly<Record<string, unknown>>;
  /** The result for people. */
  readonly text: string;
}

/** The files that runs of all experiments have, at the top of their folder. */
const ownFiles = ['config.json', 'history.jsonl', 'report.html', 'metrics.json'];

/**
 * Runs an experiment from its options to its report: reads its inputs, opens and locks the run
 * folder, starts the backend, writes `config.json`, does the work, draws the plots, and writes
 * `report.html` and, last, `metrics.json`.
 *
 * @throws InvalidArgumentError when the folder holds another run, or the run to resume is not this
 *   one; what the experiment throws; the signal's reason when it is aborted.
 *
 * @example
 * ```ts
 * const { metrics } = await runExperiment(sampling, { seed: 42, count: 1000 }, { out: 'runs/pi' });
 * ```
 */
export async function runExperiment<Options extends object, Inputs extends object>(
  experiment: Experiment<Options, Inputs>,
  options: Options,
  settings: RunExperimentSettings,
): Promise<FinishedRun> {
  checkOptions(settings, settingsChecks);
  const began = performance.now();
  const { onEvent: emit = () => {}, signal = new AbortController().signal } = settings;
  const log = logOf(emit);
  const inputs = (await experiment.load?.(options, { log, signal })) ?? ({} as Inputs & RunInputs);
  const { project } = experiment;
  return inRunFolder(settings.out, { ...settings, project, files: ownFiles }, async (folder) => {
    if (folder.resumed) emit({ type: 'checkpoint', path: folder.checkpoints });
    const device = { ...(await computerOf(experiment, options, log)), machine: describeMachine() };
    const seeds = experiment.seeds(options);
    const notes = await folder.configure({
      options: { ...options, ...inputs.options },
      seeds,
      packages: await versionsOf(experiment, settings),
      backend: device.backend,
      threads: device.threads,
      datasets: inputs.datasets ?? {},
    });
    for (const note of notes) log.warn(note);
    const outcome = await experiment.run({
      options,
      inputs,
      device,
      run: placeIn(folder, emit),
      checkpoints: checkpointsIn(folder, emit),
      log,
      signal,
      progress: (stage, total, { unit } = {}) => progressOf({ stage, total, unit }, emit),
    });
    const seed = (options as { readonly seed?: number }).seed ?? Object.values(seeds)[0];
    const seconds = (performance.now() - began) / 1000;
    const metrics = { seed, ...device, seconds, ...outcome.metrics };
    await writePictures(folder, outcome);
    await folder.writeMetrics(metrics);
    return { path: folder.path, metrics, text: outcome.text };
  });
}

async function computerOf(
  { backend }: { readonly backend: boolean },
  options: object,
  log: RunLog,
): Promise<Omit<RunDevice, 'machine'>> {
  if (!backend) return { backend: 'none', threads: 1 };
  const { name, threads } = await startBackend(options, log);
  return { backend: name, threads };
}

async function versionsOf(
  { backend }: { readonly backend: boolean },
  { packages }: RunExperimentSettings,
): Promise<Readonly<Record<string, string>>> {
  const versions = { ...packages, '@nn-lab/core': readPackageVersion(import.meta.url) };
  if (!backend) return versions;
  const { version } = await import('@tensorflow/tfjs');
  return { ...versions, '@tensorflow/tfjs': version.tfjs };
}

function logOf(emit: (event: RunEvent) => void): RunLog {
  const line = (level: keyof RunLog) => (text: string) => emit({ type: 'log', level, text });
  return { info: line('info'), warn: line('warn'), detail: line('detail') };
}

function progressOf(
  { unit, ...stage }: { stage: string; total: number; unit: string | undefined },
  emit: (event: RunEvent) => void,
): RunProgress {
  let done = 0;
  let ended = false;
  const tell = (note?: string) => {
    emit({ type: 'progress', ...stage, done, ...(unit && { unit }), ...(note && { note }), ended });
  };
  const update = (now: number, note?: string) => {
    if (ended) return;
    done = now;
    tell(note);
  };
  tell();
  return {
    update,
    advance: (count = 1, note) => update(done + count, note),
    stop() {
      if (ended) return;
      ended = true;
      tell();
    },
  };
}

function placeIn(folder: RunFolder, emit: (event: RunEvent) => void): RunPlace {
  return {
    path: folder.path,
    resumed: folder.resumed,
    async writeHistory(records) {
      await folder.writeHistory(records);
      emit({ type: 'history', records });
    },
    async write(name, data) {
      await folder.write(name, data);
    },
    async saveModel(model) {
      const { modelFileNames, saveModel } = await import('../node/model-files.js');
      await folder.claim(modelFileNames.map((name) => `model/${name}`));
      await saveModel(model as tf.LayersModel, folder.model);
    },
  };
}

/** A store that tells of each checkpoint. It loads TensorFlow.js no sooner than it is used. */
function checkpointsIn(folder: RunFolder, emit: (event: RunEvent) => void): CheckpointStore {
  let opened: Promise<CheckpointStore> | undefined;
  const store = () => {
    opened ??= import('../node/checkpoints.js').then(({ createCheckpointStore }) =>
      createCheckpointStore(folder.checkpoints),
    );
    return opened;
  };
  return {
    async save(state, keep) {
      const saved = await (await store()).save(state, keep);
      emit({ type: 'checkpoint', path: folder.checkpoints });
      return saved;
    },
    loadLatest: async () => (await store()).loadLatest(),
  };
}

async function writePictures(folder: RunFolder, { plots = {}, report }: Outcome): Promise<void> {
  const { renderPng } = await import('../node/png.js');
  for (const [name, svg] of Object.entries(plots)) {
    await folder.write(`plots/${name}.svg`, svg);
    await folder.write(`plots/${name}.png`, await renderPng(svg, { scale: 2 }));
  }
  if (report) await folder.write('report.html', buildReport(report));
}
