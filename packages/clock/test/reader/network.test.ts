import { useBackend } from '@nn-lab/core/node';
import { trainModel } from '@nn-lab/core/training';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  buildReaderNetwork,
  ClockReader,
  readerBatches,
  readerExamples,
  readerLoss,
  unrolledAngles,
  unrolledRadii,
} from '../../src/reader/index.js';
import { renderTimedPictures } from '../../src/timed-pictures.js';

beforeAll(() => useBackend({ backend: 'simd' }));

describe('training examples', () => {
  const settings = { seed: 1, stream: 'train' };

  it('depend on their number alone', async () => {
    const all = await readerExamples(settings)(10, 6);
    const some = await readerExamples(settings)(13, 2);
    const size = unrolledRadii * unrolledAngles;
    expect(some.unrolled).toEqual(all.unrolled.subarray(3 * size, 5 * size));
    expect(some.directions).toEqual(
      all.directions.subarray(9 * unrolledAngles, 15 * unrolledAngles),
    );
  });

  it('differ between streams and seeds', async () => {
    const { poses } = await readerExamples(settings)(0, 1);
    expect((await readerExamples({ ...settings, stream: 'test' })(0, 1)).poses).not.toEqual(poses);
    expect((await readerExamples({ ...settings, seed: 2 })(0, 1)).poses).not.toEqual(poses);
  });

  it('have directions that sum to 1', async () => {
    const { directions } = await readerExamples(settings)(0, 20);
    for (let row = 0; row < 60; row++) {
      const shares = directions.subarray(row * unrolledAngles, (row + 1) * unrolledAngles);
      expect(shares.reduce((sum, share) => sum + share)).toBeCloseTo(1, 5);
    }
  });

  it('show the minute hand dark where its direction says', async () => {
    const count = 40;
    const { unrolled, directions } = await readerExamples(settings)(0, count);
    let darker = 0;
    for (let i = 0; i < count; i++) {
      const shares = directions.subarray(3 * i * unrolledAngles, (3 * i + 1) * unrolledAngles);
      const column = shares.indexOf(Math.max(...shares));
      const row = 12;
      const band = unrolled.subarray(
        (i * unrolledRadii + row) * unrolledAngles,
        (i * unrolledRadii + row + 1) * unrolledAngles,
      );
      const mean = band.reduce((sum, value) => sum + value) / band.length;
      if (band[column]! < mean - 0.15) darker++;
    }
    // A reflection hides the hand now and then.
    expect(darker).toBeGreaterThan(0.85 * count);
  });
});

describe('the reader network', () => {
  it('has the weights that its layers make, counted by hand', () => {
    const model = buildReaderNetwork();
    const norm = (channels: number) => 4 * channels;
    const locator =
      9 * 12 +
      norm(12) +
      9 * 12 * 16 +
      norm(16) +
      9 * 16 * 24 +
      norm(24) +
      9 * 24 * 32 +
      norm(32) +
      9 * 32 * 32 +
      norm(32) +
      (3 * 3 * 32 + 1) * 64 +
      65 * 7;
    const reader =
      15 * 16 +
      norm(16) +
      9 * 16 * 24 +
      norm(24) +
      9 * 24 * 32 +
      norm(32) +
      15 * 32 * 64 +
      norm(64) +
      65 * 2 +
      65 * 16 +
      (12 * 16 + 1);
    expect(model.countParams()).toBe(locator + reader);
    model.dispose();
  });

  it('starts with the same weights for the same seed, with others for another', () => {
    const weightsOf = (seed: number) => {
      const model = buildReaderNetwork({ seed });
      const values = Array.from(model.getWeights()[0]!.dataSync());
      model.dispose();
      return values;
    };
    expect(weightsOf(1)).toEqual(weightsOf(1));
    expect(weightsOf(1)).not.toEqual(weightsOf(2));
  });

  it('turns its answer with the dial: any shift of the band is the same shift of the logits', async () => {
    const model = buildReaderNetwork();
    const reader = tf.model({ inputs: model.inputs[1]!, outputs: model.outputs[1]! });
    const { unrolled } = await readerExamples({ seed: 3, stream: 'train' })(0, 1);
    const shift = 7;
    tf.tidy(() => {
      const band = tf.tensor4d(unrolled, [1, unrolledRadii, unrolledAngles, 1]);
      const shifted = tf.concat(
        [
          tf.slice(band, [0, 0, unrolledAngles - shift, 0]),
          tf.slice(band, [0, 0, 0, 0], [1, unrolledRadii, unrolledAngles - shift, 1]),
        ],
        2,
      );
      const plain = (reader.predict(band) as tf.Tensor).dataSync();
      const turned = (reader.predict(shifted) as tf.Tensor).dataSync();
      for (let row = 0; row < 3; row++) {
        for (let column = 0; column < unrolledAngles; column++) {
          const from = row * unrolledAngles + column;
          const to = row * unrolledAngles + ((column + shift) % unrolledAngles);
          expect(turned[to]).toBeCloseTo(plain[from]!, 3);
        }
      }
    });
    model.dispose();
  });

  it('has a loss of pose error and cross-entropies, by hand', async () => {
    const size = [1, 3, unrolledAngles];
    const poseError = tf.tensor2d([[1, 0, 0, 0, 0, 0, 2]]);
    const loss = readerLoss(
      [poseError, tf.zeros(size)],
      [tf.zeros([1, 7]), tf.fill(size, 1 / unrolledAngles)],
    );
    // Even logits have a cross-entropy of log(180) in each of the three directions.
    expect((await loss.data())[0]).toBeCloseTo(5 / 7 + 3 * Math.log(unrolledAngles), 4);
  });

  it('overfits one batch', async () => {
    const model = buildReaderNetwork();
    const fresh = readerExamples({ seed: 1, stream: 'train' });
    const source = readerBatches({
      seed: 1,
      stream: 'train',
      batchSize: 8,
      batchesPerEpoch: 10,
      render: () => fresh(0, 8),
    });
    const { history } = await trainModel(model, source, {
      epochs: 3,
      loss: readerLoss,
      optimizer: { name: 'adam', learningRate: 0.003 },
    });
    const [first, last] = [history[0]!.train.loss!, history.at(-1)!.train.loss!];
    expect(last).toBeLessThan(0.5 * first);
    model.dispose();
  });

  it('frees all that it makes while reading', async () => {
    const reader = new ClockReader(buildReaderNetwork());
    const { pictures } = await renderTimedPictures(3);
    await reader.readAll(pictures);
    const { numTensors } = tf.memory();
    await reader.readAll(pictures);
    expect(tf.memory().numTensors).toBe(numTensors);
    reader.dispose();
  });

  it('reads colour pictures of any size and shape', async () => {
    const reader = new ClockReader(buildReaderNetwork());
    const picture = {
      width: 70,
      height: 40,
      channels: 4 as const,
      data: new Uint8Array(70 * 40 * 4),
    };
    expect((await reader.read(picture)).text).toMatch(/^\d{1,2}:\d{2}$/);
    reader.dispose();
  });

  it('refuses a model that is none', () => {
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [3] })] });
    expect(() => new ClockReader(model)).toThrow(/reader network.*got 3, 2/);
    model.dispose();
  });
});
