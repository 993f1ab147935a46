import { createHash } from 'node:crypto';
import { Parts, type Work } from '../work.js';

/** The SHA-256 of bytes in hexadecimal. `crypto.subtle` copies them all at once first. */
export async function sha256Of(bytes: Uint8Array, work: Work): Promise<string> {
  const hash = createHash('sha256');
  const parts = new Parts(2 ** 16);
  await work.inParts(
    bytes.length,
    (begin, end) => void hash.update(bytes.subarray(begin, end)),
    parts,
  );
  return hash.digest('hex');
}
