import * as tf from '@tensorflow/tfjs';
import { DataFormatError, InvalidArgumentError } from '../errors.js';
import {
  buildModel,
  modelArtifactsOf,
  readArtifacts,
  readModelJson,
  weightBytesOf,
} from '../model-artifacts.js';

/**
 * Keeps a model in the browser: `indexeddb://name` in its storage, `downloads://name` as files that
 * it downloads, `name.json` and `name.weights.bin`. Any tfjs loads them.
 *
 * @throws InvalidArgumentError when a weight is NaN or infinite, or for any other address.
 */
export async function saveModel(model: tf.LayersModel, address: string): Promise<void> {
  const [handler] = tf.io.getSaveHandlers(address);
  if (!handler?.save) {
    throw new InvalidArgumentError(
      `Expected an address like indexeddb://name or downloads://name, but got '${address}'.`,
    );
  }
  await handler.save(await modelArtifactsOf(model));
}

/**
 * Loads a model that was saved under `indexeddb://name`, or that lies on a server.
 *
 * @param address for a server the folder, or its `model.json`, relative to the page or absolute.
 * @throws DataFormatError when a file is missing, cut short or not of a tfjs LayersModel.
 */
export async function loadModel(address: string | URL): Promise<tf.LayersModel> {
  const source = String(address);
  if (source.startsWith('indexeddb://')) return loadStored(source);
  const base = new URL(source, document.baseURI);
  if (!base.pathname.endsWith('.json'))
    base.pathname += base.pathname.endsWith('/') ? modelFile : `/${modelFile}`;
  const json = await fetchWhole(base, 2 ** 26);
  const manifest = readModelJson(new TextDecoder().decode(json), base.href);
  const parts: Uint8Array[] = [];
  let left = manifest.byteLength;
  for (const path of manifest.paths) {
    const part = await fetchWhole(new URL(path, base), left);
    parts.push(part);
    left -= part.byteLength;
  }
  return buildModel(manifest, joined(parts), base.href);
}

const modelFile = 'model.json';

async function loadStored(source: string): Promise<tf.LayersModel> {
  const [handler] = tf.io.getLoadHandlers(source);
  const artifacts = await (handler as tf.io.IOHandler).load!().catch((cause) => {
    throw new DataFormatError(
      `There is no model ${source} in the browser's storage. Save one under this name first.`,
      { source, cause },
    );
  });
  return buildModel(readArtifacts(artifacts, source), weightBytesOf(artifacts), source);
}

/** The body of an address, read to at most `limit` bytes. */
async function fetchWhole(address: URL, limit: number): Promise<Uint8Array> {
  const source = address.href;
  const fail = (why: string, cause?: unknown) =>
    new DataFormatError(`${source} cannot be loaded: ${why}. Check the address of the model.`, {
      source,
      cause,
    });
  const response = await fetch(address).catch((cause) => {
    throw fail('the server does not answer', cause);
  });
  if (!response.ok) throw fail(`the server answers ${response.status} ${response.statusText}`);
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = response.body!.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.byteLength;
    if (length > limit) {
      await reader.cancel();
      throw fail(`it is larger than the ${limit} bytes that belong to the model`);
    }
    parts.push(value);
  }
  return joined(parts);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.byteLength, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.byteLength;
  }
  return whole;
}
