import { execFile, spawnSync } from 'node:child_process';
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
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataFormatError, InvalidArgumentError } from '../../src/errors.js';
import { loadModel, saveModel } from '../../src/node/model-files.js';
import { SeededDropout } from '../../src/training/index.js';
import type { Damages } from './damaged-models.js';
import { convolutionalModel, graphModel, recurrentModel } from './sample-models.js';
import { smallModel, weightBytes } from './small-runs.js';

interface LayerJson {
  name?: string;
  class_name: string;
  config: { name: string; units: number };
  inbound_nodes: [layer: string, call: number, output: number, options: object][][];
}

interface ModelJson {
  format: string;
  modelTopology: { class_name: string; config: { layers: LayerJson[]; output_layers: unknown } };
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

/** A layer of the model's JSON by its name. */
const layer = (json: ModelJson, name: string) =>
  json.modelTopology.config.layers.find((candidate) => candidate.name === name)!;
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

  it.each([graphModel, recurrentModel, convolutionalModel])(
    'give what predicts the same: %o',
    async (build) => {
      const saved = build();
      await saveModel(saved, folder);
      const before = tf.memory().numTensors;
      const loaded = await loadModel(folder);
      expect(tf.memory().numTensors - before).toBe(saved.weights.length);
      const inputs = saved.inputs.map(({ shape }) =>
        tf.randomNormal([2, ...(shape.slice(1) as number[])], 0, 1, 'float32', 1),
      );
      const outputs = [saved, loaded].map((model) => [model.predict(inputs)].flat());
      for (const [index, output] of outputs[0]!.entries()) {
        expect(await outputs[1]![index]!.data()).toEqual(await output.data());
      }
    },
  );

