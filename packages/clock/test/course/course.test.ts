import { InvalidArgumentError, ShapeError } from '@nn-lab/core/errors';
import { useBackend } from '@nn-lab/core/node';
import { RandomState } from '@nn-lab/core/random';
import { trainModel } from '@nn-lab/core/training';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  buildCourseTwoHeadNetwork,
  CourseReader,
  classOfTime,
  courseBatches,
  courseSplit,
  courseTestPictures,
  decodeClasses,
  decodeRegression,
  decodeTwoHeads,
  freshCourseBatches,
  isCourseNetwork,
} from '../../src/course/index.js';
import { renderClock } from '../../src/renderer/index.js';

let tensorsBefore = 0;
beforeAll(async () => {
  await useBackend({ backend: 'simd', threads: 1 });
});
beforeEach(() => {
  tensorsBefore = tf.memory().numTensors;
});
afterEach(() => {
  expect(tf.memory().numTensors).toBe(tensorsBefore);
});

describe('buildCourseTwoHeadNetwork', () => {
  it('has the layers of the course, counted by hand', () => {
    const model = buildCourseTwoHeadNetwork();
    expect(model.inputs[0]!.shape).toEqual([null, 150, 150, 1]);
    expect(model.outputs.map(({ shape }) => shape)).toEqual([
      [null, 12],
      [null, 1],
    ]);
    const parameters = Object.fromEntries(
      model.layers.map((layer) => [layer.name, layer.countParams()]).filter(([, n]) => n),
    );
    // 150 - 2 = 148, halved 74, 72, 36, 34, 17: the heads see 17 * 17 * 32 = 9,248 features.
    expect(parameters).toEqual({
      convolution1: 3 * 3 * 1 * 16 + 16,
      convolution2: 3 * 3 * 16 * 32 + 32,
      convolution3: 3 * 3 * 32 * 32 + 32,
      hour1: 9248 * 256 + 256,
      hour2: 256 * 128 + 128,
      hour: 128 * 12 + 12,
      minute1: 9248 * 128 + 128,
      minute2: 128 * 128 + 128,
      minute: 128 + 1,
    });
    expect(model.countParams()).toBe(3_616_749);
    model.dispose();
  });

  it('starts from the same weights for the same seed, in a Glorot uniform spread', async () => {
    const kernels = async (seed: number) => {
      const model = buildCourseTwoHeadNetwork({ size: 22, seed });
      const values = await Promise.all(model.getWeights().map((weight) => weight.data()));
      model.dispose();
      return values;
    };
    const [a, again, b] = [await kernels(1), await kernels(1), await kernels(2)];
    expect(a).toEqual(again);
    expect(a[0]).not.toEqual(b[0]);
    const limit = Math.sqrt(6 / (9 * 1 + 9 * 16));
    const largest = Math.max(...Array.from(a[0]!, Math.abs));
    expect(largest).toBeLessThanOrEqual(limit);
    expect(largest).toBeGreaterThan(0.9 * limit);
  });

  it('penalises the weights of the first hour layer alone', async () => {
    const model = buildCourseTwoHeadNetwork({ size: 22 });
    const penalties = tf.tidy(() => model.calculateLosses().map((loss) => loss.dataSync()[0]!));
    const kernel = Float32Array.from(await model.getLayer('hour1').getWeights()[0]!.data());
    const squares = kernel.reduce((sum, w) => sum + w * w, 0);
    expect(penalties).toHaveLength(1);
    expect(penalties[0]).toBeCloseTo(0.01 * squares, 3);
    model.dispose();
  });

  it('gives probabilities of hours, and any number for the minute', async () => {
    const model = buildCourseTwoHeadNetwork({ size: 22 });
    const [hours, minutes] = tf.tidy(() =>
      (model.predict(tf.randomUniform([3, 22, 22, 1], 0, 1, 'float32', 5)) as tf.Tensor[]).map(
        (output) => output.arraySync() as number[][],
      ),
    ) as [number[][], number[][]];
    for (const row of hours) expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    expect(minutes.map((row) => row.length)).toEqual([1, 1, 1]);
    model.dispose();
  });

  it('refuses pictures that three poolings leave nothing of', () => {
    for (const size of [21, 0, 22.5, Number.NaN]) {
      expect(() => buildCourseTwoHeadNetwork({ size })).toThrow(/from 22/);
    }
  });

  it('learns a few pictures by heart', async () => {
    const model = buildCourseTwoHeadNetwork({ size: 30, seed: 3 });
    const source = courseBatches({ seed: 3, count: 10, batchSize: 8, size: 30 });
    const { history } = await trainModel(model, source, {
      epochs: 250,
      loss: ['sparseCategoricalCrossentropy', 'meanSquaredError'],
      optimizer: { name: 'adam', learningRate: 0.003 },
    });
    const first = history[0]!.train.loss!;
    const last = history.at(-1)!.train.loss!;
    const { inputs, targets } = await source.batch(0, 0);
    const [hours, truth] = [model.predict(inputs) as tf.Tensor[], targets as tf.Tensor[]];
    const right = tf.tidy(() => tf.equal(tf.argMax(hours[0]!, 1), truth[0]!).sum().dataSync()[0]!);
    tf.dispose([inputs, targets, hours] as tf.Tensor[]);
    model.dispose();
    expect(last).toBeLessThan(first);
    expect(right).toBe(8);
  }, 60_000);
});

