import { InvalidArgumentError } from '../errors.js';
import { describeFailure } from './fetch-file.js';
import { concatBytes } from './formats/bytes.js';

/** No picture file is larger than this; an answer without end might be. */
const maxBytes = 2 ** 30;

/** Longest that the whole of a picture may take. */
const timeoutSeconds = 120;

/**
 * The bytes at an address.
 *
 * @throws InvalidArgumentError when it does not give them, gives more than 1 GiB, or takes more than
 * two minutes.
 */
export async function fetchPicture(url: string): Promise<Uint8Array> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), 1000 * timeoutSeconds);
  try {
    const response = await fetch(url, { signal: controller.signal });
    if (!response.ok) throw new Error(`HTTP ${response.status} ${response.statusText}`.trim());
    const chunks: Uint8Array[] = [];
    let length = 0;
    for (const reader = response.body!.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) return concatBytes(chunks);
      length += value.length;
      if (length > maxBytes) throw new Error(`it has more than ${maxBytes} bytes`);
      chunks.push(value);
    }
  } catch (cause) {
    const reason = controller.signal.aborted
      ? `it took more than ${timeoutSeconds} s`
      : describeFailure(cause);
    throw new InvalidArgumentError(
      `The picture ${url} cannot be fetched: ${reason}; give an address that allows it.`,
      { cause },
    );
  } finally {
    clearTimeout(timer);
    controller.abort();
  }
}
