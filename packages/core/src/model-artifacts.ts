import * as tf from '@tensorflow/tfjs';
import { DataFormatError, InvalidArgumentError } from './errors.js';
import { registerTrainingLayers, SeededDropout } from './training/index.js';

/** What a model file says of its weights and layers, checked. */
export interface ModelManifest {
  readonly topology: Record<string, unknown>;
  readonly specs: tf.io.WeightsManifestEntry[];
  /** Files of the weights, beside `model.json`, in order. */
  readonly paths: readonly string[];
  /** Bytes of all weights together. */
  readonly byteLength: number;
  readonly metadata: Record<string, unknown> | undefined;
}

/**
 * The artifacts of a model as any tfjs reads them: layers that only nn-lab knows are written as the
 * stock layer that predicts the same.
 *
 * @throws InvalidArgumentError when a weight is NaN or infinite.
 */
export async function modelArtifactsOf(model: tf.LayersModel): Promise<tf.io.ModelArtifacts> {
  let artifacts: tf.io.ModelArtifacts | undefined;
  const handler = tf.io.withSaveHandler(async (saved) => {
    artifacts = saved;
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
  });
  await model.save(handler);
  for (const { name, tensor } of weightsOf(model)) {
    const values = await tensor.data();
    const index = firstNonFinite(values);
    if (index >= 0) {
      throw new InvalidArgumentError(
        `Expected a model of finite weights, but ${name} [${tensor.shape}] holds ${values[index]}. Train it anew, at a lower learning rate.`,
      );
    }
  }
  return { ...artifacts, modelTopology: toStockLayers(artifacts!.modelTopology) as object };
}

function weightsOf(model: tf.LayersModel) {
  return model.weights.map((weight) => ({ name: weight.originalName, tensor: weight.read() }));
}

/** `model.json` for artifacts whose weights lie in one file beside it. */
export function modelJsonOf(artifacts: tf.io.ModelArtifacts, weightsPath: string): string {
  const { modelTopology, format, generatedBy, convertedBy, userDefinedMetadata } = artifacts;
  const weightsManifest = [{ paths: [weightsPath], weights: artifacts.weightSpecs }];
  return JSON.stringify({
    format,
    generatedBy,
    convertedBy,
    modelTopology,
    weightsManifest,
    ...(userDefinedMetadata ? { userDefinedMetadata } : {}),
  });
}

/** The weights of artifacts as one run of bytes. */
export function weightBytesOf(artifacts: tf.io.ModelArtifacts): Uint8Array {
  return new Uint8Array(tf.io.CompositeArrayBuffer.join(artifacts.weightData));
}

/**
 * Reads and checks the text of a `model.json`.
 *
 * @param source the file or address, for the errors.
 * @throws DataFormatError when it is not a tfjs LayersModel that can be loaded.
 */
export function readModelJson(text: string, source: string): ModelManifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw notAModel(source, 'it is not JSON', cause);
  }
  if (!isRecord(json)) throw notAModel(source, 'it is not a JSON object');
  if (json.format === 'graph-model') {
    throw notAModel(
      source,
      'it is a GraphModel, which has no layers: load it with tf.loadGraphModel',
    );
  }
  if (!Array.isArray(json.weightsManifest)) throw notAModel(source, 'it has no weightsManifest');
  const paths: string[] = [];
  const specs: unknown[] = [];
  for (const group of json.weightsManifest) {
    if (!isRecord(group) || !Array.isArray(group.paths) || !Array.isArray(group.weights)) {
      throw notAModel(source, 'its weightsManifest lacks paths or weights');
    }
    specs.push(...group.weights);
    for (const path of group.paths) {
      if (typeof path !== 'string' || !/^[\w-][\w.-]*$/.test(path)) {
        throw notAModel(
          source,
          `its weights must lie in files beside it, but it names ${JSON.stringify(path)}`,
        );
      }
      paths.push(path);
    }
  }
  return { ...checkModel(json.modelTopology, specs, json.userDefinedMetadata, source), paths };
}

/** Checks artifacts that come from a store of the browser. @throws DataFormatError as above. */
export function readArtifacts(artifacts: tf.io.ModelArtifacts, source: string): ModelManifest {
  const { modelTopology, weightSpecs = [], userDefinedMetadata } = artifacts;
  return { ...checkModel(modelTopology, weightSpecs, userDefinedMetadata, source), paths: [] };
}

function checkModel(topology: unknown, specs: unknown[], metadata: unknown, source: string) {
  if (!isRecord(topology)) throw notAModel(source, 'it has no modelTopology');
  const names = new Set<string>();
  let byteLength = 0;
  for (const spec of specs) {
    if (!isWeightSpec(spec)) {
      throw notAModel(source, `it has a malformed weight: ${JSON.stringify(spec)?.slice(0, 120)}`);
    }
    if (names.has(spec.name)) throw notAModel(source, `it has the weight ${spec.name} twice`);
    names.add(spec.name);
    byteLength += sizeOf(spec.shape) * bytesOf[spec.quantization?.dtype ?? spec.dtype]!;
  }
  if (!Number.isSafeInteger(byteLength)) {
    throw notAModel(source, 'its weights are larger than any file');
  }
  return {
    topology,
    specs: specs as tf.io.WeightsManifestEntry[],
    byteLength,
    metadata: isRecord(metadata) ? metadata : undefined,
  };
}

/**
 * Makes the model. Nothing is allocated beyond what the bytes of the weights account for, whatever
 * sizes the topology asks for.
 *
 * @throws DataFormatError when topology, manifest and bytes do not fit together.
 */
