/** Options of `openFile`. */
export interface OpenFileOptions {
  /** The bytes before this one are here already. */
  readonly from: number;
  /** The bytes that the file has. */
  readonly total: number;
  /** Milliseconds without a byte after which the address is given up. */
  readonly idleTimeout: number;
  readonly signal?: AbortSignal | undefined;
}

/** An address did not give its file. */
export class FetchFailure extends Error {
  /**
   * @param again - It may be otherwise another time: the connection broke off or stood still.
   */
  constructor(
    message: string,
    readonly again: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * Asks for a file from some byte on.
 *
 * @returns The byte at which the answer begins (0 when the server knows no ranges), and its pieces.
 * @throws FetchFailure, in the call or while the pieces are read.
 */
export async function openFile(
  url: string,
  options: OpenFileOptions,
): Promise<{ readonly offset: number; readonly chunks: AsyncGenerator<Uint8Array> }> {
  const { from, total, idleTimeout, signal } = options;
  const idle = new AbortController();
  const both = signal ? AbortSignal.any([signal, idle.signal]) : idle.signal;
  const failed = (cause: unknown): unknown => {
    if (signal?.aborted) return signal.reason;
    if (cause instanceof FetchFailure) return cause;
    if (idle.signal.aborted)
      return new FetchFailure(`no byte came for ${idleTimeout / 1000} s`, true);
    return new FetchFailure(describeFailure(cause), true, { cause });
  };
  let timer = setTimeout(() => idle.abort(), idleTimeout);
  const stop = () => {
    clearTimeout(timer);
    idle.abort();
  };

  let response: Response;
  try {
    // A server that compresses on the way would change the bytes that the hash is of.
    const headers: Record<string, string> = { 'accept-encoding': 'identity' };
    if (from > 0) headers.range = `bytes=${from}-`;
    response = await fetch(url, { headers, signal: both });
    if (response.status === 416) throw new FetchFailure('the server has no such range', false);
    if (!response.ok || !response.body) {
      throw new FetchFailure(
        `HTTP ${response.status} ${response.statusText}`.trim(),
        response.status >= 500 || response.status === 429,
      );
    }
    const length = response.headers.get('content-length');
    const offset = response.status === 206 ? from : 0;
    if (
      length !== null &&
      !response.headers.has('content-encoding') &&
      offset + Number(length) !== total
    ) {
      throw new FetchFailure(`it has ${offset + Number(length)} bytes instead of ${total}`, false);
    }
    if (response.status === 206) checkRange(response.headers.get('content-range'), from);
  } catch (cause) {
    const failure = failed(cause);
    stop();
    throw failure;
  }

  async function* chunks(): AsyncGenerator<Uint8Array> {
    const reader = response.body!.getReader();
    let received = response.status === 206 ? from : 0;
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        clearTimeout(timer);
        received += value.length;
        if (received > total) throw new FetchFailure(`it has more than ${total} bytes`, false);
        yield value;
        timer = setTimeout(() => idle.abort(), idleTimeout);
      }
      if (received < total) {
        throw new FetchFailure(`it broke off after ${received} of ${total} bytes`, true);
      }
    } catch (cause) {
      throw failed(cause);
    } finally {
      stop();
    }
  }
  return { offset: response.status === 206 ? from : 0, chunks: chunks() };
}

function checkRange(range: string | null, from: number): void {
  if (range !== null && !range.startsWith(`bytes ${from}-`)) {
    throw new FetchFailure(`it answered with the range ${range} instead of ${from} on`, false);
  }
}

/** `fetch` hides why it failed in a cause. */
export function describeFailure(error: unknown): string {
  const { cause, message } = error as Error & { cause?: Error & { code?: string } };
  return cause ? (cause.code ?? cause.message) : message;
}
