import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataFormatError } from '@nn-lab/core/errors';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadPerceptron, matrixOf, Perceptron, savePerceptron } from '../src/node.js';

const x = matrixOf([
  [0, 1],
  [1, 0],
  [2, 2],
  [3, 1],
]);
const perceptron = new Perceptron({ method: 'online', maxEpochs: 3 });
await perceptron.fit(x, [0, 1, 2, 2]);
const saved = () => JSON.parse(JSON.stringify(perceptron));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nn-perceptron-saved-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a saved perceptron', () => {
  it('comes back with the same weights, to the bit', async () => {
    const path = join(folder, 'models', 'digits.json');
    await savePerceptron(perceptron, path);
    const loaded = await loadPerceptron(path);
    expect(loaded.weights).toEqual(perceptron.weights);
    expect(await loaded.scores(x)).toEqual(await perceptron.scores(x));
    expect(loaded.method).toBe('online');
    expect(loaded.toJSON()).toEqual(perceptron.toJSON());
    expect(await readdir(join(folder, 'models'))).toEqual(['digits.json']);
  });

  it('is refused by name when it is foreign', async () => {
    const foreign: [string, unknown, RegExp][] = [
      ['list.json', [1, 2], /holds something else/],
      ['null.json', null, /holds something else/],
      ['tfjs.json', { format: 'layers-model', modelTopology: {} }, /format is "layers-model"/],
      ['plain.json', { weights: [1] }, /no format tag/],
      ['future.json', { ...saved(), version: 2 }, /version is 2/],
    ];
    for (const [name, content, message] of foreign) {
      const path = join(folder, name);
      await writeFile(path, JSON.stringify(content));
      const error = await loadPerceptron(path).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(DataFormatError);
      expect(error.message).toMatch(message);
      expect(error.message).toContain(name);
      expect(error.source).toBe(path);
    }
  });

  it('is refused by name when it is cut short or damaged', async () => {
    const path = join(folder, 'damaged.json');
    const text = JSON.stringify(perceptron);
    for (const damaged of ['', text.slice(0, -5), text.replace(/(\d)\.(\d)/, '$1.$2$2')]) {
      await writeFile(path, damaged);
      await expect(loadPerceptron(path)).rejects.toThrow(/damaged\.json/);
    }
    const parts: [object, RegExp][] = [
      [{ classes: 1 }, /1 classes/],
      [{ features: 2.5 }, /2.5 features/],
      [{ classes: 4 }, /12 weights of 4 classes/],
      [{ method: 'magic' }, /method is "magic"/],
      [{ weights: saved().weights.slice(1) }, /cut short or damaged/],
      [{ weights: [null, ...saved().weights.slice(1)] }, /weight 0 is no finite number/],
      [{ weights: [1, ...saved().weights.slice(1)] }, /checksum/],
      [{ checksum: undefined }, /checksum/],
    ];
    for (const [change, message] of parts) {
      expect(() => Perceptron.fromJSON({ ...saved(), ...change }, 'model.json')).toThrow(message);
    }
  });

  it('is the only thing that is taken: any other value is refused as such', async () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(() => Perceptron.fromJSON(value)).toThrow(DataFormatError);
      }),
      { seed: 42 },
    );
    const known = fc.constantFrom(
      'format',
      'version',
      'classes',
      'features',
      'weights',
      'checksum',
    );
    fc.assert(
      fc.property(known, fc.jsonValue(), (field, value) => {
        fc.pre(JSON.stringify(value) !== JSON.stringify(saved()[field]));
        expect(() => Perceptron.fromJSON({ ...saved(), [field]: value })).toThrow(DataFormatError);
      }),
      { seed: 42 },
    );
  });

  it('is not overwritten by one that was never fitted', async () => {
    const path = join(folder, 'kept.json');
    await savePerceptron(perceptron, path);
    await expect(savePerceptron(new Perceptron(), path)).rejects.toThrow(/call fit first/);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(saved());
  });
});
