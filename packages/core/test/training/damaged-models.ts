import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { NnLabError } from '../../src/errors.js';
import { loadModel, saveModel } from '../../src/node/model-files.js';
import { createRandom, type Random } from '../../src/random/index.js';
import { convolutionalModel, graphModel, recurrentModel } from './sample-models.js';
import { smallModel } from './small-runs.js';

/** What came of loading damaged models. */
export interface Damages {
  readonly loaded: number;
  readonly refused: number;
  /** Errors that are not ours, or not of one short line. */
  readonly foreign: readonly string[];
  /** Damages after which more tensors or bytes are alive than before. */
  readonly leaks: readonly string[];
}

type Damage = (text: string, random: Random) => string;

const damages: Readonly<Record<string, Damage>> = {
  bit: (text, random) => {
    const bytes = new TextEncoder().encode(text);
    bytes[random.integer(0, bytes.length)]! ^= 1 << random.integer(0, 8);
    return new TextDecoder().decode(bytes);
  },
  character: (text, random) => {
    const at = random.integer(0, text.length);
    return text.slice(0, at) + String.fromCharCode(random.integer(32, 127)) + text.slice(at + 1);
  },
  value: (text, random) => {
    const json: unknown = JSON.parse(text);
    const spots = spotsOf(json);
    const draw = <T>(list: readonly T[]) => list[random.integer(0, list.length)]!;
    const { holder, key } = draw(spots);
    const other = draw(spots);
    const strange = [null, -1, 0, 2, 1e9, '', 'constructor', '__proto__', [], {}, true, 'Model'];
    if (random.integer(0, 6) === 0) delete holder[key];
    else
      holder[key] =
        random.integer(0, 2) === 0 ? draw(strange) : structuredClone(other.holder[other.key]);
    return JSON.stringify(json);
  },
};

interface Spot {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

/** Every place in a JSON value. */
function spotsOf(json: unknown): Spot[] {
  if (typeof json !== 'object' || json === null) return [];
  const holder = json as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...spotsOf(holder[key])]);
}

/** Damages several models in every way, so many times each, and prints what came of it. */
export async function run(times: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'nn-lab-damaged-'));
  const random = createRandom(11);
  let [loaded, refused] = [0, 0];
  const foreign: string[] = [];
  const leaks: string[] = [];
  try {
    for (const build of [smallModel, graphModel, recurrentModel, convolutionalModel]) {
      const model = build();
      await saveModel(model, folder);
      for (const weight of model.weights) weight.dispose();
      const path = join(folder, 'model.json');
      const text = await readFile(path, 'utf8');
      for (const [name, damage] of Object.entries(damages)) {
        for (let count = 0; count < Number(times); count++) {
          await writeFile(path, damage(text, random));
          const before = tf.memory();
          try {
            for (const weight of (await loadModel(folder)).weights) weight.dispose();
            loaded++;
          } catch (error) {
            refused++;
            const { message } = error as Error;
            const ours = NnLabError.isInstance(error) && /^.{1,800}$/.test(message);
            if (!ours) foreign.push(`${build.name} ${name} ${count}: ${message}`);
          }
          const after = tf.memory();
          if (after.numTensors !== before.numTensors || after.numBytes !== before.numBytes) {
            leaks.push(`${build.name} ${name} ${count}`);
          }
        }
      }
      await writeFile(path, text);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  const outcome: Damages = { loaded, refused, foreign, leaks };
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
}
