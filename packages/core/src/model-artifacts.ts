import * as tf from '@tensorflow/tfjs';
import { DataFormatError, InvalidArgumentError, NnLabError } from './errors.js';
import { checkDepth, checkTopology } from './model-graph.js';
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
  checkDepth(json, (why) => notAModel(source, why));
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
    for (const spec of group.weights) specs.push(spec);
    for (const path of group.paths) {
      if (typeof path !== 'string' || !/^[\w-][\w.-]*$/.test(path)) {
        throw notAModel(
          source,
          `its weights must lie in files beside it, but it names ${JSON.stringify(path)}`,
        );
      }
      if (paths.includes(path)) throw notAModel(source, `it names the file ${path} twice`);
      paths.push(path);
    }
  }
  return { ...checkModel(json.modelTopology, specs, json.userDefinedMetadata, source), paths };
}

/** Checks artifacts that come from a store of the browser. @throws DataFormatError as above. */
export function readArtifacts(artifacts: tf.io.ModelArtifacts, source: string): ModelManifest {
  const { modelTopology, weightSpecs = [], userDefinedMetadata } = artifacts;
  checkDepth([modelTopology, weightSpecs, userDefinedMetadata], (why) => notAModel(source, why));
  return { ...checkModel(modelTopology, weightSpecs, userDefinedMetadata, source), paths: [] };
}

