import { describe, expect, it, vi } from 'vitest';
import { DataFormatError, InvalidArgumentError, NnLabError } from '../src/errors.js';

describe('errors', () => {
  it('are known by their class and its bases, and by no other', () => {
    const error = new DataFormatError('truncated', { source: 'digits.idx', offset: 16 });
    expect(DataFormatError.isInstance(error)).toBe(true);
    expect(NnLabError.isInstance(error)).toBe(true);
    expect(InvalidArgumentError.isInstance(error)).toBe(false);
    expect(error).toMatchObject({ name: 'DataFormatError', source: 'digits.idx', offset: 16 });
  });

  it('are known across copies of the package, where instanceof fails', async () => {
    vi.resetModules();
    const copy = await import('../src/errors.js');
    const error = new copy.InvalidArgumentError('size must be positive, got 0');
    expect(error instanceof InvalidArgumentError).toBe(false);
    expect(InvalidArgumentError.isInstance(error)).toBe(true);
    expect(DataFormatError.isInstance(error)).toBe(false);
  });

  it('are not confused by foreign values', () => {
    for (const value of [new Error('x'), null, undefined, 'x', 3, {}]) {
      expect(NnLabError.isInstance(value)).toBe(false);
    }
  });

  it('carry their cause', () => {
    const cause = new Error('disk');
    expect(new NnLabError('cannot save', { cause }).cause).toBe(cause);
  });
});
