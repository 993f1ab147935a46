import * as tf from '@tensorflow/tfjs';

type Json = Record<string, unknown>;

/** The error for a model that is turned away. @param why what is wrong, as a clause. */
export type Refuse = (why: string) => Error;

/** tfjs walks the JSON by recursion; this is some sixty models within one another. */
const maxDepth = 256;
/** Several times what the largest networks have; tfjs takes quadratic time for them. */
const maxLayers = 4096;
const maxReferences = 8192;

/**
 * Checks that JSON nests no deeper than what can be walked by recursion, without recursion.
 *
 * @throws what `refuse` makes of it.
 */
export function checkDepth(json: unknown, refuse: Refuse): void {
  let level = [json];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth) throw refuse(`it nests more than ${maxDepth} levels deep`);
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null ? Object.values(value) : [],
    );
  }
}

/**
 * Checks that a topology describes a model whose layers can all be connected. tfjs does not: it
 * waits forever for a layer or a call of one that never comes.
 *
 * @param topology as in a `model.json`, no deeper than {@link checkDepth} allows.
 * @returns what tfjs builds the model of, its keys in camel case: each is there once in one spelling.
 * @throws what `refuse` makes of the first thing that is wrong.
 */
export function checkTopology(topology: Json, refuse: Refuse): Json {
  const spelled = inCamelCase(topology, refuse) as Json;
  const model = spelled.modelConfig ?? spelled;
  if (!isSerialized(model)) throw refuse('its modelTopology has no class_name or no config');
  const className = classNameOf(model);
  if (!isContainer(className)) {
    throw refuse(`its topology is of the class ${shown(className)}, which is no model`);
  }
  new GraphCheck(refuse).visit(model);
  return model;
}

/** An object of a class, as tfjs and Keras write it. */
interface Serialized extends Json {
  readonly className: string;
  readonly config: Json | unknown[];
}

/** An output of a call of a layer. */
interface Reference {
  readonly layer: string;
  readonly call: number;
  readonly output: number;
}

/** A layer of a graph. */
interface GraphLayer {
  readonly serialized: Serialized;
  readonly name: string;
  /** The calls that it has without being called: inputs, and models, which are connected within. */
  readonly ownCalls: number;
  /** How many outputs a call has; undefined where only the layer itself knows. */
  readonly outputs: number | undefined;
  readonly calls: readonly (readonly Reference[])[];
}

class GraphCheck {
  readonly #refuse: Refuse;
  #layers = 0;
  #references = 0;

  constructor(refuse: Refuse) {
    this.#refuse = refuse;
  }

  /** Checks every model in a value, at any depth: wrappers hold layers, which may be models. */
  visit(value: unknown): void {
    if (isSerialized(value)) {
      const className = classNameOf(value);
      if (isSequential(className)) this.#checkSequence(value);
      else if (isContainer(className)) this.#checkGraph(value.config);
    }
    if (typeof value === 'object' && value !== null) {
      for (const item of Object.values(value)) this.visit(item);
    }
  }

  #checkSequence(model: Serialized): void {
    for (const layer of this.#layersOf(layersOfSequence(model))) this.#checkClass(layer);
  }

