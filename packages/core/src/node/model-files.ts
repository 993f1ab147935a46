import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as tf from '@tensorflow/tfjs';
import { DataFormatError } from '../errors.js';
import {
  buildModel,
  modelArtifactsOf,
  modelJsonOf,
  readModelJson,
  weightBytesOf,
} from '../model-artifacts.js';
import { writeFileAtomic } from './atomic-files.js';
import { makeFolder } from './make-folder.js';
import { readPlainFile } from './read-plain-file.js';

const modelFile = 'model.json';
const weightsFile = 'weights.bin';
/** Where the weights lie while a model that is there already gives way. */
const interimFile = 'weights-2.bin';

/** The files that {@link saveModel} writes, the last one only for a moment. */
export const modelFileNames = [modelFile, weightsFile, interimFile] as const;

/**
 * Writes a model into a folder as `model.json` and `weights.bin`, which any tfjs loads. The folder
 * is made if need be. At every moment `model.json` names weights that are whole: a model that is
 * there already is replaced by way of a second file of weights.
 *
 * @throws InvalidArgumentError when a weight is NaN or infinite.
 * @throws the operating system's error when the folder cannot be written; it then holds the old
 *   model or the new one, whole.
 */
export async function saveModel(model: tf.LayersModel, folder: string): Promise<void> {
  const artifacts = await modelArtifactsOf(model);
  const weights = weightBytesOf(artifacts);
  await makeFolder(folder);
  const write = async (name: string) => {
    await writeFileAtomic(join(folder, name), weights);
    try {
      await writeFileAtomic(join(folder, modelFile), modelJsonOf(artifacts, name));
    } catch (error) {
      await rm(join(folder, name), { force: true });
      throw error;
    }
  };
  const current = await readPlainFile(join(folder, modelFile)).catch(() => new Uint8Array());
  if (Buffer.from(current).includes(`"${weightsFile}"`)) await write(interimFile);
  await write(weightsFile);
  await rm(join(folder, interimFile), { force: true });
}

/**
 * Reads a model that {@link saveModel} or any tfjs wrote as a LayersModel.
 *
 * @param location its folder, or its `model.json`.
 * @throws DataFormatError when a file is missing, cut short or not of such a model.
 */
export async function loadModel(location: string | URL): Promise<tf.LayersModel> {
  const path = location instanceof URL ? fileURLToPath(location) : location;
  const jsonPath = path.endsWith('.json') ? path : join(path, modelFile);
  const json = await readWhole(jsonPath, 2 ** 26);
  const manifest = readModelJson(new TextDecoder().decode(json), jsonPath);
  const parts: Uint8Array[] = [];
  let left = manifest.byteLength;
  for (const name of manifest.paths) {
    const part = await readWhole(join(jsonPath, '..', name), left);
    parts.push(part);
    left -= part.byteLength;
  }
  return buildModel(manifest, parts.length === 1 ? parts[0]! : Buffer.concat(parts), jsonPath);
}

async function readWhole(path: string, maxBytes: number): Promise<Uint8Array> {
  return readPlainFile(path, { maxBytes }).catch((cause) => {
    throw new DataFormatError(
      `${path} cannot be read: ${cause.message}. A model is a folder with model.json and its weights: check the path, or save the model again.`,
      { source: path, cause },
    );
  });
}
