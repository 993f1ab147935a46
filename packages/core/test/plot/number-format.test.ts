import { describe, expect, it } from 'vitest';
import { commonFormat, formatNumber, formatPower } from '../../src/plot/number-format.js';

describe('formatNumber', () => {
  it.each([
    [0, '0'],
    [-0, '0'],
    [7, '7'],
    [0.3, '0.3'],
    [12.3456, '12.35'],
    [-1234.5, '−1,235'],
    [18000, '18,000'],
    [1234567, '1,235,000'],
    [0.00012, '0.00012'],
    [0.00001, '10⁻⁵'],
    [-0.000025, '−2.5·10⁻⁵'],
    [3e8, '3·10⁸'],
    [1e21, '10²¹'],
    [0.1 + 0.2, '0.3'],
  ])('writes %d as %s', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });
});

describe('formatPower', () => {
  it.each([
    [1000, '10³'],
    [0.02, '2·10⁻²'],
    [1, '10⁰'],
  ])('writes %d as %s', (value, text) => {
    expect(formatPower(value)).toBe(text);
  });
});

describe('commonFormat', () => {
  it.each([
    [
      [87, 84.44, 3],
      ['87.0', '84.4', '3.0'],
    ],
    [
      [1, 20, 3000],
      ['1', '20', '3,000'],
    ],
    [
      [0.5, -0.123],
      ['0.500', '−0.123'],
    ],
    [
      [12345.6, 7.2],
      ['12,346', '7'],
    ],
    [
      [Number.NaN, 2.5],
      [null, '2.50'],
    ],
    [
      [1e-9, 2.5e-9],
      ['10⁻⁹', '2.5·10⁻⁹'],
    ],
  ])('writes %j alike: %j', (values, texts) => {
    const write = commonFormat(values);
    texts.forEach((text, index) => {
      if (text !== null) expect(write(values[index]!)).toBe(text);
    });
  });
});
