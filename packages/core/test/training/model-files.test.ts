import { spawnSync } from 'node:child_process';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataFormatError, InvalidArgumentError } from '../../src/errors.js';
import { loadModel, saveModel } from '../../src/node/model-files.js';
import { SeededDropout } from '../../src/training/index.js';
import { smallModel, weightBytes } from './small-runs.js';

interface ModelJson {
  format: string;
  modelTopology: { config: { layers: { class_name: string; config: { units: number } }[] } };
  weightsManifest: [{ paths: string[]; weights: tf.io.WeightsManifestEntry[] }];
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nn-lab-model-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
  tf.disposeVariables();
});

const jsonPath = () => join(folder, 'model.json');
const readJson = async (): Promise<ModelJson> => JSON.parse(await readFile(jsonPath(), 'utf8'));
const predict = async (model: tf.LayersModel) => {
  const input = tf.linspace(-1, 1, 20).reshape([5, 4]);
  return [...(await (model.predict(input) as tf.Tensor).data())];
};

describe('saveModel and loadModel', () => {
  it('give the same model back', async () => {
    const saved = smallModel();
    saved.setUserDefinedMetadata({ classes: ['a', 'b', 'c'] });
    await saveModel(saved, folder);
    expect((await readdir(folder)).sort()).toEqual(['model.json', 'weights.bin']);

    for (const location of [folder, jsonPath(), pathToFileURL(folder)]) {
      const loaded = await loadModel(location);
      expect(await weightBytes(loaded)).toBe(await weightBytes(saved));
      expect(await predict(loaded)).toEqual(await predict(saved));
      expect(loaded.getUserDefinedMetadata()).toEqual({ classes: ['a', 'b', 'c'] });
    }
  });

  it('keep seeded dropout, which draws the same masks again', async () => {
    const saved = smallModel({ dropout: 0.5 });
    await saveModel(saved, folder);
    const loaded = await loadModel(folder);
    const masked = async (model: tf.LayersModel) => {
      const layer = model.layers.find((candidate) => candidate instanceof SeededDropout)!;
      layer.setTrainingStep(3);
      return [...(await (layer.apply(tf.ones([2, 8]), { training: true }) as tf.Tensor).data())];
    };
    expect(await masked(loaded)).toEqual(await masked(saved));
  });

  it('write what any tfjs loads', async () => {
    const saved = smallModel();
    await saveModel(saved, folder);
    const { modelTopology, weightsManifest, format } = await readJson();
    expect(format).toBe('layers-model');
    expect(modelTopology.config.layers.map((layer) => layer.class_name)).toContain('Dropout');
    const bytes = await readFile(join(folder, weightsManifest[0].paths[0]!));
    const stock = await tf.loadLayersModel(
      tf.io.fromMemory({
        modelTopology,
        weightSpecs: weightsManifest[0].weights,
        weightData: new Uint8Array(bytes).buffer,
      }),
    );
    expect(await predict(stock)).toEqual(await predict(saved));
  });

  it('replace a model without a moment in which there is none', async () => {
    const [first, second, third] = [1, 2, 3].map((seed) => smallModel({ seed }));
    await saveModel(first!, folder);
    await saveModel(second!, folder);
    expect((await readdir(folder)).sort()).toEqual(['model.json', 'weights.bin']);
    expect(await weightBytes(await loadModel(folder))).toBe(await weightBytes(second!));

    // What a kill leaves on the way from the second to the third: either way it ends the same.
    const json = await readFile(jsonPath(), 'utf8');
    await writeFile(jsonPath(), json.replace('"weights.bin"', '"weights-2.bin"'));
    await rename(join(folder, 'weights.bin'), join(folder, 'weights-2.bin'));
    for (const leftover of [undefined, 'old weights']) {
      if (leftover) await writeFile(join(folder, 'weights.bin'), leftover);
      expect(await weightBytes(await loadModel(folder))).toBe(await weightBytes(second!));
    }
    await saveModel(third!, folder);
    expect((await readdir(folder)).sort()).toEqual(['model.json', 'weights.bin']);
    expect(await weightBytes(await loadModel(folder))).toBe(await weightBytes(third!));
  });

  it('leave the old model whole where the new one cannot be written', async () => {
    const [first, second] = [1, 2].map((seed) => smallModel({ seed }));
    await saveModel(first!, folder);
    await mkdir(join(folder, 'weights-2.bin'));
    await expect(saveModel(second!, folder)).rejects.toThrow(/EISDIR|weights-2/);
    expect(await weightBytes(await loadModel(folder))).toBe(await weightBytes(first!));
  });

  it.each(['model.json', 'weights.bin'])(
    'refuse a %s that is a pipe or never ends',
    async (name) => {
      await saveModel(smallModel(), folder);
      const path = join(folder, name);
      await rm(path);
      spawnSync('mkfifo', [path]);
      await expect(loadModel(folder)).rejects.toThrow(`${path} cannot be read: it is a pipe.`);
      await rm(path);
      await symlink('/dev/zero', path);
      await expect(loadModel(folder)).rejects.toThrow(`${path} cannot be read: it is a device.`);
    },
  );

  it('load models with nested models, several outputs and quantized weights', async () => {
    const inner = tf.sequential({
      layers: [tf.layers.conv2d({ filters: 2, kernelSize: 3, inputShape: [5, 5, 1] })],
    });
    const input = tf.input({ shape: [5, 5, 1] });
    const features = tf.layers.flatten().apply(inner.apply(input) as tf.SymbolicTensor);
    const outputs = [1, 2].map(
      (units) => tf.layers.dense({ units }).apply(features) as tf.SymbolicTensor,
    );
    const saved = tf.model({ inputs: input, outputs });
    await saveModel(saved, folder);
    expect(await weightBytes(await loadModel(folder))).toBe(await weightBytes(saved));

    const json = await readJson();
    for (const weight of json.weightsManifest[0].weights) {
      weight.quantization = { dtype: 'uint8', min: -1, scale: 2 / 255 };
    }
    const elements = saved.countParams();
    await writeFile(jsonPath(), JSON.stringify(json));
    await writeFile(join(folder, 'weights.bin'), new Uint8Array(elements).fill(255));
    const quantized = await loadModel(folder);
    expect((await quantized.weights[0]!.read().data())[0]).toBeCloseTo(1, 6);
  });

  it('run no initializer of the model, whose values would be lost', async () => {
    const orthogonal = tf.sequential({
      layers: [
        tf.layers.dense({
          units: 4,
          inputShape: [4],
          kernelInitializer: tf.initializers.orthogonal({ seed: 1 }),
        }),
      ],
    });
    await saveModel(orthogonal, folder);
    expect(await weightBytes(await loadModel(folder))).toBe(await weightBytes(orthogonal));
  });

  it('refuse a model of weights that are not numbers, either way', async () => {
    const model = smallModel();
    await saveModel(model, folder);
    const bytes = await readFile(join(folder, 'weights.bin'));
    bytes.writeFloatLE(Number.NaN, 8);
    await writeFile(join(folder, 'weights.bin'), bytes);
    await expect(loadModel(folder)).rejects.toThrow(
      /kernel holds a number that is not finite, at 2/,
    );

    model.weights[0]!.write(tf.fill([4, 8], Number.POSITIVE_INFINITY));
    await expect(saveModel(model, folder)).rejects.toThrow(InvalidArgumentError);
    await expect(saveModel(model, folder)).rejects.toThrow(/kernel \[4,8\] holds Infinity/);
  });
});