function checkModel(
  topology: unknown,
  specs: unknown[],
  metadata: unknown,
  source: string,
): Omit<ModelManifest, 'paths'> {
  if (!isRecord(topology)) throw notAModel(source, 'it has no modelTopology');
  const names = new Set<string>();
  let byteLength = 0;
  for (const spec of specs) {
    const malformed = (why: string) =>
      notAModel(source, `it has a malformed weight, ${why}: ${JSON.stringify(spec)}`);
    const { name, shape, dtype, quantization } = isRecord(spec) ? spec : {};
    if (typeof name !== 'string' || name in Object.prototype) throw malformed('with no name');
    if (names.has(name)) throw notAModel(source, `it has the weight ${name} twice`);
    names.add(name);
    if (!isShape(shape)) throw malformed('with no shape');
    if (!isOneOf(dtype, ['float32', 'int32', 'bool'] as const))
      throw malformed('of an unknown dtype');
    if (quantization !== undefined && !isQuantization(quantization, dtype)) {
      throw malformed('of an unknown quantization');
    }
    byteLength += sizeOf(shape) * bytesOf[quantization?.dtype ?? dtype];
  }
  if (!Number.isSafeInteger(byteLength)) {
    throw notAModel(source, 'its weights are larger than any file');
  }
  registerTrainingLayers();
  return {
    topology: checkTopology(fromStockLayers(topology) as Record<string, unknown>, (why) =>
      notAModel(source, why),
    ),
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
  const variables: tf.LayerVariable[] = [];
  try {
    const model = await buildLayers(manifest, variables, source);
    const targets = targetsOf(model, specs, source);
    const values = tf.tidy(() => tf.io.decodeWeights(weights.slice().buffer, specs));
    try {
      for (const { name } of specs) {
        const value = values[name]!;
        const index = firstNonFinite(await value.data());
        if (index >= 0) {
          throw notAModel(
            source,
            `its weight ${name} holds a number that is not finite, at ${index}`,
          );
        }
        // As it was saved: a layer's constraint would change it.
        (targets.get(name)!.read() as tf.Variable).assign(value);
      }
    } finally {
      tf.dispose(values);
    }
    if (metadata) model.setUserDefinedMetadata(metadata as { [key: string]: object });
    return model;
  } catch (cause) {
    for (const variable of variables) variable.dispose();
    if (NnLabError.isInstance(cause)) throw cause;
    throw notAModel(source, `tfjs cannot build its layers: ${messageOf(cause)}`, cause);
  }
}

/**
 * Layers with weights of zeros. While tfjs builds them (in one synchronous go), each weight is
 * checked against what the manifest has, before memory is taken for it, and the model's own
 * initializers, whose values would be overwritten, are not run.
 *
 * @param variables gets the weights that are made, also if building fails.
 */
async function buildLayers(
  { topology, specs }: ModelManifest,
  variables: tf.LayerVariable[],
  source: string,
): Promise<tf.LayersModel> {
  const prototype = tf.layers.Layer.prototype as unknown as { addWeight: AddWeight };
  const { addWeight } = prototype;
  let left = specs.reduce((sum, spec) => sum + sizeOf(spec.shape), 0);
  prototype.addWeight = function (name, shape, dtype, _initializer, regularizer, ...rest) {
    if (!isShape(shape)) {
      throw notAModel(source, `one of its layers has a weight ${name} of no shape: [${shape}]`);
    }
    left -= sizeOf(shape);
    if (left < 0) {
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
    variables.push(weight);
    return weight;
  };
  let building: Promise<tf.LayersModel>;
  tf.engine().startScope('load a model');
  try {
    building = tf.models.modelFromJSON({ modelTopology: topology } as never);
  } finally {
    tf.engine().endScope();
    prototype.addWeight = addWeight;
  }
  const model = await building;
  // tfjs connects the layers of a sequence when it is first used.
  if (model instanceof tf.Sequential) model.build();
  return model;
}

/**
 * The variable for each entry of the manifest, by its name. As tfjs does, entries of TensorFlow 2.2
 * and later may name the cell of a layer too.
 *
 * @throws DataFormatError when they are not the model's weights, each once, by shape and dtype.
 */
function targetsOf(
  model: tf.LayersModel,
  specs: readonly tf.io.WeightsManifestEntry[],
  source: string,
): Map<string, tf.LayerVariable> {
  const misfit = (why: string) => notAModel(source, `its weights do not fit its layers: ${why}`);
  const free = new Map<string, tf.LayerVariable>();
  for (const variable of model.layers.flatMap((layer) => layer.weights)) {
    const { originalName } = variable;
    if (free.has(originalName)) throw misfit(`two of its layers have a weight ${originalName}`);
    free.set(originalName, variable);
  }
  const targets = new Map<string, tf.LayerVariable>();
  for (const { name, shape, dtype } of specs) {
    const parts = name.split('/');
    const withoutCell = [...parts.slice(0, -2), parts.at(-1)].join('/');
    const target = free.has(name) ? name : withoutCell;
    const variable = free.get(target);
    if (!variable) throw misfit(`no layer has the weight ${name}`);
    if (String(variable.shape) !== String(shape) || variable.dtype !== dtype) {
      throw misfit(
        `the weight ${name} is ${dtype} [${shape}], in its layer ${variable.dtype} [${variable.shape}]`,
      );
    }
    free.delete(target);
    targets.set(name, variable);
  }
  const [unset] = free.keys();
  if (unset !== undefined) throw misfit(`${free.size} are missing, ${unset} among them`);
  return targets;
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

const bytesOf = {
  float32: 4,
  int32: 4,
  bool: 1,
  uint8: 1,
  uint16: 2,
  float16: 2,
} as const;

function isShape(shape: unknown): shape is number[] {
  return Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && size >= 0);
}

/** Whole numbers lie on a scale from a minimum on; half-precision numbers are what they are. */
function isQuantization(
  quantization: unknown,
  dtype: 'float32' | 'int32' | 'bool',
): quantization is { readonly dtype: 'uint8' | 'uint16' | 'float16' } {
  if (!isRecord(quantization) || dtype === 'bool') return false;
  if (quantization.dtype === 'float16') return dtype === 'float32';
  const { scale, min } = quantization;
  return (
    isOneOf(quantization.dtype, ['uint8', 'uint16']) &&
    Number.isFinite(scale) &&
    Number.isFinite(min)
  );
}

function isOneOf<T>(value: unknown, list: readonly T[]): value is T {
  return list.includes(value as T);
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

/** @param why in one clause; what it quotes of the file may be long and hold any character. */
function notAModel(source: string, why: string, cause?: unknown): DataFormatError {
  const clause = why.replace(/\p{Cc}+/gu, ' ').slice(0, 300);
  return new DataFormatError(
    `${source} is not a model that can be loaded: ${clause}. Give the folder of a saved tfjs LayersModel (model.json and its weights).`,
    { source, cause },
  );
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
