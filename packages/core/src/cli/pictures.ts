import { statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { concatBytes } from '../datasets/formats/bytes.js';
import { pictureFileName } from '../datasets/picture-dataset.js';
import type { Picture } from '../datasets/pictures.js';
import { InvalidArgumentError, NnLabError } from '../errors.js';
import { readPicture } from '../node/pictures.js';
import type { CliArgument } from './options.js';
import { UsageError } from './usage-error.js';

/**
 * The pictures of a command line: files, folders of them, addresses, and `-` for standard input. Read
 * them with {@link readNamedPictures}.
 */
export const picturesArgument: CliArgument<'picture', readonly string[]> = {
  name: 'picture',
  description:
    'PNG, JPEG or WebP files, folders of them, addresses (http, https), or - for standard input',
  required: true,
  many: true,
  parse: (texts, { resolvePath }) =>
    texts.map((text) => {
      if (text === standardInput || isAddress(text)) return text;
      const path = /^file:/i.test(text) ? fileURLToPath(text) : resolvePath(text);
      if (text.trim() === '' || !statSync(path, { throwIfNoEntry: false })) {
        throw new UsageError(`picture: there is no file at ${path}. Check the path.`);
      }
      return path;
    }),
};

/** A picture and what it was called, or why there is none. */
export type NamedPicture =
  | { readonly name: string; readonly picture: Picture }
  | { readonly name: string; readonly error: NnLabError };

/**
 * Reads the pictures that {@link picturesArgument} named, one at a time, those of a folder in
 * alphabetical order. One that cannot be read does not keep the next from being read.
 */
export async function* readNamedPictures(names: readonly string[]): AsyncGenerator<NamedPicture> {
  for (const name of names) {
    if (name === standardInput) {
      yield readNamed('standard input', readStandardInput);
      continue;
    }
    const entries = isAddress(name) ? undefined : await readdir(name).catch(() => undefined);
    if (!entries) {
      yield readNamed(name);
      continue;
    }
    const files = entries.filter((file) => pictureFileName.test(file)).sort();
    if (files.length === 0) {
      const message = `The folder ${name} has no pictures (.png, .jpg, .webp) in it; name one that has.`;
      yield { name, error: new InvalidArgumentError(message) };
    }
    for (const file of files) yield readNamed(join(name, file));
  }
}

async function readNamed(
  name: string,
  open: () => Promise<string | Uint8Array> = async () => name,
): Promise<NamedPicture> {
  try {
    return { name, picture: await readPicture(await open(), { source: name }) };
  } catch (error) {
    if (!NnLabError.isInstance(error)) throw error;
    return { name, error };
  }
}

const standardInput = '-';

const isAddress = (text: string) => /^https?:/i.test(text);

/** No picture is larger; a pipe without end might be. */
const maxInputBytes = 2 ** 30;

async function readStandardInput(): Promise<Uint8Array> {
  if (process.stdin.isTTY) {
    throw new InvalidArgumentError(
      'Expected a picture on standard input, got a terminal; send a file to it: < clock.jpg',
    );
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of process.stdin) {
    length += chunk.length;
    if (length > maxInputBytes) {
      throw new InvalidArgumentError(
        `Standard input gives more than ${maxInputBytes} bytes; send a picture to it.`,
      );
    }
    chunks.push(chunk);
  }
  return concatBytes(chunks);
}