describe('courseSplit', () => {
  it("is the course's: 80:20 after RandomState(42).permutation", () => {
    const { train, test } = courseSplit();
    expect([train.length, test.length]).toEqual([14_400, 3600]);
    expect([...train, ...test]).toEqual([...new RandomState(42).permutation(18_000)]);
    expect(new Set([...train, ...test]).size).toBe(18_000);
    expect(() => courseSplit(1)).toThrow(InvalidArgumentError);
    expect(() => courseSplit(Number.NaN)).toThrow(InvalidArgumentError);
  });
});

async function contentsOf(batch: Awaited<ReturnType<ReturnType<typeof courseBatches>['batch']>>) {
  const tensors = [batch.inputs, batch.targets].flat();
  const contents = await Promise.all(
    tensors.map(async (tensor) => ({
      shape: tensor.shape,
      dtype: tensor.dtype,
      values: Array.from(await tensor.data()),
    })),
  );
  tf.dispose(tensors);
  return contents;
}

describe('courseBatches', () => {
  const options = { seed: 5, count: 20, batchSize: 6, size: 24 };

  it('has shapes and ranges as told, the last batch with the rest', async () => {
    const source = courseBatches(options);
    expect(source).toMatchObject({ batchSize: 6, batchesPerEpoch: 3 });
    const [pictures, hours, minutes] = await contentsOf(await source.batch(0, 0));
    expect(pictures).toMatchObject({ shape: [6, 24, 24, 1], dtype: 'float32' });
    expect(Math.min(...pictures!.values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...pictures!.values)).toBeLessThanOrEqual(1);
    expect(Math.max(...pictures!.values)).toBeGreaterThan(0.5);
    expect(hours).toMatchObject({ shape: [6], dtype: 'int32' });
    expect(minutes).toMatchObject({ shape: [6, 1], dtype: 'float32' });
    expect((await contentsOf(await source.batch(0, 2)))[0]!.shape[0]).toBe(16 - 12);
  });

  it('is a pure function of epoch and index', async () => {
    const source = courseBatches(options);
    const forwards = [];
    for (const epoch of [0, 1]) {
      for (const index of [0, 1, 2])
        forwards.push(await contentsOf(await source.batch(epoch, index)));
    }
    expect(await contentsOf(await source.batch(0, 1))).toEqual(forwards[1]);
    expect(await contentsOf(await courseBatches(options).batch(1, 2))).toEqual(forwards[5]);
    expect(forwards[0]).not.toEqual(forwards[3]);
  });

  it('goes through the same training pictures in each epoch, none of them a test picture', async () => {
    const source = courseBatches(options);
    const picturesOf = async (epoch: number) => {
      const pictures: string[] = [];
      for (let index = 0; index < 3; index++) {
        const { values } = (await contentsOf(await source.batch(epoch, index)))[0]!;
        for (let i = 0; i < values.length; i += 576) {
          pictures.push(
            values
              .slice(i, i + 576)
              .map((v) => Math.round(v * 255))
              .join(),
          );
        }
      }
      return pictures;
    };
    const [first, second] = [await picturesOf(0), await picturesOf(1)];
    expect(first.toSorted()).toEqual(second.toSorted());
    expect(new Set(first).size).toBe(16);
    const { pictures } = await courseTestPictures(4, { seed: 5, count: 20, size: 24 });
    for (const { data } of pictures) expect(first).not.toContain(data.join());
  });

  it('labels pictures with the time that they show', async () => {
    const test = courseBatches({ ...options, part: 'test', batchSize: 4 });
    const [pictures, hours, minutes] = await contentsOf(await test.batch(0, 0));
    const held = await courseTestPictures(4, { seed: 5, count: 20, size: 24 });
    held.pictures.forEach(({ data }, i) => {
      const bytes = pictures!.values.slice(576 * i, 576 * (i + 1)).map((v) => Math.round(v * 255));
      expect(bytes).toEqual(Array.from(data));
      expect(hours!.values[i]).toBe(held.times[i]!.hour);
      expect(minutes!.values[i]! * 60).toBeCloseTo(held.times[i]!.minute, 4);
    });
  });

  it('refuses what cannot be', async () => {
    expect(() => courseBatches({ batchSize: 0 })).toThrow(/batchSize/);
    expect(() => courseBatches({ size: 0 })).toThrow(/`size`/);
    expect(() => courseBatches({ seed: -1 })).toThrow(/seed/);
    expect(() => courseBatches({ part: 'all' as never })).toThrow(/'train', 'test'/);
    const source = courseBatches(options);
    await expect(source.batch(0, 3)).rejects.toThrow(/from 0 to 2, got 3/);
    await expect(source.batch(-1, 0)).rejects.toThrow(/epoch/);
    await expect(courseTestPictures(5, { count: 20 })).rejects.toThrow(/0 to 4 test pictures/);
  });
});