export async function buildModel(
  manifest: ModelManifest,
  weights: Uint8Array,
  source: string,
): Promise<tf.LayersModel> {
  const { specs, byteLength, metadata } = manifest;
  if (weights.byteLength !== byteLength) {
    throw new DataFormatError(
      `The weights of ${source} should be ${byteLength} bytes, but are ${weights.byteLength}: the file is cut short or belongs to another model. Save or fetch the model again.`,
      { source, offset: Math.min(weights.byteLength, byteLength) },
    );
  }
  const elements = specs.reduce((sum, spec) => sum + sizeOf(spec.shape), 0);
  const model = await buildLayers(manifest.topology, elements, source);
  const values = tf.io.decodeWeights(weights.slice().buffer, specs);
  try {
    for (const [name, tensor] of Object.entries(values)) {
      const index = firstNonFinite(await tensor.data());
      if (index >= 0) {
        throw notAModel(
          source,
          `its weight ${name} holds a number that is not finite, at ${index}`,
        );
      }
    }
    try {
      model.loadWeights(values, true);
    } catch (cause) {
      throw notAModel(source, `its weights do not fit its layers: ${messageOf(cause)}`, cause);
    }
    if (metadata) model.setUserDefinedMetadata(metadata as { [key: string]: object });
    return model;
  } catch (error) {
    model.dispose();
    throw error;
  } finally {
    tf.dispose(values);
  }
}

/**
 * Layers with weights of zeros. While tfjs builds them (in one synchronous go), each weight is
 * checked against what the manifest has, before memory is taken for it, and the model's own
 * initializers, whose values would be overwritten, are not run.
 */
async function buildLayers(
  topology: Record<string, unknown>,
  elements: number,
  source: string,
): Promise<tf.LayersModel> {
  registerTrainingLayers();
  const prototype = tf.layers.Layer.prototype as unknown as { addWeight: AddWeight };
  const { addWeight } = prototype;
  const made: tf.LayerVariable[] = [];
  let left = elements;
  prototype.addWeight = function (name, shape, dtype, _initializer, regularizer, ...rest) {
    left -= sizeOf(shape);
    if (!(left >= 0)) {
      throw notAModel(source, `its layers need more weights than it has: ${name} is [${shape}]`);
    }
    const [trainable, constraint] = rest;
    const zeros = tf.initializers.zeros();
    const weight = addWeight.call(
      this,
      name,
      shape,
      dtype,
      zeros,
      regularizer,
      trainable,
      constraint,
    );
    made.push(weight);
    return weight;
  };
  let building: Promise<tf.LayersModel>;
  try {
    const modelTopology = fromStockLayers(topology) as object;
    building = tf.models.modelFromJSON({ modelTopology } as never);
  } finally {
    prototype.addWeight = addWeight;
  }
  try {
    return await building;
  } catch (cause) {
    for (const weight of made) weight.dispose();
    if (DataFormatError.isInstance(cause)) throw cause;
    throw notAModel(source, `tfjs cannot build its layers: ${messageOf(cause)}`, cause);
  }
}

type AddWeight = (
  this: tf.layers.Layer,
  name: string,
  shape: number[],
  dtype: unknown,
  initializer: unknown,
  regularizer: unknown,
  ...rest: unknown[]
) => tf.LayerVariable;

const seededName = SeededDropout.className;

/** SeededDropout as the stock Dropout, marked so that it can be turned back. */
function toStockLayers(topology: unknown): unknown {
  return mapLayers(topology, (className, config) =>
    className === seededName ? ['Dropout', { ...config, seeded: true }] : undefined,
  );
}

function fromStockLayers(topology: unknown): unknown {
  return mapLayers(topology, (className, { seeded, ...config }) =>
    className === 'Dropout' && seeded === true ? [seededName, config] : undefined,
  );
}

type Replacement = readonly [className: string, config: Record<string, unknown>];

function mapLayers(
  value: unknown,
  replace: (className: unknown, config: Record<string, unknown>) => Replacement | undefined,
): unknown {
  if (Array.isArray(value)) return value.map((item) => mapLayers(item, replace));
  if (!isRecord(value)) return value;
  const replaced = isRecord(value.config) && replace(value.class_name, value.config);
  const layer = replaced ? { ...value, class_name: replaced[0], config: replaced[1] } : value;
  return Object.fromEntries(
    Object.entries(layer).map(([key, item]) => [key, mapLayers(item, replace)]),
  );
}

const bytesOf: Readonly<Record<string, number>> = {
  float32: 4,
  int32: 4,
  bool: 1,
  uint8: 1,
  uint16: 2,
  float16: 2,
};

function isWeightSpec(spec: unknown): spec is tf.io.WeightsManifestEntry {
  if (!isRecord(spec)) return false;
  const { name, shape, dtype, quantization } = spec;
  return (
    typeof name === 'string' &&
    ['float32', 'int32', 'bool'].includes(dtype as string) &&
    Array.isArray(shape) &&
    shape.every((size) => Number.isSafeInteger(size) && size >= 0) &&
    (quantization === undefined ||
      (isRecord(quantization) &&
        ['uint8', 'uint16', 'float16'].includes(quantization.dtype as string)))
  );
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function firstNonFinite(values: ArrayLike<number>): number {
  for (let index = 0; index < values.length; index++) {
    if (!Number.isFinite(values[index])) return index;
  }
  return -1;
}

function notAModel(source: string, why: string, cause?: unknown): DataFormatError {
  return new DataFormatError(
    `${source} is not a model that can be loaded: ${why}. Give the folder of a saved tfjs LayersModel (model.json and its weights).`,
    { source, cause },
  );
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
