import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataFormatError } from '../../src/errors.js';
import { createCheckpointStore } from '../../src/node/checkpoints.js';
import {
  createMemoryCheckpointStore,
  decodeCheckpoint,
  encodeCheckpoint,
  type TrainModelOptions,
  trainModel,
} from '../../src/training/index.js';
import { killAfterStep, trainInProcess } from './processes.js';
import { pointsSource, smallModel, weightBytes } from './small-runs.js';
import { processOptions, processSource } from './training-process.js';

let folder: string;
beforeEach(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'nn-lab-checkpoints-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
  tf.disposeVariables();
});

const source = pointsSource();

const options: TrainModelOptions = {
  epochs: 3,
  loss: 'categoricalCrossentropy',
};

describe('checkpoints in a folder', () => {
  it('are the last two, and resume like those in memory', async () => {
    const place = join(folder, 'made', 'when needed');
    const whole = smallModel();
    await trainModel(whole, source, {
      ...options,
      checkpoints: { store: createCheckpointStore(place) },
    });
    const files = ['checkpoint-000002.nnlab', 'checkpoint-000003.nnlab'];
    expect((await readdir(place)).sort()).toEqual(files);

    await rm(join(place, files[1]!));
    const model = smallModel({ seed: 99 });
    const { resumedFrom } = await trainModel(model, source, {
      ...options,
      checkpoints: { store: createCheckpointStore(place), resume: true },
    });
    expect(resumedFrom).toEqual({ source: join(place, files[0]!), step: 10 });
    expect(await weightBytes(model)).toBe(await weightBytes(whole));
  });

  it('are refused by name when cut short, for the one before', async () => {
    const store = createCheckpointStore(folder);
    await trainModel(smallModel(), source, { ...options, checkpoints: { store } });
    const newest = join(folder, 'checkpoint-000003.nnlab');
    const { length } = await readFile(newest);
    await truncate(newest, length - 8);
    const { source: place, skipped } = (await store.loadLatest())!;
    expect(place).toBe(join(folder, 'checkpoint-000002.nnlab'));
    expect(skipped[0]!.message).toContain(`${newest} cannot be resumed from: its checksum`);
    await writeFile(place, 'something else');
    await expect(store.loadLatest()).rejects.toThrow(DataFormatError);
  });

  it('clears away what a killed process left unfinished', async () => {
    await writeFile(join(folder, '.checkpoint-000001.nnlab.0a1b2c3d.part'), 'half');
    await writeFile(join(folder, 'notes.txt'), 'mine');
    await trainModel(smallModel(), source, {
      ...options,
      epochs: 1,
      checkpoints: { store: createCheckpointStore(folder) },
    });
    expect((await readdir(folder)).sort()).toEqual(['checkpoint-000001.nnlab', 'notes.txt']);
  });

  it('fail plainly where they cannot be written', async () => {
    await writeFile(join(folder, 'file'), '');
    const store = createCheckpointStore(join(folder, 'file', 'checkpoints'));
    const model = smallModel();
    const before = tf.memory().numTensors;
    await expect(trainModel(model, source, { ...options, checkpoints: { store } })).rejects.toThrow(
      'ENOTDIR',
    );
    expect(tf.memory().numTensors).toBe(before);
    expect(await readdir(folder)).toEqual(['file']);
  });

  it('survive SIGKILL at any moment: the resumed run ends with the same bytes', async () => {
    for (const step of [3, 17]) await killAfterStep('training-process.ts', step, folder);
    const { weights, resumedFrom } = await trainInProcess('training-process.ts', folder);
    expect(resumedFrom).toBeGreaterThanOrEqual(17);

    const whole = smallModel();
    await trainModel(whole, processSource, processOptions);
    expect(weights).toBe(await weightBytes(whole));
  }, 60_000);
});

describe('the bytes of a checkpoint', () => {
  const saved = async () => {
    const store = createMemoryCheckpointStore();
    await trainModel(smallModel(), source, { ...options, epochs: 1, checkpoints: { store } });
    return encodeCheckpoint((await store.loadLatest())!.state);
  };

  it('are refused after any change', async () => {
    const bytes = await saved();
    fc.assert(
      fc.property(
        fc.nat(bytes.length - 1),
        fc.integer({ min: 1, max: 255 }),
        (position, difference) => {
          const changed = bytes.slice();
          changed[position]! ^= difference;
          expect(() => decodeCheckpoint(changed, 'changed')).toThrow(DataFormatError);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('are refused when cut short anywhere', async () => {
    const bytes = await saved();
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), (length) => {
        const cut = bytes.slice(0, length);
        expect(() => decodeCheckpoint(cut, 'cut')).toThrow(DataFormatError);
      }),
      { numRuns: 100 },
    );
  });

  it('are refused when they are anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => decodeCheckpoint(bytes, 'noise')).toThrow(DataFormatError);
        const magic = new TextEncoder().encode('nnlabck1');
        expect(() => decodeCheckpoint(new Uint8Array([...magic, ...bytes]), 'noise')).toThrow(
          DataFormatError,
        );
      }),
    );
  });

  it('can lie at an odd place in a buffer', async () => {
    const bytes = await saved();
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    expect(decodeCheckpoint(shifted.subarray(1), 'shifted')).toEqual(
      decodeCheckpoint(bytes, 'plain'),
    );
  });
});
