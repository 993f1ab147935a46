import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'vitest';

/** What fixtures/make-fixtures.py found in its files with NumPy and Pillow. */
export interface Expected {
  readonly npy: Record<string, ExpectedArray>;
  readonly npz: Record<string, Record<string, ExpectedArray>>;
  readonly idx: Record<string, ExpectedArray>;
  readonly pictures: Record<
    string,
    { width: number; height: number; channels: number; tolerance: number; data: number[] }
  >;
}

interface ExpectedArray {
  readonly shape: number[];
  /** `null` is NaN, text is an infinity. */
  readonly data: (number | boolean | string | null)[];
}

export function fixturePath(name: string): string {
  return join(import.meta.dirname, 'fixtures', name);
}

export function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(fixturePath(name)));
}

export const expected: Expected = JSON.parse(readFileSync(fixturePath('expected.json'), 'utf8'));

export function numbersOf({ data }: ExpectedArray): number[] {
  return data.map((value) =>
    value === null
      ? Number.NaN
      : typeof value === 'string'
        ? Number(value.replace('inf', 'Infinity'))
        : Number(value),
  );
}

/** A test that needs what not everybody has; without it one line says how to get it. */
export function itNeeds(present: boolean, how: string): typeof it.only {
  if (!present) console.info(`skipped: ${how}`);
  return it.skipIf(!present);
}
