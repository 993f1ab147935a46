import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataFormatError } from '@nn-lab/core/errors';
import { encodeFloats, savedModel } from '@nn-lab/core/models';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadFitted, matrixOf, Perceptron, saveFitted } from '../src/node.js';

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
    await saveFitted(perceptron, path);
    const loaded = await loadFitted(path, [Perceptron]);
    expect(loaded.weights).toEqual(perceptron.weights);
    expect(await loaded.scores(x)).toEqual(await perceptron.scores(x));
    expect(loaded.method).toBe('online');
    expect(loaded.toJSON()).toEqual(perceptron.toJSON());
    expect(await readdir(join(folder, 'models'))).toEqual(['digits.json']);
  });

  it('is refused by name when it is foreign', async () => {
    const foreign: [string, unknown, RegExp][] = [
      ['list.json', [1, 2], /got something else/],
      ['null.json', null, /got something else/],
      ['tfjs.json', { format: 'layers-model', modelTopology: {} }, /got the format "layers-model"/],
      ['plain.json', { weights: [1] }, /got something else/],
      ['future.json', { ...saved(), version: 2 }, /version 1 of the format, got 2/],
      ['svm.json', savedModel('svm', {}), /expected a saved perceptron, got a saved svm/],
    ];
    for (const [name, content, message] of foreign) {
      const path = join(folder, name);
      await writeFile(path, JSON.stringify(content));
      const error = await loadFitted(path, [Perceptron]).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(DataFormatError);
      expect(error.message).toMatch(message);
      expect(error.message).toContain(name);
      expect(error.source).toBe(path);
    }
  });

  it('is refused by name when it is cut short or damaged', async () => {
    const path = join(folder, 'damaged.json');
    const text = JSON.stringify(perceptron);
    for (const damaged of ['', text.slice(0, -5), text.replace(/(base64":"....)./, '$1_')]) {
      await writeFile(path, damaged);
      await expect(loadFitted(path, [Perceptron])).rejects.toThrow(/damaged\.json/);
    }
    const { format: _, version: __, type, checksum: ___, ...content } = saved();
    const parts: [object, RegExp][] = [
      [{ classes: 1 }, /whole number from 2, got 1/],
      [{ features: 2.5 }, /whole number from 1, got 2.5/],
      [{ classes: 4 }, /expected 12 numbers/],
      [{ method: 'magic' }, /method is "magic"/],
      [{ weights: { ...content.weights, base64: content.weights.base64.slice(8) } }, /numbers/],
      [{ weights: encodeFloats(Float64Array.from({ length: 9 }, () => NaN)) }, /not finite/],
      [{ weights: encodeFloats(new Float64Array(9)) }, /check sum/],
      [{ checksum: undefined }, /check sum/],
    ];
    for (const [change, message] of parts) {
      expect(() => Perceptron.fromJSON({ ...saved(), ...change }, 'model.json')).toThrow(
        /model\.json: the saved model is damaged: its content does not fit its check sum/,
      );
      if (String(message) === '/check sum/') continue;
      const sealed = savedModel(type, { ...content, ...change });
      expect(() => Perceptron.fromJSON(sealed, 'model.json')).toThrow(message);
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
      'type',
      'method',
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
    await saveFitted(perceptron, path);
    await expect(saveFitted(new Perceptron(), path)).rejects.toThrow(/call fit first/);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(saved());
  });
});
