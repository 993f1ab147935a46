import { readFile, rm } from 'node:fs/promises';
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
const weightsFiles = ['weights.bin', 'weights-2.bin'] as const;

/**
 * Writes a model into a folder as `model.json` and `weights.bin`, which any tfjs loads. The folder
 * is made if need be. A model that is there already stays whole until the new one is: the new
 * weights go beside the old ones, under the name that is free, and `model.json` decides.
 *
 * @throws InvalidArgumentError when a weight is NaN or infinite.
 * @throws the operating system's error when the folder cannot be written; nothing is left behind.
 */
export async function saveModel(model: tf.LayersModel, folder: string): Promise<void> {
  const artifacts = await modelArtifactsOf(model);
  await makeFolder(folder);
  const current = await readFile(join(folder, modelFile), 'utf8').catch(() => '');
  const inUse = weightsFiles.find((name) => current.includes(`"${name}"`));
  const free = weightsFiles.find((name) => name !== inUse)!;
  await writeFileAtomic(join(folder, free), weightBytesOf(artifacts));
  try {
    await writeFileAtomic(join(folder, modelFile), modelJsonOf(artifacts, free));
  } catch (error) {
    await rm(join(folder, free), { force: true });
    throw error;
  }
  if (inUse) await rm(join(folder, inUse), { force: true });
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
