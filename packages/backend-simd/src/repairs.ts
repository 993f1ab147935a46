import * as tf from '@tensorflow/tfjs';

/** Marks a method that is replaced, for this copy of the package and for any other. */
const repaired = Symbol.for('nn-lab.backend-simd.repaired');

/** Replaces a method once a program. */
export function repair<Owner, Name extends keyof Owner>(
  owner: Owner,
  name: Name,
  repairedFrom: (original: Owner[Name] & object) => Owner[Name] & object,
): void {
  const original = owner[name] as Owner[Name] & object;
  if (repaired in original) return;
  Object.defineProperty(owner, name, {
    value: Object.assign(repairedFrom(original), { [repaired]: true }),
    ...{ writable: true, configurable: true },
  });
}

/** A recorded operation, of which the tensors that its gradient needs are kept. */
interface TapeNode {
  readonly saved: readonly tf.Tensor[];
}

/** What tfjs's engine records while gradients are wanted; its types hide it. */
interface EngineState {
  readonly gradientDepth: number;
  activeTape: TapeNode[] | null;
}

/**
 * Frees what is kept for gradients when computing them fails. tfjs forgets it there, so that a
 * program that ran out of memory in one training step has none left for a smaller one.
 */
export function repairTapes(): void {
  const engine = tf.engine();
  const state = engine.state as unknown as EngineState;
  repair(
    engine,
    'gradients',
    (original) =>
      function gradients(...parameters: Parameters<typeof engine.gradients>) {
        try {
          return original.apply(engine, parameters);
        } catch (error) {
          if (state.gradientDepth === 0) {
            for (const { saved } of state.activeTape ?? []) tf.dispose([...saved]);
            state.activeTape = null;
          }
          throw error;
        }
      } as typeof original,
  );
}

/** Methods of tfjs's engine that its types hide. */
interface Recorder {
  addTapeNode(name: string, inputs: tf.NamedTensorMap, ...rest: unknown[]): void;
  saveTensorsForBackwardMode(tensors: (tf.Tensor | undefined)[]): tf.Tensor[];
}

/**
 * Has operations recorded that were given no value for an input that they can do without, such as
 * the scale of a batch normalization: tfjs reads that input all the same.
 */
export function repairOptionalInputs(): void {
  const engine = tf.engine() as unknown as Recorder;
  repair(
    engine,
    'addTapeNode',
    (original) =>
      function addTapeNode(name: string, inputs: tf.NamedTensorMap, ...rest: unknown[]) {
        const isWhole = Array.isArray(inputs) || Object.values(inputs).every(Boolean);
        const given = isWhole
          ? inputs
          : Object.fromEntries(Object.entries(inputs).filter(([, tensor]) => tensor));
        original.call(engine, name, given, ...rest);
      } as typeof original,
  );
  repair(
    engine,
    'saveTensorsForBackwardMode',
    (original) =>
      function saveTensorsForBackwardMode(tensors: (tf.Tensor | undefined)[]) {
        return original.call(
          engine,
          tensors.filter((tensor) => tensor),
        );
      } as typeof original,
  );
}

/** What the plain backend knows of a complex tensor; its types hide it. */
interface PlainComplexData {
  complexTensorInfos?: { real: tf.TensorInfo; imag: tf.TensorInfo };
}

/**
 * Has the plain backend take over complex tensors from another backend. It takes the numbers, but its
 * kernels look for the tensors of their real and imaginary parts.
 */
export function repairComplexMoves(): void {
  repair(
    tf.MathBackendCPU.prototype,
    'move',
    (original) =>
      function move(this: tf.MathBackendCPU, ...parameters: Parameters<tf.MathBackendCPU['move']>) {
        original.apply(this, parameters);
        const [dataId, values, shape, dtype] = parameters;
        if (dtype !== 'complex64') return;
        const { real, imag } = tf.backend_util.splitRealAndImagArrays(values as Float32Array);
        (this.data.get(dataId) as PlainComplexData).complexTensorInfos = {
          real: this.makeTensorInfo(shape, 'float32', real),
          imag: this.makeTensorInfo(shape, 'float32', imag),
        };
        // tfjs's check for leaks expects a move to add one data id: these are two more.
        const moves = tf.engine().state.numDataMovesStack;
        if (moves.length > 0) moves[moves.length - 1]! += 2;
      } as typeof original,
  );
}
