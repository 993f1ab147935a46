/** The key under which every nn-lab error lists its classes; `@nn-lab/core` reads the same one. */
const brandKey: unique symbol = Symbol.for('nn-lab.error') as never;

/** An error of this package; `NnLabError.isInstance` of `@nn-lab/core` recognises it. */
class SimdError extends Error {
  constructor(message: string, brand: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    Object.defineProperty(this, brandKey, { value: [brand, 'NnLabError'] });
  }
  declare readonly [brandKey]: readonly string[];
}

function hasBrand(error: unknown, brand: string): boolean {
  const brands = (error as { [brandKey]?: readonly string[] } | null | undefined)?.[brandKey];
  return Array.isArray(brands) && brands.includes(brand);
}

/** The tensors of the `simd` backend no longer fit into its memory. */
export class SimdMemoryError extends SimdError {
  override readonly name = 'SimdMemoryError';
  /** Bytes that were asked for. */
  readonly bytesWanted: number;
  /** Bytes that live tensors hold. */
  readonly bytesInUse: number;
  /** Bytes that the memory may grow to. */
  readonly bytesLimit: number;

  constructor(
    message: string,
    options: {
      readonly bytesWanted: number;
      readonly bytesInUse: number;
      readonly bytesLimit: number;
      readonly cause?: unknown;
    },
  ) {
    super(message, 'SimdMemoryError', options.cause);
    this.bytesWanted = options.bytesWanted;
    this.bytesInUse = options.bytesInUse;
    this.bytesLimit = options.bytesLimit;
  }

  /** True for every `SimdMemoryError`, whichever copy of the package made it. */
  static isInstance(error: unknown): error is SimdMemoryError {
    return hasBrand(error, 'SimdMemoryError');
  }
}

/** The `simd` backend cannot do what it was asked for: a wrong option, or a runtime without SIMD. */
export class SimdBackendError extends SimdError {
  override readonly name = 'SimdBackendError';

  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super(message, 'SimdBackendError', options.cause);
  }

  /** True for every `SimdBackendError`, whichever copy of the package made it. */
  static isInstance(error: unknown): error is SimdBackendError {
    return hasBrand(error, 'SimdBackendError');
  }
}
