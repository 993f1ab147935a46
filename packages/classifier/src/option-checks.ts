import { InvalidArgumentError, ShapeError } from '@nn-lab/core/errors';
import type { Neighbours } from './knn/index.js';

/** @throws InvalidArgumentError unless the value is a number from `low` to `high`. */
export function requireNumber(name: string, value: number, low: number, high: number): void {
  if (typeof value === 'number' && value >= low && value <= high) return;
  const range = low === Number.MIN_VALUE ? 'above 0' : `from ${low}`;
  const limit = high >= Number.MAX_VALUE ? '' : ` to ${high}`;
  throw new InvalidArgumentError(
    `Expected ${name} to be a number ${range}${limit}, got ${describe(value)}.`,
  );
}

/** @throws InvalidArgumentError unless the value is a whole number from `low`. */
export function requireCount(name: string, value: number, low: number): void {
  if (Number.isSafeInteger(value) && value >= low) return;
  throw new InvalidArgumentError(
    `Expected ${name} to be a whole number from ${low}, got ${describe(value)}.`,
  );
}

/** @throws InvalidArgumentError unless the value is one of the choices. */
export function requireChoice(name: string, value: unknown, choices: readonly string[]): void {
  if (choices.includes(value as string)) return;
  throw new InvalidArgumentError(
    `Expected ${name} to be one of '${choices.join("', '")}', got ${describe(value)}.`,
  );
}

/**
 * Checks neighbours that a caller gives.
 *
 * @returns how many each row has.
 * @throws ShapeError when there is not the same number for each row.
 * @throws InvalidArgumentError when a neighbour is no other row, or a distance is none.
 */
export function validateNeighbours({ indices, distances }: Neighbours, rows: number): number {
  const k = indices?.length / rows;
  if (!Number.isInteger(k) || k < 1 || distances?.length !== indices.length) {
    throw new ShapeError(
      `Expected neighbours with [${rows}, k] indices and as many distances, got ${indices?.length} and ${distances?.length}.`,
    );
  }
  for (let at = 0; at < indices.length; at++) {
    const row = Math.floor(at / k);
    const index = indices[at]!;
    if (!(index >= 0 && index < rows) || index === row) {
      throw new InvalidArgumentError(
        `Expected neighbours that are other rows, from 0 to ${rows - 1}, got ${index} for row ${row}. Leave the row itself out.`,
      );
    }
    if (!(distances[at]! >= 0 && distances[at]! < Infinity)) {
      throw new InvalidArgumentError(
        `Expected distances of 0 or more, got ${distances[at]} for row ${row}.`,
      );
    }
  }
  return k;
}

function describe(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : `${value}`;
}
