/** The elements of a tensor, kept for as long as they are held, whoever disposes the tensor. */
export interface Held {
  /** Their address; computes them if that has been put off. */
  readonly pointer: number;
  /** Another hold on the same elements, to be released by itself. */
  again(): Held;
  release(): void;
}

/**
 * How to compute a tensor that nobody has read yet. A kernel that comes next may take it up and
 * compute both in one pass; whoever reads the tensor first has it computed otherwise.
 */
export interface Deferred {
  /** Writes the elements. */
  compute(target: number): void;
  /** Releases what the computation needs; called once, when it is done or nobody wants it any more. */
  release(): void;
}

/**
 * A gradient to come. For a layer whose bias and activation are fused, tfjs asks for the gradients of
 * all inputs, and reads but those that somebody wants.
 */
export class DeferredGradient implements Deferred {
  /** What it keeps from being freed, in bytes. */
  readonly heldBytes: number;
  readonly #operands: readonly Held[];
  readonly #compute: (operands: readonly number[], target: number) => void;

  constructor(
    operands: readonly Held[],
    heldBytes: number,
    compute: (operands: readonly number[], target: number) => void,
  ) {
    this.#operands = operands;
    this.heldBytes = heldBytes;
    this.#compute = compute;
  }

  compute(target: number): void {
    const addresses = this.#operands.map(({ pointer }) => pointer);
    this.#compute(addresses, target);
  }

  release(): void {
    for (const operand of this.#operands) operand.release();
  }
}

/** What a product does to its result as it stores it. */
export interface Epilogue {
  /** Address of one float a column, or 0. */
  readonly bias: number;
  readonly flags: number;
  readonly low: number;
  readonly high: number;
}

/** An epilogue that does nothing. */
export const noEpilogue: Epilogue = { bias: 0, flags: 0, low: 0, high: 0 };

/** Flags of an epilogue, as in `assembly/matmul-tile.ts`: add to what the target holds. */
export const accumulate = 1;
/** Limit the result to [low, high]. */
export const clamp = 2;

/** Computes a product of operands that lie at these addresses. */
export type Multiply = (operands: readonly number[], target: number, epilogue: Epilogue) => void;

/**
 * A matrix product or convolution to come. tfjs runs the bias and the activation of a layer apart
 * while it records for gradients; they are taken up here and done in the product's own pass.
 */
export class DeferredProduct implements Deferred {
  /** Length of the last axis of the result, and of the bias it can take. */
  readonly columns: number;
  readonly bias: Held | undefined;
  readonly #operands: readonly Held[];
  readonly #multiply: Multiply;

  constructor(operands: readonly Held[], columns: number, multiply: Multiply, bias?: Held) {
    this.#operands = operands;
    this.columns = columns;
    this.#multiply = multiply;
    this.bias = bias;
  }

  compute(target: number): void {
    this.#run(target, { ...noEpilogue, bias: this.bias?.pointer ?? 0 });
  }

  /** The same, limited to [low, high]. */
  computeClamped(target: number, low: number, high: number): void {
    this.#run(target, { bias: this.bias?.pointer ?? 0, flags: clamp, low, high });
  }

  /** The same product with a bias of `columns` floats. */
  withBias(bias: Held): DeferredProduct {
    const operands = this.#operands.map((operand) => operand.again());
    return new DeferredProduct(operands, this.columns, this.#multiply, bias);
  }

  release(): void {
    for (const operand of this.#operands) operand.release();
    this.bias?.release();
  }

  #run(target: number, epilogue: Epilogue): void {
    const addresses = this.#operands.map(({ pointer }) => pointer);
    this.#multiply(addresses, target, epilogue);
  }
}

/** A product that has gone on without its own result: nobody may ever ask for that. */
export class PassedProduct implements Deferred {
  /** What a relu or relu6 made of it, if that is where it went. */
  readonly activated: Held | undefined;
  readonly #product: DeferredProduct;

  constructor(product: DeferredProduct, activated?: Held) {
    this.#product = product;
    this.activated = activated;
  }

  compute(target: number): void {
    this.#product.compute(target);
  }

  release(): void {
    this.#product.release();
    this.activated?.release();
  }
}
