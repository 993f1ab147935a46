/**
 * The base of every error that an nn-lab package throws on purpose. Its message says what was
 * expected, what came, and what to do.
 *
 * `instanceof` fails when two copies of a package are installed side by side; `isInstance` does not.
 */
export class NnLabError extends Error {
  override readonly name: string = 'NnLabError';

  /** True for every nn-lab error of this class or a subclass, whichever copy of the package made it. */
  static isInstance<T extends typeof NnLabError>(
    this: T,
    error: unknown,
  ): error is InstanceType<T> {
    const brands = (error as { [brandKey]?: readonly string[] } | null | undefined)?.[brandKey];
    return Array.isArray(brands) && brands.includes(this.brand);
  }

  protected static readonly brand: string = 'NnLabError';

  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    const brands: string[] = [];
    let errorClass = new.target as typeof NnLabError | null;
    while (errorClass?.brand) {
      brands.push(errorClass.brand);
      errorClass = Object.getPrototypeOf(errorClass) as typeof NnLabError | null;
    }
    Object.defineProperty(this, brandKey, { value: brands });
  }
}

const brandKey: unique symbol = Symbol.for('nn-lab.error') as never;

/** An option, flag or argument has a value that cannot be used. */
export class InvalidArgumentError extends NnLabError {
  override readonly name = 'InvalidArgumentError';
  protected static override readonly brand = 'InvalidArgumentError';
}

/** A tensor or array has a shape that does not fit. */
export class ShapeError extends NnLabError {
  override readonly name = 'ShapeError';
  protected static override readonly brand = 'ShapeError';
}

/** A file or byte stream is truncated, corrupt or not of the format it should be. */
export class DataFormatError extends NnLabError {
  override readonly name = 'DataFormatError';
  protected static override readonly brand = 'DataFormatError';
  /** The file, address or name that the bytes came from. */
  readonly source: string;
  /** Byte offset of the fault, where it is known. */
  readonly offset: number | undefined;

  constructor(
    message: string,
    options: { readonly source: string; readonly offset?: number; readonly cause?: unknown },
  ) {
    super(message, options);
    this.source = options.source;
    this.offset = options.offset;
  }
}

/** A model was asked to predict, transform or save before it was fitted or loaded. */
export class NotFittedError extends NnLabError {
  override readonly name = 'NotFittedError';
  protected static override readonly brand = 'NotFittedError';
}
