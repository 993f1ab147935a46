import { join } from 'node:path';
import { dataOption, defineCommand, readPackageVersion } from '@nn-lab/core/cli';
import { describeMachine, openRunFolder, outputFolderOptions } from '@nn-lab/core/experiment';
import { formatDuration, formatPercent, formatTable } from '@nn-lab/core/format';
import type { WorkOptions } from '@nn-lab/core/work';
import { courseOptions, courseResults, projectOneResults } from '../course.js';
import { savePerceptron } from '../node.js';
import { Perceptron, type PerceptronMethod, type PerceptronTraining } from '../perceptron.js';
import { type LoadedRows, loadRows } from './digits.js';
import { type Evaluation, evaluate, evaluationDocument } from './evaluation.js';
import { writePerceptronReport } from './report.js';

/** A method's training and what came of it. */
export interface MethodResult {
  readonly method: PerceptronMethod;
  readonly perceptron: Perceptron;
  readonly training: PerceptronTraining;
  /** Median seconds of a training, measured without recording test accuracies. */
  readonly seconds: number;
  readonly train: Evaluation;
  readonly test: Evaluation;
}

const timings = 5;

export const reproduceCommand = defineCommand({
  name: 'reproduce',
  summary: "run the course's experiments, and the averaged perceptron",
  description:
    "Trains as the course did, batch and online, and with averaged weights, and leaves a folder with the models, plots and a report beside the course's results.",
  options: [dataOption, ...outputFolderOptions('runs/<project>/reproduce')],
  async run({ options, program, log, progress, signal, result }) {
    const folder = await openRunFolder(options.out, { ...options, project: program.project });
    try {
      const data = await loadRows('digits16', options.data, { log, signal });
      await folder.configure({
        options: { ...options },
        seeds: { weights: 21 },
        packages: {
          [program.name]: program.version,
          '@nn-lab/core': readPackageVersion(import.meta.resolve('@nn-lab/core')),
        },
        backend: 'none',
        threads: 1,
        datasets: data.hashes,
      });
      log.info(
        `Data: ${data.origin}, ${data.train.x.rows} to train and ${data.test.x.rows} to test.`,
      );
      const bar = progress('Training', 3, { unit: 'method' });
      const results: MethodResult[] = [];
      for (const method of ['batch', 'online', 'averaged'] as const) {
        results.push(await runMethod(method, data, { signal }));
        bar.advance();
      }
      bar.stop();

      const document = {
        dataset: data.origin,
        ...Object.fromEntries(results.map((one) => [one.method, methodDocument(one)])),
        course: { ...courseResults, projectOne: projectOneResults },
        machine: describeMachine(),
      };
      for (const { method, perceptron } of results) {
        await folder.claim([`model/${method}.json`]);
        await savePerceptron(perceptron, join(folder.model, `${method}.json`));
      }
      await writePerceptronReport(folder, { data, results, machine: document.machine });
      await folder.writeMetrics(document);
      result(
        { out: folder.path, ...document },
        `${describe(results)}\n\nModels, plots and report: ${folder.path}`,
      );
    } finally {
      folder.close();
    }
  },
});

async function runMethod(
  method: PerceptronMethod,
  { train, test }: LoadedRows,
  stop: WorkOptions,
): Promise<MethodResult> {
  const options = method === 'averaged' ? { method } : courseOptions(method);
  const times: number[] = [];
  for (let round = 0; round < timings; round++) {
    const began = performance.now();
    await new Perceptron(options).fit(train.x, train.labels, stop);
    times.push((performance.now() - began) / 1000);
  }
  const seconds = times.sort((a, b) => a - b)[timings >> 1]!;
  const perceptron = new Perceptron(options);
  const training = await perceptron.fit(train.x, train.labels, { test, ...stop });
  return {
    method,
    perceptron,
    training,
    seconds,
    train: await evaluate(perceptron, train, stop),
    test: await evaluate(perceptron, test, stop),
  };
}

function methodDocument({ training, seconds, train, test }: MethodResult) {
  return {
    epochs: training.epochs,
    bestEpoch: training.bestEpoch,
    stopped: training.stopped,
    seconds,
    train: evaluationDocument(train),
    test: evaluationDocument(test),
    history: training.history,
  };
}

function describe(results: readonly MethodResult[]): string {
  const rows = results.map(({ method, training, seconds, train, test }) => {
    const course = method === 'averaged' ? undefined : courseResults[method];
    return [
      method,
      formatPercent(train.correct / train.total, 2),
      formatPercent(test.correct / test.total, 2),
      String(training.epochs),
      formatDuration(seconds),
      course
        ? `${formatPercent(course.trainCorrect / 1707, 2)}, ${formatPercent(course.testCorrect / 1000, 2)}, ${course.seconds} s`
        : '-',
    ];
  });
  return formatTable(rows, { header: ['method', 'train', 'test', 'epochs', 'time', 'course'] });
}
