import * as tf from '@tensorflow/tfjs';
import { elementBytes } from './backend.js';

/** Output dimensions that both operands walk in the same manner, merged into one. */
interface Group {
  size: number;
  /** Whether the operand repeats along this group, as broadcasting has it. */
  readonly aRepeats: boolean;
  readonly bRepeats: boolean;
  /** Bytes between neighbours; 0 where the operand repeats. */
  readonly aStride: number;
  readonly bStride: number;
}

/** A call for each matrix of the output: where its operands begin, relative to their tensors. */
export interface BroadcastPlan {
  readonly shape: number[];
  readonly rows: number;
  readonly columns: number;
  readonly aScalar: boolean;
  readonly bScalar: boolean;
  readonly aRow: number;
  readonly bRow: number;
  readonly matrices: readonly { readonly a: number; readonly b: number }[];
}

/** How to walk two operands so that the innermost loop is as long and as simple as it can be. */
export function planBroadcast(aShape: number[], bShape: number[]): BroadcastPlan {
  if (tf.util.arraysEqual(aShape, bShape)) return onePass(aShape, false, false);
  if (bShape.length === 0) return onePass(aShape, false, true);
  if (aShape.length === 0) return onePass(bShape, true, false);
  const shape = tf.backend_util.assertAndGetBroadcastShape(aShape, bShape);
  const [columns = single, rows = single, ...outer] = groupDimensions(aShape, bShape, shape);
  return {
    shape,
    rows: rows.size,
    columns: columns.size,
    aScalar: columns.aRepeats,
    bScalar: columns.bRepeats,
    aRow: rows.aStride,
    bRow: rows.bStride,
    matrices: outer.reduce<{ a: number; b: number }[]>(spread, [{ a: 0, b: 0 }]),
  };
}

/** All of the output as one row. */
function onePass(shape: number[], aScalar: boolean, bScalar: boolean): BroadcastPlan {
  const columns = tf.util.sizeFromShape(shape);
  return { shape, rows: 1, columns, aScalar, bScalar, aRow: 0, bRow: 0, matrices: oneMatrix };
}

const oneMatrix = [{ a: 0, b: 0 }];

const single: Group = { size: 1, aRepeats: false, bRepeats: false, aStride: 0, bStride: 0 };

/** Groups from the innermost outwards. */
function groupDimensions(aShape: number[], bShape: number[], shape: number[]): Group[] {
  const groups: Group[] = [];
  let aStride = elementBytes;
  let bStride = elementBytes;
  for (let fromEnd = 1; fromEnd <= shape.length; fromEnd++) {
    const size = shape.at(-fromEnd)!;
    const aSize = aShape.at(-fromEnd) ?? 1;
    const bSize = bShape.at(-fromEnd) ?? 1;
    if (size === 1) continue;
    const aRepeats = aSize === 1;
    const bRepeats = bSize === 1;
    const last = groups.at(-1);
    if (last && last.aRepeats === aRepeats && last.bRepeats === bRepeats) last.size *= size;
    else {
      groups.push({
        size,
        aRepeats,
        bRepeats,
        aStride: aRepeats ? 0 : aStride,
        bStride: bRepeats ? 0 : bStride,
      });
    }
    aStride *= aSize;
    bStride *= bSize;
  }
  return groups;
}

/** Every matrix so far, once for each place along a further group outside of them. */
function spread(matrices: { a: number; b: number }[], group: Group): { a: number; b: number }[] {
  return Array.from({ length: group.size }, (_, index) =>
    matrices.map(({ a, b }) => ({ a: a + index * group.aStride, b: b + index * group.bStride })),
  ).flat();
}
