import { Allocator } from './allocator.js';
import { SimdBackendError, SimdMemoryError } from './errors.js';

const pageBytes = 65536;

/** Addresses below this belong to the constants of the compiled module. */
const firstBlock = pageBytes;

/** Four gigabytes less a page: one past the last byte must still be a 32-bit address. */
const addressableBytes = 65535 * pageBytes;

const initialBytes = 256 * pageBytes;

/** Options of {@link Heap}. */
export interface HeapOptions {
  /** Bytes that the memory may grow to. Default: 4 GiB, all that 32 bits address. */
  readonly maximumMemory?: number;
  /** Whether threads share the memory. Default: false. */
  readonly shared?: boolean;
}

/**
 * The linear memory of a backend, and who owns which part of it.
 *
 * The views go stale when the memory grows, which any `allocate` can cause: take them anew from
 * here after every allocation, and never assume that their buffer is not shared.
 */
export class Heap {
  readonly memory: WebAssembly.Memory;
  /** Bytes that the memory may grow to. */
  readonly bytesLimit: number;
  readonly #allocator = new Allocator(firstBlock);
  #float32!: Float32Array;
  #int32!: Int32Array;
  #uint8!: Uint8Array;

  constructor(options: HeapOptions = {}) {
    const { maximumMemory = addressableBytes, shared = false } = options;
    if (!(Number.isFinite(maximumMemory) && maximumMemory >= initialBytes)) {
      throw new SimdBackendError(
        `maximumMemory must be a number of bytes of at least ${initialBytes} (16 MiB), ` +
          `got ${maximumMemory}.`,
      );
    }
    const pages = Math.floor(Math.min(maximumMemory, addressableBytes) / pageBytes);
    this.bytesLimit = pages * pageBytes;
    try {
      const initial = initialBytes / pageBytes;
      this.memory = new WebAssembly.Memory({ initial, maximum: pages, shared });
    } catch (cause) {
      throw new SimdMemoryError(
        `The runtime refused a WebAssembly memory of at most ${this.bytesLimit} bytes: ` +
          'pass a smaller maximumMemory to useSimdBackend.',
        { bytesWanted: initialBytes, bytesInUse: 0, bytesLimit: this.bytesLimit, cause },
      );
    }
    this.#refresh();
  }

  /** The whole memory as numbers of 32-bit floating point. */
  get float32(): Float32Array {
    return this.#float32;
  }

  /** The whole memory as signed 32-bit integers. */
  get int32(): Int32Array {
    return this.#int32;
  }

  /** The whole memory as bytes. */
  get uint8(): Uint8Array {
    return this.#uint8;
  }

  /** Bytes that are handed out, rounded up to whole blocks of 64. */
  get bytesInUse(): number {
    return this.#allocator.bytesInUse;
  }

  /** Bytes that the memory has grown to. */
  get bytesReserved(): number {
    return this.#uint8.byteLength;
  }

  /**
   * The address of `bytes` bytes, 64-byte aligned, of undefined content. The block is a multiple of
   * 64 bytes long: what lies between its end and that of the tensor may be read and overwritten.
   *
   * @throws SimdMemoryError if the memory is full and cannot grow.
   */
  allocate(bytes: number): number {
    const address = this.#allocator.allocate(bytes);
    if (address >= 0) return address;
    this.#grow(bytes);
    return this.#allocator.allocate(bytes);
  }

  /** Gives back what `allocate` returned. */
  free(address: number): void {
    this.#allocator.free(address);
  }

  /** Every block in address order, for tests and diagnostics. */
  blocks(): { start: number; size: number; free: boolean }[] {
    return this.#allocator.blocks();
  }

  #grow(bytes: number): void {
    const reserved = this.bytesReserved;
    const least = Math.ceil(this.#allocator.shortage(bytes) / pageBytes);
    const room = (this.bytesLimit - reserved) / pageBytes;
    const generous = Math.min(room, Math.ceil(reserved / pageBytes / 2));
    if (least > room) throw this.#exhausted(bytes);
    try {
      try {
        this.memory.grow(Math.max(least, generous));
      } catch (error) {
        if (least >= generous) throw error;
        this.memory.grow(least);
      }
    } catch (cause) {
      throw this.#exhausted(bytes, cause);
    }
    this.#refresh();
  }

  #exhausted(bytesWanted: number, cause?: unknown): SimdMemoryError {
    const { bytesInUse, bytesLimit } = this;
    const reason = cause
      ? `the runtime refused to grow the memory beyond ${this.bytesReserved} bytes`
      : `the limit is ${bytesLimit} bytes`;
    return new SimdMemoryError(
      `The simd backend is out of memory: ${bytesWanted} bytes wanted, ${bytesInUse} in use, ` +
        `${reason}. Use a smaller batch, dispose tensors (tf.tidy, tensor.dispose), ` +
        'or raise maximumMemory (at most 4 GiB).',
      { bytesWanted, bytesInUse, bytesLimit, cause },
    );
  }

  #refresh(): void {
    const { buffer } = this.memory;
    this.#float32 = new Float32Array(buffer);
    this.#int32 = new Int32Array(buffer);
    this.#uint8 = new Uint8Array(buffer);
    this.#allocator.extend(buffer.byteLength);
  }
}
