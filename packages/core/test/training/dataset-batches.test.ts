import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  createDataset,
  type Dataset,
  randomFlip,
  randomShift,
  type UnlabeledDataset,
} from '../../src/datasets/index.js';
import { InvalidArgumentError } from '../../src/errors.js';
import { createRandom } from '../../src/random/index.js';
import {
  type DatasetBatchesOptions,
  datasetBatches,
  reconstructionBatches,
  trainModel,
} from '../../src/training/index.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Ten images of 1x2, the first pixel of each telling its position. */
const dataset: Dataset = createDataset({
  shape: [1, 2, 1],
  images: Uint8Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? i / 2 : 255)),
  labels: Uint8Array.from({ length: 10 }, (_, i) => i % 3),
});

interface Read {
  inputs: number[];
  targets: number[];
  inputShape: number[];
  targetShape: number[];
}

async function read(options: DatasetBatchesOptions, epoch: number, index: number): Promise<Read> {
  const { inputs, targets } = datasetBatches(dataset, options).batch(epoch, index);
  const result = {
    inputs: [...(await inputs.data())],
    targets: [...(await targets.data())],
    inputShape: inputs.shape,
    targetShape: targets.shape,
  };
  tf.dispose([inputs, targets]);
  return result;
}

/** The positions that the batches of an epoch hold. */
async function epochOrder(options: DatasetBatchesOptions, epoch: number): Promise<number[]> {
  const source = datasetBatches(dataset, options);
  const order: number[] = [];
  for (let index = 0; index < source.batchesPerEpoch; index++) {
    const { inputs } = await read({ ...options, scale: [0, 255] }, epoch, index);
    order.push(...inputs.filter((_, i) => i % 2 === 0));
  }
  return order;
}

const inOrder = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

