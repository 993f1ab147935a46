import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataFormatError } from '../../src/errors.js';
import {
  decodeFloats,
  encodeFloats,
  parseFitted,
  readSaved,
  savedModel,
} from '../../src/models/index.js';

const plain = fc.dictionary(
  fc
    .stringMatching(/^[a-z]{1,8}$/)
    .filter((key) => !['format', 'version', 'type', 'checksum'].includes(key)),
  fc.jsonValue(),
);

describe('a saved model', () => {
  it('is read as it was saved, whatever it holds', () => {
    fc.assert(
      fc.property(plain, (content) => {
        const text = JSON.stringify(savedModel('toy', content));
        expect(JSON.stringify(readSaved(JSON.parse(text), 'toy', 'x.json'))).toBe(text);
      }),
      { seed: 42 },
    );
  });

  it('is refused when any of its content was changed', () => {
    fc.assert(
      fc.property(plain, fc.stringMatching(/^[a-z]{9}$/), fc.jsonValue(), (content, key, value) => {
        const changed = { ...savedModel('toy', content), [key]: value };
        expect(() => readSaved(changed, 'toy', 'x.json')).toThrow(/x\.json: .*check sum/);
      }),
      { seed: 42 },
    );
    const saved = savedModel('toy', { list: [[1], 2], text: 'ab' });
    for (const change of [
      { list: [1, [2]] },
      { list: [[1, 2]] },
      { text: 'ba' },
      { text: undefined },
    ]) {
      expect(() => readSaved({ ...saved, ...change }, 'toy', 'x.json')).toThrow(DataFormatError);
    }
  });

  it('keeps numbers to the bit, and is refused as a kind that nobody asked for', () => {
    const values = Float64Array.of(0.1, -0, 5e-324, Number.MAX_VALUE);
    expect(decodeFloats(encodeFloats(values), Float64Array, 'x', 4)).toEqual(values);
    const kinds = [{ savedType: 'other', fromJSON: () => ({ toJSON: () => ({}) }) }];
    const text = JSON.stringify(savedModel('toy', {}));
    expect(() => parseFitted(text, 'x.json', kinds)).toThrow(
      'x.json: expected a saved other, got a saved toy.',
    );
  });
});