  it('load a graph whose layers are written in any order', async () => {
    const saved = graphModel();
    await saveModel(saved, folder);
    const json = await readJson();
    json.modelTopology.config.layers.reverse();
    await writeFile(jsonPath(), JSON.stringify(json));
    const inputs = [tf.ones([1, 4]), tf.fill([1, 4], 2)];
    const [number] = (await loadModel(folder)).predict(inputs) as tf.Tensor[];
    const [expected] = saved.predict(inputs) as tf.Tensor[];
    expect(await number!.data()).toEqual(await expected!.data());
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

  it.each<[string, (json: ModelJson) => void, RegExp]>([
    [
      'a layer that takes its input from one that is not there',
      (json) => (layer(json, 'sum').inbound_nodes[0]![0]![0] = 'sharee'),
      /the layer "sum" names the layer "sharee", which it lacks/,
    ],
    [
      'a call that is never made',
      (json) => (layer(json, 'sum').inbound_nodes[0]![0]![1] = 2),
      /names call 2 of the layer "shared", which has 2/,
    ],
    [
      'an output that no call has',
      (json) => (layer(json, 'joined').inbound_nodes[0]![0]![2] = 1.5),
      /the layer "joined" names a malformed input/,
    ],
    [
      'an output that a model within does not have',
      (json) => (layer(json, 'joined').inbound_nodes[0]![2]![2] = 2),
      /names output 2 of the layer "graph", which has 2/,
    ],
    [
      'layers that wait for each other',
      (json) => (layer(json, 'shared').inbound_nodes[0]![0]! = ['joined', 0, 0, {}]),
      /the layer "shared" names|needs its own output as input/,
    ],
    [
      'a layer that waits for itself',
      (json) => (layer(json, 'sum').inbound_nodes[0]![0]! = ['sum', 0, 0, {}]),
      /its layer "sum" needs its own output as input/,
    ],
    [
      'two layers of one name',
      (json) => {
        const { name } = layer(json, 'sum');
        const joined = layer(json, 'joined');
        joined.config.name = joined.name = name!;
      },
      /it has two layers "sum"/,
    ],
    [
      'a layer with two names',
      (json) => (layer(json, 'joined').config.name = 'other'),
      /its layer "joined" has another name in its config/,
    ],
    [
      'a layer with the name of what every object has',
      (json) => (layer(json, 'joined').name = 'constructor'),
      /a layer with the name "constructor"/,
    ],
    [
      'a layer of a class with the name of what every object has',
      (json) => (layer(json, 'joined').class_name = 'toString'),
      /cannot build its layers: it knows no class "toString"/,
    ],
    [
      'a model that is a layer',
      (json) => (json.modelTopology.class_name = 'Dense'),
      /its topology is of the class "Dense", which is no model/,
    ],
    ['no outputs', (json) => (json.modelTopology.config.output_layers = []), /has no outputLayers/],
    [
      'outputs of layers that are not there',
      (json) => (json.modelTopology.config.output_layers = [['nowhere', 0, 0]]),
      /the list outputLayers names the layer "nowhere"/,
    ],
    [
      'a damaged model within the model',
      (json) => {
        const { config } = layer(json, 'graph') as unknown as ModelJson['modelTopology'];
        config.layers.at(-1)!.inbound_nodes[0]![0]![0] = 'nowhere';
      },
      /names the layer "nowhere"/,
    ],
    [
      'keys in two spellings',
      (json) => Object.assign(layer(json, 'sum'), { inboundNodes: [] }),
      /the key "inboundNodes" twice/,
    ],
    [
      'models within models without end',
      (json) => {
        for (let depth = 0; depth < 500; depth++) {
          json.modelTopology = {
            class_name: 'Sequential',
            config: { layers: [json.modelTopology] },
          } as never;
        }
      },
      /nests more than 256 levels deep/,
    ],
    [
      'more layers than any model has',
      ({ modelTopology: { config } }) => {
        const [input] = config.layers;
        for (let count = 0; count < 5000; count++) config.layers.push(input!);
      },
      /more than 4096 layers/,
    ],
    [
      'more weights than layers',
      (json) => {
        const { weights } = json.weightsManifest[0];
        for (let count = 0; count < 200_000; count++) {
          weights.push({ name: `${count}`, shape: [0], dtype: 'float32' });
        }
      },
      /do not fit its layers: no layer has the weight 0\./,
    ],
    [
      'weights of another dtype',
      (json) => (json.weightsManifest[0].weights[1]!.dtype = 'int32'),
      /is int32 \[3\], in its layer float32 \[3\]/,
    ],
    [
      'an empty weight in place of none',
      (json) => {
        json.weightsManifest[0].weights.push({ name: 'more', shape: [0], dtype: 'float32' });
      },
      /no layer has the weight more/,
    ],
    [
      'a weight with the name of what every object has',
      (json) => (json.weightsManifest[0].weights[0]!.name = '__proto__'),
      /malformed weight, with no name/,
    ],
    ...(
      [
        { dtype: 'uint8' },
        { dtype: 'uint16', scale: 1 },
        { dtype: 'uint8', scale: Number.NaN, min: 0 },
        { dtype: 'uint4', scale: 1, min: 0 },
        'uint8',
        null,
      ] as never[]
    ).map((quantization): [string, (json: ModelJson) => void, RegExp] => [
      `the quantization ${JSON.stringify(quantization)}`,
      (json) => (json.weightsManifest[0].weights[0]!.quantization = quantization),
      /malformed weight, of an unknown quantization/,
    ]),
    [
      'whole numbers in half precision',
      (json) =>
        Object.assign(json.weightsManifest[0].weights[0]!, {
          dtype: 'int32',
          quantization: { dtype: 'float16' },
        }),
      /malformed weight, of an unknown quantization/,
    ],
    [
      'a name of many lines',
      (json) => (json.weightsManifest[0].weights[0]!.name = 'a\n\u001b[31m'.repeat(1000)),
      /no layer has the weight a \[31ma/,
    ],
    [
      'one file of weights twice',
      (json) => json.weightsManifest[0].paths.push(json.weightsManifest[0].paths[0]!),
      /it names the file weights\.bin twice/,
    ],
  ])('%s', async (_what, change, message) => {
    const saved = graphModel();
    await saveModel(saved, folder);
    const json = await readJson();
    change(json);
    await writeFile(jsonPath(), JSON.stringify(json));
    const before = tf.memory();
    const refused = loadModel(folder);
    await expect(refused).rejects.toThrow(DataFormatError);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toThrow(/^.*$/);
    const { numTensors, numBytes } = tf.memory();
    expect({ numTensors, numBytes }).toMatchObject({
      numTensors: before.numTensors,
      numBytes: before.numBytes,
    });
  });

  it('thousands of damaged models, without hanging, leaking or errors of others', async () => {
    const program = new URL('./run-module.mjs', import.meta.url).pathname;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [program, 'damaged-models.ts', '100'],
      { timeout: 100_000, killSignal: 'SIGKILL' },
    );
    const outcome: Damages = JSON.parse(stdout.trim().split('\n').at(-1)!);
    expect(outcome).toMatchObject({ foreign: [], leaks: [] });
    expect(outcome.loaded + outcome.refused).toBe(1200);
    expect(outcome.loaded).toBeGreaterThan(100);
  }, 120_000);

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