  #checkGraph(config: Json | unknown[]): void {
    if (Array.isArray(config)) throw this.#refuse('one of its models has a list as config');
    const layers = new Map<string, GraphLayer>();
    for (const serialized of this.#layersOf(config.layers)) {
      const layer = this.#layerOf(serialized);
      if (layers.has(layer.name)) throw this.#refuse(`it has two layers ${shown(layer.name)}`);
      layers.set(layer.name, layer);
    }
    for (const { name, calls } of layers.values()) {
      for (const reference of calls.flat()) {
        this.#checkReference(reference, layers, `the layer ${shown(name)}`);
      }
    }
    // In this order tfjs, which goes through all layers again and again, needs few rounds.
    config.layers = this.#inOrder(layers).map(({ serialized }) => serialized);
    for (const key of ['inputLayers', 'outputLayers'] as const) {
      const ends = config[key];
      if (!Array.isArray(ends) || ends.length === 0) {
        throw this.#refuse(`one of its models has no ${key}`);
      }
      for (const end of ends) {
        this.#checkReference(this.#referenceOf(end, key), layers, `the list ${key}`);
      }
    }
  }

  #layersOf(layers: unknown): Serialized[] {
    if (!Array.isArray(layers) || layers.length === 0) {
      throw this.#refuse('one of its models has no layers');
    }
    this.#layers += layers.length;
    if (this.#layers > maxLayers) throw this.#refuse(`it has more than ${maxLayers} layers`);
    const malformed = layers.findIndex((layer) => !isSerialized(layer));
    if (malformed >= 0) throw this.#refuse(`its layer ${malformed} has no class_name or no config`);
    return layers;
  }

  #layerOf(serialized: Serialized): GraphLayer {
    const { name, config, inboundNodes } = serialized;
    if (typeof name !== 'string' || name in Object.prototype) {
      throw this.#refuse(`it has a layer with the name ${shown(name)}`);
    }
    this.#checkClass(serialized);
    if (Array.isArray(config) || config.name !== name) {
      throw this.#refuse(`its layer ${shown(name)} has another name in its config`);
    }
    if (!Array.isArray(inboundNodes) || !inboundNodes.every(isFilledList)) {
      throw this.#refuse(`its layer ${shown(name)} has malformed inbound_nodes`);
    }
    const className = classNameOf(serialized);
    return {
      serialized,
      name,
      ownCalls: className === 'InputLayer' || isContainer(className) ? 1 : 0,
      outputs: outputsOf(serialized),
      calls: inboundNodes.map((call) =>
        call.map((reference) => this.#referenceOf(reference, `the layer ${shown(name)}`)),
      ),
    };
  }

  #checkClass(serialized: Serialized): void {
    const className = classNameOf(serialized);
    if (classOf(className)) return;
    throw this.#refuse(
      `tfjs cannot build its layers: it knows no class ${shown(className)}, which tf.serialization.registerClass would add`,
    );
  }

  #referenceOf(value: unknown, where: string): Reference {
    if (++this.#references > maxReferences) {
      throw this.#refuse(`it has more than ${maxReferences} connections`);
    }
    const [layer, call, output, options = {}] = Array.isArray(value) ? value : [];
    const isIndex = (index: unknown) => Number.isSafeInteger(index) && (index as number) >= 0;
    if (typeof layer !== 'string' || !isIndex(call) || !isIndex(output) || !isOptions(options)) {
      throw this.#refuse(`${where} names a malformed input or output`);
    }
    return { layer, call, output };
  }

  #checkReference(
    { layer: name, call, output }: Reference,
    layers: ReadonlyMap<string, GraphLayer>,
    where: string,
  ): void {
    const layer = layers.get(name);
    if (!layer) throw this.#refuse(`${where} names the layer ${shown(name)}, which it lacks`);
    const calls = layer.ownCalls + layer.calls.length;
    if (call >= calls) {
      throw this.#refuse(
        `${where} names call ${call} of the layer ${shown(name)}, which has ${calls}`,
      );
    }
    if (output >= (layer.outputs ?? Number.POSITIVE_INFINITY)) {
      throw this.#refuse(
        `${where} names output ${output} of the layer ${shown(name)}, which has ${layer.outputs}`,
      );
    }
  }

  /**
   * The layers as the calls reach them from the inputs on. As in tfjs, a call comes once its inputs
   * are there; every call must.
   */
  #inOrder(layers: ReadonlyMap<string, GraphLayer>): GraphLayer[] {
    const calls = [...layers.values()].flatMap((layer) =>
      layer.calls.map((inputs) => ({ layer, missing: inputs.length, inputs })),
    );
    const waiting = new Map<string, typeof calls>();
    for (const call of calls) {
      for (const input of call.inputs) {
        const key = keyOf(input);
        const others = waiting.get(key);
        if (others) others.push(call);
        else waiting.set(key, [call]);
      }
    }
    const done = new Map<string, number>();
    const made = [...layers.values()].flatMap((layer) =>
      Array.from({ length: layer.ownCalls }, () => layer),
    );
    for (const { name } of made) {
      const call = done.get(name) ?? 0;
      done.set(name, call + 1);
      for (const next of waiting.get(keyOf({ layer: name, call })) ?? []) {
        next.missing--;
        if (next.missing === 0) made.push(next.layer);
      }
    }
    const stuck = calls.find(({ missing }) => missing > 0);
    if (stuck) {
      throw this.#refuse(`its layer ${shown(stuck.layer.name)} needs its own output as input`);
    }
    return [...new Set(made)];
  }
}

function keyOf({ layer, call }: Pick<Reference, 'layer' | 'call'>): string {
  return `${call} ${layer}`;
}

function outputsOf(layer: Serialized): number | undefined {
  const className = classNameOf(layer);
  if (className === 'InputLayer' || isSequential(className)) return 1;
  if (!isContainer(className) || Array.isArray(layer.config)) return undefined;
  const { outputLayers } = layer.config;
  return Array.isArray(outputLayers) ? outputLayers.length : undefined;
}

function layersOfSequence({ config }: Serialized): unknown {
  return Array.isArray(config) ? config : config.layers;
}

/** tfjs puts all strings but names into camel case, those of classes among them. */
function classNameOf({ className }: Serialized): string {
  return camelCase(className);
}

type Class = (abstract new (...parameters: never[]) => unknown) & { readonly prototype: object };

function classOf(className: string): Class | undefined {
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  return Object.hasOwn(classNameMap, className)
    ? (classNameMap[className]![0] as unknown as Class)
    : undefined;
}

function isContainer(className: string): boolean {
  return isSubclass(classOf(className), tf.LayersModel);
}

function isSequential(className: string): boolean {
  return isSubclass(classOf(className), tf.Sequential);
}

function isSubclass(candidate: Class | undefined, base: Class): boolean {
  return candidate === base || candidate?.prototype instanceof base;
}

function inCamelCase(value: unknown, refuse: Refuse): unknown {
  if (Array.isArray(value)) return value.map((item) => inCamelCase(item, refuse));
  if (typeof value !== 'object' || value === null) return value;
  const spelled = Object.entries(value).map(
    ([key, item]) => [camelCase(key), inCamelCase(item, refuse)] as const,
  );
  const keys = new Set<string>();
  for (const [key] of spelled) {
    if (keys.has(key)) throw refuse(`it has the key ${shown(key)} twice, in two spellings`);
    keys.add(key);
  }
  const object: Json = Object.fromEntries(spelled);
  // Older versions write a sequence as the list of its layers, without its name.
  if (Array.isArray(object.config) && typeof object.name === 'string') {
    object.config = { name: object.name, layers: object.config };
  }
  return object;
}

/** As tfjs spells keys. */
function camelCase(key: string): string {
  return key.length <= 1 ? key : key.replace(/_+(\w|$)/g, (_, letter) => letter.toUpperCase());
}

function isSerialized(value: unknown): value is Serialized {
  const { className, config } = (value ?? {}) as Partial<Serialized>;
  return typeof className === 'string' && typeof config === 'object' && config !== null;
}

function isOptions(value: unknown): boolean {
  return value === null || (typeof value === 'object' && !Array.isArray(value));
}

function isFilledList(value: unknown): value is unknown[] {
  return Array.isArray(value) && value.length > 0;
}

/** A value for an error, in one short line. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