describe('loadModel refuses', () => {
  const damaged = async (change: (json: ModelJson) => void) => {
    await saveModel(smallModel(), folder);
    const json = await readJson();
    change(json);
    await writeFile(jsonPath(), JSON.stringify(json));
    return loadModel(folder);
  };

  it('a folder without a model', async () => {
    await expect(loadModel(folder)).rejects.toThrow(DataFormatError);
    await expect(loadModel(folder)).rejects.toThrow(
      /model\.json cannot be read: there is no such file/,
    );
  });

  it('weights that are missing, cut short or too long', async () => {
    await saveModel(smallModel(), folder);
    const weights = join(folder, 'weights.bin');
    const { size } = await stat(weights);
    await writeFile(weights, new Uint8Array(size - 4));
    await expect(loadModel(folder)).rejects.toThrow(
      new RegExp(`should be ${size} bytes, but are ${size - 4}: the file is cut short`),
    );
    await writeFile(weights, new Uint8Array(size + 4));
    await expect(loadModel(folder)).rejects.toThrow(
      /weights\.bin cannot be read: it has \d+ bytes, more than the \d+ that are allowed/,
    );
    await rm(weights);
    await expect(loadModel(folder)).rejects.toThrow(/weights\.bin cannot be read/);
  });

  it.each<[string, (json: ModelJson) => void, RegExp]>([
    ['a graph model', (json) => Object.assign(json, { format: 'graph-model' }), /loadGraphModel/],
    [
      'no manifest',
      (json) => delete (json as Partial<ModelJson>).weightsManifest,
      /no weightsManifest/,
    ],
    [
      'no topology',
      (json) => delete (json as Partial<ModelJson>).modelTopology,
      /no modelTopology/,
    ],
    [
      'weights elsewhere on the disk',
      (json) => (json.weightsManifest[0].paths = ['../../etc/passwd']),
      /must lie in files beside it, but it names "\.\.\/\.\./,
    ],
    [
      'weights of a strange type',
      (json) => (json.weightsManifest[0].weights[0]!.dtype = 'string'),
      /malformed weight/,
    ],
    [
      'weights without end',
      (json) => (json.weightsManifest[0].weights[0]!.shape = [2 ** 40, 2 ** 40]),
      /larger than any file/,
    ],
    [
      'a negative shape',
      (json) => (json.weightsManifest[0].weights[0]!.shape = [-4, 8]),
      /malformed weight/,
    ],
    [
      'a weight twice',
      (json) => json.weightsManifest[0].weights.push(json.weightsManifest[0].weights[0]!),
      /twice/,
    ],
    [
      'weights of other layers',
      (json) => (json.weightsManifest[0].weights[0]!.name = 'other/kernel'),
      /do not fit its layers/,
    ],
    [
      'weights of another shape',
      (json) => (json.weightsManifest[0].weights[0]!.shape = [8, 4]),
      /do not fit its layers/,
    ],
    [
      'layers that tfjs does not know',
      (json) => (json.modelTopology.config.layers[0]!.class_name = 'Lambda'),
      /cannot build its layers/,
    ],
    [
      'layers larger than the weights',
      (json) => (json.modelTopology.config.layers[0]!.config.units = 1e9),
      /need more weights than it has: kernel is \[4,1000000000\]/,
    ],
  ])('%s', async (_what, change, message) => {
    const before = tf.memory().numTensors;
    const refused = damaged(change);
    await expect(refused).rejects.toThrow(DataFormatError);
    await expect(refused).rejects.toThrow(message);
    const saved = smallModel().weights.length;
    // The saved model of `damaged` and the one just built are all that is alive.
    expect(tf.memory().numTensors - before).toBe(2 * saved);
  });

  it('any other text, without hanging', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.json()), async (text) => {
        await writeFile(jsonPath(), text);
        await expect(loadModel(folder)).rejects.toThrow(DataFormatError);
      }),
      { numRuns: 100 },
    );
  });

  it('does not disturb models that are built afterwards', async () => {
    await expect(
      damaged((json) => delete (json as Partial<ModelJson>).modelTopology),
    ).rejects.toThrow();
    const kernel = tf.sequential({ layers: [tf.layers.dense({ units: 64, inputShape: [64] })] });
    const values = await kernel.weights[0]!.read().data();
    expect(new Set(values).size).toBeGreaterThan(1000);
  });
});
