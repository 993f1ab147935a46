import { DataFormatError, NotFittedError } from '../errors.js';
import { savedTypeOf } from './saved.js';

/** What was fitted, and can be kept. */
export interface FittedModel {
  /** What was fitted, as plain values for `JSON.stringify`. @throws NotFittedError */
  toJSON(): object;
}

/** A kind of fitted model: its class. */
export interface FittedKind<Model extends FittedModel = FittedModel> {
  /** The `type` in what its models save. */
  readonly savedType: string;
  /** @throws DataFormatError when it is something else, or damaged. */
  fromJSON(json: unknown, source?: string): Model;
}

/** A model of one of these kinds. */
export type FittedOf<Kind extends FittedKind> = ReturnType<Kind['fromJSON']>;

/**
 * What was saved as text, fitted again.
 *
 * @param source - Where the text is from, for errors.
 * @param kinds - What it may be.
 * @throws DataFormatError when it is nothing of these kinds, or damaged.
 */
export function parseFitted<Kind extends FittedKind>(
  text: string,
  source: string,
  kinds: readonly Kind[],
): FittedOf<Kind> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new DataFormatError(`${source}: expected a saved model in JSON, got something else.`, {
      source,
      cause,
    });
  }
  return fittedOf(json, source, kinds);
}

/** The same of what `JSON.parse` gave. */
export function fittedOf<Kind extends FittedKind>(
  json: unknown,
  source: string,
  kinds: readonly Kind[],
): FittedOf<Kind> {
  const type = savedTypeOf(json, source);
  const kind = kinds.find(({ savedType }) => savedType === type);
  if (!kind) {
    const known = kinds.map(({ savedType }) => savedType).join(', ');
    throw new DataFormatError(`${source}: expected a saved ${known}, got a saved ${type}.`, {
      source,
    });
  }
  return kind.fromJSON(json, source) as FittedOf<Kind>;
}

/** What was fitted. @throws NotFittedError when nothing was. */
export function requireFitted<T>(fitted: T | undefined, name: string): T {
  if (fitted === undefined) {
    throw new NotFittedError(`Expected a fitted ${name}, got one without data: call fit first.`);
  }
  return fitted;
}
