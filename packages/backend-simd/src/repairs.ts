import * as tf from '@tensorflow/tfjs';

/** Marks a method that is replaced, for this copy of the package and for any other. */
const repaired = Symbol.for('nn-lab.backend-simd.repaired');

/** Replaces a method once a program. */
function repair<Name extends string, Method extends (...parameters: never[]) => unknown>(
  owner: { [Key in Name]: Method },
  name: Name,
  repairedFrom: (original: Method) => Method,
): void {
  const original = owner[name];
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
