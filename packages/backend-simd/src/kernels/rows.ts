import type { SimdBackend } from '../backend.js';
import { elementBytes } from '../backend.js';
import { blockElements, movedElement, runSliced } from '../sliced.js';
import { cut, isWorthSlicing } from '../slices.js';
import type { Call } from '../threads/pool.js';
import { withScratch } from './matmul-fused.js';

/** Rows shorter than this are joined, several at a time, when one operand repeats on each. */
const shortRow = 64;

/** The parameters of the functions of `assembly/binary.ts`. */
export interface Rows {
  readonly a: number;
  readonly aRow: number;
  readonly aScalar: number;
  readonly b: number;
  readonly bRow: number;
  readonly bScalar: number;
  readonly out: number;
  readonly rows: number;
  readonly columns: number;
}

/** What an element takes, in nanoseconds, by the function; that of the others is what moving does. */
const costs: Readonly<Record<string, number>> = { pow: 20, mod: 10, floorDiv: 5, floorDivInt: 5 };

/** Runs a function of `assembly/binary.ts` on rows. */
export function runRows(backend: SimdBackend, functionName: string, parameters: Rows): void {
  const joined = joinedRows(parameters);
  if (joined > 1) runJoined(backend, functionName, parameters, joined);
  else runLongRows(backend, functionName, parameters);
}

function runLongRows(backend: SimdBackend, functionName: string, parameters: Rows): void {
  const { a, aRow, aScalar, b, bRow, bScalar, out, rows, columns } = parameters;
  const cost = costs[functionName] ?? movedElement;
  if (!isWorthSlicing(backend.threads, rows * columns, { cost })) {
    backend.kernels[functionName]!(a, aRow, aScalar, b, bRow, bScalar, out, rows, columns);
  } else if (rows === 1) {
    const slicing = { cost, multiple: blockElements };
    runSliced(backend, functionName, columns, slicing, (begin, end) => {
      const offset = begin * elementBytes;
      const left = aScalar ? a : a + offset;
      const right = bScalar ? b : b + offset;
      return [left, aRow, aScalar, right, bRow, bScalar, out + offset, 1, end - begin];
    });
  } else {
    runSliced(backend, functionName, rows, { cost: cost * columns }, (begin, end) => {
      const target = out + begin * columns * elementBytes;
      const left = a + begin * aRow;
      const right = b + begin * bRow;
      return [left, aRow, aScalar, right, bRow, bScalar, target, end - begin, columns];
    });
  }
}

/** How many short rows to treat as one, with the repeating operand written out as often. */
function joinedRows({ rows, columns, aScalar, bScalar, aRow, bRow }: Rows): number {
  const oneRepeats = (aRow === 0) !== (bRow === 0);
  if (aScalar || bScalar || !oneRepeats || columns >= shortRow) return 1;
  let joined = 4;
  while (joined * columns < shortRow) joined *= 2;
  return joined <= rows ? joined : 1;
}

/** Runs on several short rows at a time, for which it writes out the repeating operand. */
function runJoined(
  backend: SimdBackend,
  functionName: string,
  parameters: Rows,
  joined: number,
): void {
  const { a, aRow, b, bRow, out, rows, columns } = parameters;
  const aRepeats = aRow === 0;
  const { heap } = backend;
  const rowBytes = columns * elementBytes;
  const written = heap.allocate(joined * rowBytes);
  const repeating = aRepeats ? a : b;
  for (let copy = 0; copy < joined; copy++) {
    heap.uint8.copyWithin(written + copy * rowBytes, repeating, repeating + rowBytes);
  }
  const groups = Math.floor(rows / joined);
  runLongRows(backend, functionName, {
    ...parameters,
    a: aRepeats ? written : a,
    b: aRepeats ? b : written,
    aRow: aRow * joined,
    bRow: bRow * joined,
    rows: groups,
    columns: columns * joined,
  });
  const done = groups * joined;
  runLongRows(backend, functionName, {
    ...parameters,
    a: a + done * aRow,
    b: b + done * bRow,
    out: out + done * rowBytes,
    rows: rows - done,
  });
  heap.free(written);
}

/** Rows are summed in at most so many parts, of at least so many rows each, whatever the threads. */
const mostParts = 64;
const leastRows = 64;
const doubleBytes = 8;

/** Runs a function that leaves `width` sums of some rows, as doubles, and gives those of all rows. */
export function sumInParts(
  backend: SimdBackend,
  functionName: string,
  { rows, width }: { rows: number; width: number },
  callFor: (begin: number, end: number, totals: number) => Call,
): Float64Array {
  const parts = cut(rows, Math.min(mostParts, Math.ceil(rows / leastRows)));
  // Totals that threads write to lie on cache lines of their own.
  const bytes = Math.ceil((width * doubleBytes) / 64) * 64;
  return withScratch(backend, parts.length * bytes, (scratch) => {
    const calls = parts.map(({ begin, end }, part) => callFor(begin, end, scratch + part * bytes));
    backend.run(functionName, calls);
    const sums = new Float64Array(width);
    for (let part = 0; part < parts.length; part++) {
      const totals = new Float64Array(backend.heap.memory.buffer, scratch + part * bytes, width);
      for (let index = 0; index < width; index++) sums[index]! += totals[index]!;
    }
    return sums;
  });
}
