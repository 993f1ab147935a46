import { existsSync, readFileSync } from 'node:fs';

const folder = '/usr/share/datasets/fashion-mnist';

/** The times that the official gzip files bear; Debian's packages bear another, and no names. */
const packedAt: Readonly<Record<string, number>> = {
  'train-images-idx3-ubyte.gz': 1_504_176_606,
  'train-labels-idx1-ubyte.gz': 1_504_176_606,
  't10k-images-idx3-ubyte.gz': 1_504_176_627,
  't10k-labels-idx1-ubyte.gz': 1_504_176_627,
};

export const hasFashionMnist = existsSync(`${folder}/train-images-idx3-ubyte.gz`);
export const howToHaveFashionMnist = 'Fashion-MNIST needs `apt install dataset-fashion-mnist`';

/**
 * An official file of Fashion-MNIST, to the byte: what Debian's packing anew left out of the header is
 * put back (RFC 1952: flag 8 announces the name), the compressed data are the same.
 */
export function officialFashionMnist(name: string): Buffer {
  const debian = readFileSync(`${folder}/${name}`);
  const header = Buffer.from([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3]);
  header.writeUInt32LE(packedAt[name]!, 4);
  return Buffer.concat([header, Buffer.from(`${name.replace('.gz', '')}\0`), debian.subarray(10)]);
}
