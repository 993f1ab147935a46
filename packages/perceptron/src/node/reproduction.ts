import type { CourseFact, Experiment } from '@nn-lab/core/experiment';
import { formatDuration, formatPercent, formatTable } from '@nn-lab/core/format';
import { courseFacts, courseFactsOf, projectOneFacts } from '../course/facts.js';
import { drawPerceptronPlots } from '../course/figures.js';
import { perceptronReport } from '../course/report.js';
import { type MethodResult, reproduceMethod } from '../course/reproduce.js';
import { evaluationDocument } from '../evaluation.js';
import type { LoadedRows } from '../loaded-rows.js';
import { loadRows } from './load-rows.js';

/** Options of {@link perceptronReproduction}. */
export interface ReproducePerceptronOptions {
  /** A folder to look for the digits in first. */
  readonly data?: string | undefined;
}

/** Trains as the course did, batch and online, and with averaged weights. */
export const perceptronReproduction: Experiment<ReproducePerceptronOptions, LoadedRows> = {
  project: 'perceptron',
  backend: false,
  seeds: () => ({ weights: 21 }),
  load: ({ data }, context) => loadRows('digits16', data, context),
  async run({ inputs: data, device, run, log, progress, signal }) {
    log.info(
      `Data: ${data.origin}, ${data.train.x.rows} to train and ${data.test.x.rows} to test.`,
    );
    const bar = progress('Training', 3, { unit: 'method' });
    const results: MethodResult[] = [];
    for (const method of ['batch', 'online', 'averaged'] as const) {
      results.push(await reproduceMethod(method, data, { signal }));
      bar.advance();
    }
    bar.stop();
    for (const { method, perceptron } of results) {
      await run.write(`model/${method}.json`, `${JSON.stringify(perceptron)}\n`);
    }
    const plots = drawPerceptronPlots(results, data);
    return {
      metrics: {
        dataset: data.origin,
        ...Object.fromEntries(results.map((one) => [one.method, methodDocument(one)])),
        course: courseDocument(),
      },
      text: `${describe(results)}\n\nModels, plots and report: ${run.path}`,
      plots,
      report: perceptronReport(results, plots, data, device.machine),
    };
  },
};

function courseDocument() {
  const { batchTrain, batchTest, batchSeconds, onlineTrain, onlineTest, onlineSeconds } =
    courseFacts;
  const { nearestMeanTrain, nearestMeanTest, knnTrain, knnTest } = projectOneFacts;
  const right = (train: CourseFact, test: CourseFact) => ({
    trainCorrect: train.value,
    testCorrect: test.value,
  });
  return {
    batch: { ...right(batchTrain, batchTest), seconds: batchSeconds.value },
    online: { ...right(onlineTrain, onlineTest), seconds: onlineSeconds.value },
    projectOne: {
      'nearest mean': right(nearestMeanTrain, nearestMeanTest),
      '3-NN': right(knnTrain, knnTest),
    },
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
    const course = courseFactsOf(method);
    return [
      method,
      formatPercent(train.correct / train.total, 2),
      formatPercent(test.correct / test.total, 2),
      String(training.epochs),
      formatDuration(seconds),
      course ? `${shareOf(course.train)}, ${shareOf(course.test)}, ${course.seconds.value} s` : '-',
    ];
  });
  return formatTable(rows, { header: ['method', 'train', 'test', 'epochs', 'time', 'course'] });
}

function shareOf({ value, total }: { readonly value: number; readonly total: number }): string {
  return formatPercent(value / total, 2);
}
