import * as tf from '@tensorflow/tfjs';
import {
  type Deferred,
  DeferredGradient,
  DeferredProduct,
  type Held,
  PassedProduct,
} from './deferred.js';
import { SimdBackendError } from './errors.js';
import type { Heap } from './heap.js';
import type { Call, ThreadPool, WasmFunctions } from './threads/pool.js';

/** Bytes of an element of every dtype that lives in the linear memory; a bool is 0 or 1 as int32. */
export const elementBytes = 4;

/** What gradients that are put off may hold together. */
const mostPostponedBytes = 64 * 2 ** 20;

/** What the backend knows of a data id. */
interface TensorData {
  readonly dtype: tf.DataType;
  readonly size: number;
  /** How many tensors share it. */
  refCount: number;
  /** Holds beside those. */
  holds: number;
  /** Address of the elements; -1 for strings, complex numbers and what is still to be computed. */
  pointer: number;
  deferred?: Deferred | undefined;
  /** What a kernel has left for the gradient's; freed with the elements. */
  remembered?: Remembered;
  readonly strings?: Uint8Array[];
  /** A complex tensor owns the tensors of its parts. */
  readonly parts?: ComplexParts;
}

/** Memory that belongs to a tensor beside its elements. */
export interface Remembered {
  readonly address: number;
  /** The tensor that it was computed from. */
  readonly source: tf.DataId;
}

interface ComplexParts {
  readonly real: tf.TensorInfo;
  readonly imag: tf.TensorInfo;
}

/** Bytes of the linear memory, beside the figures of `tf.memory()`. */
export interface SimdMemoryInfo {
  readonly unreliable: boolean;
  /** Bytes of the linear memory that live tensors hold, rounded up to blocks of 64. */
  readonly heapBytesInUse: number;
  /** Bytes that the linear memory has grown to. It never shrinks. */
  readonly heapBytesReserved: number;
  /** Bytes that the linear memory may grow to. */
  readonly heapBytesLimit: number;
}

/**
 * How convolutions with 3x3 filters and stride 1 are computed: by Winograd's algorithm where it is
 * faster, or always product by product.
 */
export type ConvolutionAlgorithm = 'winograd' | 'direct';

/** Options of {@link SimdBackend}. */
export interface SimdBackendInstanceOptions {
  /** The linear memory. */
  readonly heap: Heap;
  /** The threads over it. */
  readonly pool: ThreadPool;
  /** Whether multiply and add are fused (relaxed SIMD). */
  readonly relaxed: boolean;
  /** How convolutions with 3x3 filters are computed. */
  readonly convolution: ConvolutionAlgorithm;
  /** Called once, when the backend is disposed. */
  readonly onDispose?: () => void;
}

/**
 * The `simd` backend of tfjs. float32, int32 and bool tensors live in one `WebAssembly.Memory`, four
 * bytes an element, each at a multiple of 64 bytes; strings, and the pairing of complex numbers,
 * live in JavaScript.
 */
export class SimdBackend extends tf.KernelBackend {
  /** The linear memory with its allocator. */
  readonly heap: Heap;
  /** The compiled kernels, bound to the memory of `heap`. */
  readonly kernels: WasmFunctions;
  /** True where multiply and add are fused (relaxed SIMD). */
  readonly relaxed: boolean;
  /** How convolutions with 3x3 filters are computed. */
  readonly convolution: ConvolutionAlgorithm;
  readonly #pool: ThreadPool;
  readonly #data: tf.DataStorage<TensorData>;
  readonly #onDispose: (() => void) | undefined;
  #nextId = 0;
  /** How many kernels run within each other, and what the outermost has made so far. */
  #depth = 0;
  readonly #made: tf.DataId[] = [];
  #deferredCount = 0;
  /** The product that is deferred and may still be taken up: one at a time, for it holds its operands. */
  #awaited: TensorData | undefined;
  /** Gradients that are put off, the oldest first, and what they hold. */
  readonly #postponed = new Set<TensorData>();
  #postponedBytes = 0;
  /** Tensors that belong to a complex one and are not counted on their own. */
  #ownedParts = 0;

  constructor(options: SimdBackendInstanceOptions) {
    super();
    const { heap, pool, relaxed, convolution, onDispose } = options;
    this.heap = heap;
    this.kernels = pool.functions;
    this.relaxed = relaxed;
    this.convolution = convolution;
    this.#pool = pool;
    this.#data = new tf.DataStorage(this, tf.engine());
    this.#onDispose = onDispose;
  }

  /** How many threads compute, the one that calls included. */
  get threads(): number {
    return this.#pool.threads;
  }

