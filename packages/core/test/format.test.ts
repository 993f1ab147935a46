import { describe, expect, test } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatNumber,
  formatPercent,
  formatQuantity,
  formatTable,
} from '../src/format.js';

test.each([
  [1, 'picture', '1 picture'],
  [0, 'picture', '0 pictures'],
  [2000, 'picture', '2,000 pictures'],
  [1, 'search', '1 search'],
  [8, 'search', '8 searches'],
  [2, 'batch', '2 batches'],
  [2, 'epoch', '2 epochs'],
])('formatQuantity(%d, %s) is %s', (count, noun, text) => {
  expect(formatQuantity(count, noun)).toBe(text);
});

describe('formatDuration', () => {
  test.each([
    [0, '0 ms'],
    [0.0421, '42 ms'],
    [0.9996, '1.0 s'],
    [1.25, '1.3 s'],
    [9.96, '10 s'],
    [59.4, '59 s'],
    [59.6, '1 min 00 s'],
    [200, '3 min 20 s'],
    [3599.7, '1 h 00 min'],
    [3900, '1 h 05 min'],
    [86_399, '1 d 00 h'],
    [183_600, '2 d 03 h'],
    [Number.POSITIVE_INFINITY, '?'],
    [Number.NaN, '?'],
    [-1, '?'],
  ])('%d seconds are %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text));
});

describe('formatBytes', () => {
  test.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1536, '1.5 KiB'],
    [1024 * 1024 - 1, '1.0 MiB'],
    [139 * 2 ** 30, '139 GiB'],
    [Number.NaN, '?'],
  ])('%d is %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));
});

describe('formatNumber', () => {
  test.each([
    [0, '0'],
    [4.567, '4.57'],
    [45.67, '45.7'],
    [456.7, '457'],
    [1234.5, '1,235'],
    [0.01234, '0.0123'],
    [0.0001234, '1.23e-4'],
    [-4.567, '-4.57'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
  ])('%d is %s', (value, text) => expect(formatNumber(value)).toBe(text));
});

test('counts have their thousands separated, and fractions become percentages', () => {
  expect(formatCount(18_000)).toBe('18,000');
  expect(formatCount(7.6)).toBe('8');
  expect(formatPercent(0.9466)).toBe('94.7 %');
  expect(formatPercent(Number.NaN)).toBe('?');
});

describe('formatTable', () => {
  test('aligns words left and numbers right, under a ruled header', () => {
    const rows = [
      ['regression', '47.66'],
      ['two heads', '3.9'],
      ['N = 24', '24.79'],
    ];
    expect(formatTable(rows, { header: ['model', 'min'], indent: 2 })).toBe(
      [
        '  model         min',
        '  ----------  -----',
        '  regression  47.66',
        '  two heads     3.9',
        '  N = 24      24.79',
      ].join('\n'),
    );
  });

  test('copes with no rows and with short ones', () => {
    expect(formatTable([])).toBe('');
    expect(formatTable([['a', 1], ['b']])).toBe('a  1\nb');
  });
});