describe('freshCourseBatches', () => {
  it('is a pure function of epoch and index, and repeats nothing', async () => {
    const options = { seed: 5, batchSize: 3, size: 24, batchesPerEpoch: 2 };
    const source = freshCourseBatches(options);
    const last = await contentsOf(await source.batch(1, 1));
    const first = await contentsOf(await source.batch(0, 0));
    expect(await contentsOf(await freshCourseBatches(options).batch(0, 0))).toEqual(first);
    expect(await contentsOf(await source.batch(1, 1))).toEqual(last);
    expect(first[0]).not.toEqual(last[0]);
    expect(() => freshCourseBatches({ batchesPerEpoch: 0 })).toThrow(/batchesPerEpoch/);
  });
});

describe('decoding', () => {
  const oneHot = (at: number, length: number) =>
    Float32Array.from({ length }, (_, i) => (i === at ? 0.9 : 0.1 / (length - 1)));

  it('reads two heads: every time of the dial, and minutes beyond the hour as the nearest', () => {
    for (let minuteOfDial = 0; minuteOfDial < 720; minuteOfDial++) {
      const [hour, minute] = [Math.floor(minuteOfDial / 60), minuteOfDial % 60];
      const read = decodeTwoHeads(oneHot(hour, 12), Math.fround(minute / 60));
      expect(read).toMatchObject({ hour, minute });
      expect(read.hourProbability).toBeCloseTo(0.9, 6);
    }
    expect(decodeTwoHeads(oneHot(4, 12), -0.2).minute).toBe(0);
    expect(decodeTwoHeads(oneHot(4, 12), 1.2).minute).toBe(59);
    expect(decodeTwoHeads([...oneHot(1, 12), ...oneHot(7, 12)], 0.5, 12).hour).toBe(7);
  });

  it('reads a regression around the dial', () => {
    expect(decodeRegression(10.5)).toEqual({ hour: 10, minute: 30 });
    expect(decodeRegression(-0.25)).toEqual({ hour: 11, minute: 45 });
    expect(decodeRegression(11.999)).toEqual({ hour: 0, minute: 0 });
    expect(decodeRegression(25)).toEqual({ hour: 1, minute: 0 });
  });

  it('reads classes, each to its own middle, within half a class of the truth', () => {
    expect(decodeClasses(oneHot(0, 24))).toEqual({ hour: 0, minute: 15 });
    expect(decodeClasses(oneHot(719, 720))).toEqual({ hour: 11, minute: 59 });
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 719 }),
        fc.constantFrom(24, 48, 120, 240, 480, 720),
        (minuteOfDial, classes) => {
          const time = { hour: Math.floor(minuteOfDial / 60), minute: minuteOfDial % 60 };
          const { hour, minute } = decodeClasses(oneHot(classOfTime(time, classes), classes));
          const error = Math.abs(hour * 60 + minute - minuteOfDial);
          expect(error).toBeLessThanOrEqual(Math.ceil(720 / classes / 2));
        },
      ),
    );
  });

  it('refuses NaN and too few numbers', () => {
    expect(() => decodeTwoHeads(oneHot(1, 11), 0)).toThrow(ShapeError);
    expect(() => decodeTwoHeads(oneHot(1, 12), Number.NaN)).toThrow(/diverged/);
    expect(() => decodeTwoHeads(oneHot(1, 12).fill(Number.NaN), 0)).toThrow(/diverged/);
    expect(() => decodeRegression(Number.POSITIVE_INFINITY)).toThrow(InvalidArgumentError);
    expect(() => decodeClasses([])).toThrow(InvalidArgumentError);
    expect(() => decodeClasses(oneHot(1, 24), 25)).toThrow(ShapeError);
    expect(() => classOfTime({ hour: 0, minute: 0 }, 721)).toThrow(InvalidArgumentError);
  });
});