describe('datasetBatches', () => {
  it('gives every image once an epoch, in order without a stream', async () => {
    expect(datasetBatches(dataset, { batchSize: 4 })).toMatchObject({
      batchSize: 4,
      batchesPerEpoch: 3,
    });
    expect(await epochOrder({ batchSize: 4 }, 0)).toEqual(inOrder);
    const last = await read({ batchSize: 4 }, 0, 2);
    expect(last).toMatchObject({ inputShape: [2, 1, 2, 1], targetShape: [2, 3] });
    expect(last.targets).toEqual([0, 0, 1, 1, 0, 0]);
  });

  it('shuffles every epoch anew, by the seed', async () => {
    const order = (seed: number, epoch: number) =>
      epochOrder({ batchSize: 3, random: createRandom(seed) }, epoch);
    const first = await order(7, 0);
    expect(first).not.toEqual(inOrder);
    expect([...first].sort()).toEqual(inOrder);
    expect(await order(7, 0)).toEqual(first);
    expect(await order(7, 1)).not.toEqual(first);
    expect(await order(8, 0)).not.toEqual(first);
  });

  it('makes a batch a function of epoch and index alone, whatever was asked for before', async () => {
    const random = createRandom(5);
    const options = { batchSize: 3, random, augment: randomShift({ pixels: 1 }) };
    const source = datasetBatches(dataset, options);
    const values = async (epoch: number, index: number) => {
      const { inputs, targets } = source.batch(epoch, index);
      const numbers = [...(await inputs.data()), ...(await targets.data())];
      tf.dispose([inputs, targets]);
      return numbers;
    };
    const wanted = await values(4, 2);
    await values(0, 0);
    random.uint32();
    expect(await values(4, 2)).toEqual(wanted);
    const fresh = await read({ ...options, random: createRandom(5) }, 4, 2);
    expect([...fresh.inputs, ...fresh.targets]).toEqual(wanted);
  });

  it('keeps labels with their images', async () => {
    const options = {
      batchSize: 10,
      random: createRandom(3),
      oneHot: false,
      scale: [0, 255] as const,
    };
    const { inputs, targets, targetShape } = await read(options, 2, 0);
    expect(targetShape).toEqual([10]);
    expect(targets).toEqual(inputs.filter((_, i) => i % 2 === 0).map((position) => position % 3));
    const batch = datasetBatches(dataset, options).batch(0, 0);
    expect(batch.targets.dtype).toBe('int32');
    tf.dispose([batch.inputs, batch.targets]);
  });

  it('scales to 0..1, or as asked', async () => {
    expect((await read({ batchSize: 1 }, 0, 0)).inputs).toEqual([0, 1]);
    expect((await read({ batchSize: 1, scale: [-1, 1] }, 0, 0)).inputs).toEqual([-1, 1]);
  });

  it('augments before it scales, each image in its own way and each epoch in another', async () => {
    const options = {
      batchSize: 10,
      random: createRandom(1),
      shuffle: false,
      augment: randomFlip(),
    };
    const flipped = async (epoch: number) => {
      const { inputs } = await read(options, epoch, 0);
      return Array.from({ length: 10 }, (_, i) => inputs[2 * i] === 1);
    };
    const first = await flipped(0);
    expect(new Set(first).size).toBe(2);
    expect(await flipped(1)).not.toEqual(first);
    expect(
      (await read({ ...options, augment: (pixels) => pixels.map(() => 255) }, 0, 0)).inputs,
    ).toEqual(new Array(20).fill(1));
    expect(dataset.images[1]).toBe(255);
  });

  it('leaves out the last batch when it is not full, if so asked', async () => {
    expect(datasetBatches(dataset, { batchSize: 4, dropRemainder: true }).batchesPerEpoch).toBe(2);
  });

  it('holds no tensor of its own', async () => {
    const source = datasetBatches(dataset, {
      batchSize: 4,
      random: createRandom(1),
      augment: randomFlip(),
    });
    const before = tf.memory().numTensors;
    const { inputs, targets } = source.batch(0, 0);
    expect(tf.memory().numTensors).toBe(before + 2);
    tf.dispose([inputs, targets]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([
    [{ batchSize: 0 }, /Expected `batchSize` to be a whole number/],
    [{ batchSize: 2.5 }, /batchSize/],
    [{ batchSize: 11, dropRemainder: true }, /fill no batch of 11/],
    [{ shuffle: true }, /shuffle needs a seeded stream/],
    [{ augment: randomFlip() }, /augment needs a seeded stream/],
    [{ scale: [1, 0] as const }, /the lower first/],
  ])('refuses %j', (options, message) => {
    expect(() => datasetBatches(dataset, options)).toThrow(message);
  });

  it('refuses a batch that is not there', () => {
    expect(() => datasetBatches(dataset, { batchSize: 4 }).batch(0, 3)).toThrow(
      InvalidArgumentError,
    );
  });
});

describe('batches of a dataset without labels', () => {
  const unlabeled: UnlabeledDataset = createDataset({
    shape: dataset.shape,
    images: dataset.images,
  });
  const options = { batchSize: 4, random: createRandom(3), augment: randomFlip() };

  it('have the inputs of the labelled one, and no targets', async () => {
    const batch = datasetBatches(unlabeled, options).batch(1, 2);
    expect(Object.keys(batch)).toEqual(['inputs']);
    const { inputs } = await read(options, 1, 2);
    expect([...(await batch.inputs.data())]).toEqual(inputs);
    batch.inputs.dispose();
  });

  it('are refused where targets are needed, by the types and in words', async () => {
    const model = tf.sequential({
      layers: [tf.layers.flatten({ inputShape: [1, 2, 1] }), tf.layers.dense({ units: 2 })],
    });
    const before = tf.memory().numTensors;
    // @ts-expect-error: there are no targets
    const refused = trainModel(model, datasetBatches(unlabeled), {
      epochs: 1,
      loss: 'meanSquaredError',
    });
    await expect(refused).rejects.toThrow(
      'Expected batches with targets, got inputs only. To train a model to give its inputs back, use reconstructionBatches.',
    );
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });

  it('become targets by reconstructionBatches, which disposes what it does not give', async () => {
    const before = tf.memory().numTensors;
    for (const source of [datasetBatches(unlabeled, options), datasetBatches(dataset, options)]) {
      const asynchronous = { ...source, batch: async () => source.batch(1, 2) };
      for (const given of [source, asynchronous]) {
        const { inputs, targets } = await reconstructionBatches(given).batch(1, 2);
        const [input, target] = [inputs as tf.Tensor, targets as tf.Tensor];
        expect([...(await target.data())]).toEqual([...(await input.data())]);
        expect(target.shape).toEqual(input.shape);
        input.dispose();
        expect(target.isDisposed).toBe(false);
        target.dispose();
      }
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});