  /** Runs a kernel. If it throws, what it made until then is freed. */
  attempt(kernel: tf.KernelFunc, call: Parameters<tf.KernelFunc>[0]): ReturnType<tf.KernelFunc> {
    if (this.#depth === 0) this.#made.length = 0;
    const before = this.#made.length;
    this.#depth++;
    try {
      return kernel(call);
    } catch (error) {
      for (const dataId of this.#made.splice(before)) this.disposeData(dataId, true);
      throw error;
    } finally {
      this.#depth--;
    }
  }

  /**
   * Calls a kernel once with each list of arguments, on all threads, and returns when all are done.
   * With `scratchBytes`, each call gets the address of that much memory of its own as last argument.
   */
  run(name: string, calls: readonly Call[], scratchBytes = 0): void {
    if (scratchBytes === 0) {
      this.#pool.run(name, calls);
      return;
    }
    const bytes = Math.ceil(scratchBytes / 64) * 64;
    const address = this.heap.allocate(bytes * (calls.length > 1 ? this.threads : 1));
    try {
      this.#pool.run(name, calls, { address, bytes });
    } finally {
      this.heap.free(address);
    }
  }

  /**
   * The address of a tensor's elements, which are computed if that has been put off. Any allocation
   * may move views, but never an address.
   */
  pointer(tensor: tf.TensorInfo): number {
    const data = this.#data.get(tensor.dataId);
    if (data.deferred) this.#settle(data);
    return data.pointer;
  }

  /** A new tensor of undefined content. */
  makeOutput(shape: number[], dtype: tf.DataType): tf.TensorInfo {
    const size = tf.util.sizeFromShape(shape);
    const pointer = this.heap.allocate(size * elementBytes);
    return { dataId: this.#track({ dtype, size, pointer, refCount: 1, holds: 0 }), shape, dtype };
  }

  /** A new tensor whose elements are computed when somebody reads them. */
  defer(shape: number[], dtype: tf.DataType, deferred: Deferred): tf.TensorInfo {
    const size = tf.util.sizeFromShape(shape);
    const data: TensorData = { dtype, size, pointer: -1, refCount: 1, holds: 0, deferred };
    this.#deferredCount++;
    const dataId = this.#track(data);
    if (deferred instanceof DeferredProduct) this.#await(data);
    if (deferred instanceof DeferredGradient) this.#postpone(data, deferred);
    return { dataId, shape, dtype };
  }

  /** How a tensor will be computed, if that has been put off. */
  deferred(tensor: tf.TensorInfo): Deferred | undefined {
    return this.#data.get(tensor.dataId).deferred;
  }

  /**
   * Says that a deferred product has gone on: its own result is wanted by nobody known.
   *
   * @param activated what a relu or relu6 made of it.
   */
  pass(tensor: tf.TensorInfo, product: DeferredProduct, activated?: tf.TensorInfo): void {
    const data = this.#data.get(tensor.dataId);
    data.deferred = new PassedProduct(product, activated && this.hold(activated));
    if (this.#awaited === data) this.#awaited = undefined;
  }

  /** Keeps a tensor's elements until they are released, even if it is disposed. */
  hold(tensor: tf.TensorInfo): Held {
    return this.#hold(this.#data.get(tensor.dataId));
  }

  /** Gives memory from the heap to a tensor, to be freed with it. */
  remember(tensor: tf.TensorInfo, remembered: Remembered): void {
    this.#data.get(tensor.dataId).remembered = remembered;
  }

  /** What has been remembered with a tensor. */
  remembered(tensor: tf.TensorInfo): Remembered | undefined {
    return this.#data.get(tensor.dataId).remembered;
  }

  /** Whether a tensor is the only one that looks at its elements, so that changing them harms nobody. */
  isSoleOwner(tensor: tf.TensorInfo): boolean {
    const { refCount, holds } = this.#data.get(tensor.dataId);
    return refCount === 1 && holds === 0;
  }

  /** Computes what has been put off of a kernel's inputs: a list of tensors, or tensors by name. */
  settle(inputs: object): void {
    if (this.#deferredCount === 0) return;
    for (const name in inputs) {
      const tensor = (inputs as tf.NamedTensorInfoMap)[name];
      const data = tensor && this.#data.get(tensor.dataId);
      if (data?.deferred) this.#settle(data);
    }
  }

  /** A new tensor with these values, of any dtype. */
  makeTensorInfo(shape: number[], dtype: tf.DataType, values: tf.BackendValues): tf.TensorInfo {
    return { dataId: this.write(values, shape, dtype), shape, dtype };
  }

  /** A new complex tensor of two float32 tensors, which it owns from now on. */
  makeComplex(real: tf.TensorInfo, imag: tf.TensorInfo): tf.TensorInfo {
    const { shape } = real;
    const size = tf.util.sizeFromShape(shape);
    const parts = { real, imag };
    const dtype = 'complex64';
    this.#ownedParts += 2;
    return {
      dataId: this.#track({ dtype, size, pointer: -1, refCount: 1, holds: 0, parts }),
      shape,
      dtype,
    };
  }

  /** The float32 tensors of a complex tensor, which goes on owning them. */
  complexParts(tensor: tf.TensorInfo): ComplexParts {
    const { parts } = this.#data.get(tensor.dataId);
    if (!parts) throw new SimdBackendError(`Expected a complex64 tensor, got ${tensor.dtype}.`);
    return parts;
  }

  /** The UTF-8 bytes of each element of a string tensor. */
  strings(tensor: tf.TensorInfo): Uint8Array[] {
    const { strings } = this.#data.get(tensor.dataId);
    if (!strings) throw new SimdBackendError(`Expected a string tensor, got ${tensor.dtype}.`);
    return strings;
  }

  /** The same data under another shape or dtype of the same layout, without a copy. */
  alias(tensor: tf.TensorInfo, shape: number[], dtype: tf.DataType = tensor.dtype): tf.TensorInfo {
    this.incRef(tensor.dataId);
    return { dataId: tensor.dataId, shape, dtype };
  }

  /**
   * The elements of a tensor where they lie: `Float32Array` for float32, `Int32Array` for int32 and
   * bool. Valid until the next allocation.
   */
  typedArrayFromHeap(tensor: tf.TensorInfo): Float32Array | Int32Array {
    const pointer = this.pointer(tensor);
    const { size, dtype } = this.#data.get(tensor.dataId);
    if (pointer < 0) throw new SimdBackendError(`A ${dtype} tensor has no linear memory.`);
    const view = dtype === 'float32' ? this.heap.float32 : this.heap.int32;
    const start = pointer / elementBytes;
    return view.subarray(start, start + size);
  }

  /** Frees a tensor that a kernel made on its way to its result. */
  disposeIntermediateTensorInfo(tensor: tf.TensorInfo): void {
    this.disposeData(tensor.dataId);
  }

  override write(values: tf.BackendValues | null, shape: number[], dtype: tf.DataType): tf.DataId {
    return this.#track(this.#store(values, shape, dtype, 1));
  }

  override move(
    dataId: tf.DataId,
    values: tf.BackendValues,
    shape: number[],
    dtype: tf.DataType,
    refCount: number,
  ): void {
    const before = this.#made.length;
    this.#data.set(dataId, this.#store(values, shape, dtype, refCount));
    // The tensor is older than the kernel that asks for it, and so are its parts.
    this.#made.length = before;
  }

  override async read(dataId: tf.DataId): Promise<tf.BackendValues> {
    return this.readSync(dataId);
  }

  override readSync(dataId: tf.DataId): tf.BackendValues {
    const data = this.#data.get(dataId);
    if (data.deferred) this.#settle(data);
    const { dtype, size, pointer, strings, parts } = data;
    if (strings) return strings;
    if (parts) {
      return tf.backend_util.mergeRealAndImagArrays(
        this.readSync(parts.real.dataId) as Float32Array,
        this.readSync(parts.imag.dataId) as Float32Array,
      );
    }
    const start = pointer / elementBytes;
    if (dtype === 'float32') return this.heap.float32.slice(start, start + size);
    if (dtype === 'bool') return Uint8Array.from(this.heap.int32.subarray(start, start + size));
    return this.heap.int32.slice(start, start + size);
  }

  override readToGPU(): tf.GPUData {
    throw new SimdBackendError(
      'The simd backend runs on the CPU: it has no GPU data. Use tensor.data() or tensor.dataSync().',
    );
  }

  override createTensorFromGPUData(): tf.Tensor {
    throw new SimdBackendError(
      'The simd backend runs on the CPU: it cannot use a GPU buffer or texture. ' +
        'Read it into a typed array and pass that to tf.tensor.',
    );
  }

  override disposeData(dataId: tf.DataId, force = false): boolean {
    if (!this.#data.has(dataId)) return true;
    const data = this.#data.get(dataId);
    data.refCount = force ? 0 : data.refCount - 1;
    if (data.refCount > 0) return false;
    this.#freeIfUnused(data);
    if (data.parts) {
      this.disposeData(data.parts.real.dataId, true);
      this.disposeData(data.parts.imag.dataId, true);
      this.#ownedParts -= 2;
    }
    this.#data.delete(dataId);
    return true;
  }

  override refCount(dataId: tf.DataId): number {
    if (!this.#data.has(dataId)) return 0;
    const { refCount, holds } = this.#data.get(dataId);
    return refCount + holds;
  }

  override incRef(dataId: tf.DataId): void {
    this.#data.get(dataId).refCount++;
  }

  override numDataIds(): number {
    return this.#data.numDataIds() - this.#ownedParts;
  }

  override memory(): SimdMemoryInfo {
    const { bytesInUse, bytesReserved, bytesLimit } = this.heap;
    return {
      unreliable: false,
      heapBytesInUse: bytesInUse,
      heapBytesReserved: bytesReserved,
      heapBytesLimit: bytesLimit,
    };
  }

  override timerAvailable(): boolean {
    return true;
  }

  override async time(run: () => void): Promise<tf.BackendTimingInfo> {
    const start = tf.util.now();
    run();
    return { kernelMs: tf.util.now() - start };
  }

  override floatPrecision(): 16 | 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override dispose(): void {
    this.#pool.dispose();
    this.#onDispose?.();
  }

  /** Computes a product that nobody has taken up when the next one comes. */
  #await(data: TensorData): void {
    const before = this.#awaited;
    this.#awaited = data;
    if (before?.deferred && before.refCount + before.holds > 0) this.#settle(before);
  }

  /** Computes the oldest gradients that are put off, where all of them hold too much. */
  #postpone(data: TensorData, { heldBytes }: DeferredGradient): void {
    this.#postponed.add(data);
    this.#postponedBytes += heldBytes;
    for (const oldest of this.#postponed) {
      if (this.#postponedBytes <= mostPostponedBytes) return;
      this.#settle(oldest);
    }
  }

  /** Forgets what has been put off of a tensor: it is done, or nobody wants it. */
  #release(data: TensorData): void {
    const { deferred } = data;
    if (!deferred) return;
    data.deferred = undefined;
    this.#deferredCount--;
    if (deferred instanceof DeferredGradient && this.#postponed.delete(data)) {
      this.#postponedBytes -= deferred.heldBytes;
    }
    deferred.release();
  }

  #settle(data: TensorData): void {
    const deferred = data.deferred!;
    const pointer = this.heap.allocate(data.size * elementBytes);
    try {
      if (data.size > 0) deferred.compute(pointer);
    } catch (error) {
      this.heap.free(pointer);
      throw error;
    }
    data.pointer = pointer;
    this.#release(data);
  }

  #hold(data: TensorData): Held {
    let isHeld = true;
    data.holds++;
    const settle = () => this.#settle(data);
    return {
      get pointer() {
        if (data.deferred) settle();
        return data.pointer;
      },
      again: () => this.#hold(data),
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        data.holds--;
        this.#freeIfUnused(data);
      },
    };
  }

  #freeIfUnused(data: TensorData): void {
    if (data.refCount + data.holds > 0) return;
    if (data.pointer >= 0) this.heap.free(data.pointer);
    data.pointer = -1;
    if (data.remembered) this.heap.free(data.remembered.address);
    this.#release(data);
  }

  #track(data: TensorData): tf.DataId {
    const dataId = { id: this.#nextId++ };
    this.#data.set(dataId, data);
    if (this.#depth > 0) this.#made.push(dataId);
    return dataId;
  }

  #store(
    values: tf.BackendValues | null,
    shape: number[],
    dtype: tf.DataType,
    refCount: number,
  ): TensorData {
    const size = tf.util.sizeFromShape(shape);
    if (dtype === 'string') {
      return {
        dtype,
        size,
        refCount,
        holds: 0,
        pointer: -1,
        strings: (values ?? []) as Uint8Array[],
      };
    }
    if (dtype === 'complex64') {
      const { real, imag } = tf.backend_util.splitRealAndImagArrays(
        (values ?? new Float32Array(2 * size)) as Float32Array,
      );
      const parts = {
        real: this.makeTensorInfo(shape, 'float32', real),
        imag: this.makeTensorInfo(shape, 'float32', imag),
      };
      this.#ownedParts += 2;
      return { dtype, size, refCount, holds: 0, pointer: -1, parts };
    }
    const pointer = this.heap.allocate(size * elementBytes);
    const start = pointer / elementBytes;
    const view = dtype === 'float32' ? this.heap.float32 : this.heap.int32;
    if (values) view.set(values as tf.TypedArray, start);
    else view.fill(0, start, start + size);
    return { dtype, size, refCount, holds: 0, pointer };
  }
}