describe('CourseReader', () => {
  it('reads pictures of any size and colour as its network decides', async () => {
    const model = buildCourseTwoHeadNetwork({ size: 30, seed: 8 });
    const reader = new CourseReader(model);
    const gray = renderClock({ hour: 4, minute: 40 }, {}, { size: 30 });
    const rgba = {
      width: 30,
      height: 30,
      channels: 4 as const,
      data: Uint8Array.from({ length: 3600 }, (_, i) => (i % 4 === 3 ? 255 : gray.data[i >> 2]!)),
    };
    const wide = {
      width: 36,
      height: 30,
      channels: 1 as const,
      data: Uint8Array.from({ length: 1080 }, (_, i) => {
        const column = (i % 36) - 3;
        return column < 0 || column >= 30 ? 7 : gray.data[Math.floor(i / 36) * 30 + column]!;
      }),
    };
    const done: number[] = [];
    const readings = await reader.readAll([gray, rgba, wide], {
      onProgress: (progress) => void done.push(progress.done),
    });
    expect(done).toEqual([3]);
    const [hours, minutes] = tf.tidy(() =>
      (
        model.predict(
          tf.tensor4d(
            Float32Array.from(gray.data, (v) => v / 255),
            [1, 30, 30, 1],
          ),
        ) as tf.Tensor[]
      ).map((output) => Array.from(output.dataSync())),
    ) as [number[], number[]];
    const hour = hours.indexOf(Math.max(...hours));
    const minute = Math.min(59, Math.max(0, Math.round(60 * minutes[0]!)));
    for (const reading of readings) {
      expect(reading).toMatchObject({ hour, minute });
      expect(reading.probability).toBeCloseTo(hours[hour]!, 5);
      expect(reading.text).toBe(`${hour || 12}:${String(minute).padStart(2, '0')}`);
    }
    reader.dispose();
  });

  it('refuses another network', () => {
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 3, inputShape: [4] })] });
    expect(isCourseNetwork(model)).toBe(false);
    expect(() => new CourseReader(model)).toThrow(/buildCourseTwoHeadNetwork/);
    model.dispose();
  });
});
