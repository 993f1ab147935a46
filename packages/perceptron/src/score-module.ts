/*
 * Nearly all the time of training goes into scores, rows times weights, and the rest into adding
 * rows to weights. This file writes, byte by byte, a WebAssembly module that does both. Scores it
 * computes two classes at a time (SIMD on doubles), with one
 * accumulator for each pair of classes. Each score is summed over the features in their order, as a
 * plain loop would, so that both give the same bits. (Two rows at a time, which would load weights
 * half as often, were measured to be slower. Binary format: WebAssembly Core Specification 2.0, chapter 5; opcodes of vector
 * instructions in section 5.4.8.)
 */

/** Pairs of classes that are summed side by side: few enough for the registers. */
const pairsAtOnce = 6;

/**
 * A module with two functions, over addresses in the imported `env.memory`:
 *
 * - `score(x, xEnd, rowBytes, weights, scores)`: for each row of doubles from `x` to `xEnd` writes a
 *   row of scores;
 * - `addRow(x, xEnd, target, factor)`: adds each double from `x` to `xEnd`, times the factor, to one
 *   of each row of weights, the first of which is at `target`.
 *
 * @param pairs - Pairs of classes: a row of weights, one for each feature, and a row of scores are
 * `2 * pairs` doubles.
 */
export function encodeScoreModule(pairs: number): Uint8Array<ArrayBuffer> {
  const i32 = 0x7f;
  const f64 = 0x7c;
  const v128 = 0x7b;
  const type = (parameters: readonly number[]) => [0x60, ...sized(parameters), 0x00];
  const locals = list([
    [...unsigned(addressLocals), i32],
    [...unsigned(1 + pairsAtOnce), v128],
  ]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // "\0asm", version 1
    ...section(1, list([type([i32, i32, i32, i32, i32]), type([i32, i32, i32, f64])])),
    ...section(2, list([[...text('env'), ...text('memory'), 0x02, 0x00, 0x01]])),
    ...section(3, list([[0x00], [0x01]])),
    ...section(
      7,
      list([
        [...text('score'), 0x00, 0x00],
        [...text('addRow'), 0x00, 0x01],
      ]),
    ),
    ...section(
      10,
      list([
        sized([...locals, ...scoreBody(pairs), op.end]),
        sized([...list([]), ...addRowBody(pairs), op.end]),
      ]),
    ),
  ]);
}

/** Numbers of the parameters and of the local variables that hold addresses. */
const local = { x: 0, xEnd: 1, rowBytes: 2, weights: 3, scores: 4, rowEnd: 5, at: 6, w: 7 };
const addressLocals = 3;
/** Numbers of the local variables that hold pairs of doubles. */
const value = 8;
const sum = (pair: number) => 9 + pair;

const op = {
  loop: [0x03, 0x40],
  end: 0x0b,
  branchIf: [0x0d, 0x00],
  get: (index: number) => [0x20, ...unsigned(index)],
  set: (index: number) => [0x21, ...unsigned(index)],
  tee: (index: number) => [0x22, ...unsigned(index)],
  constant: (number: number) => [0x41, ...signed(number)],
  add: 0x6a,
  less: 0x49,
  load: (offset: number) => [0xfd, 0x00, 0x03, ...unsigned(offset)],
  loadBoth: [0xfd, 0x0a, 0x03, 0x00],
  store: (offset: number) => [0xfd, 0x0b, 0x03, ...unsigned(offset)],
  zero: [0xfd, 0x0c, ...new Array<number>(16).fill(0)],
  addDoubles: [0xfd, 0xf0, 0x01],
  multiplyDoubles: [0xfd, 0xf2, 0x01],
  loadOne: [0x2b, 0x03, 0x00],
  storeOne: [0x39, 0x03, 0x00],
  addOne: 0xa0,
  multiplyOne: 0xa2,
};

function advance(variable: number, bytes: number): number[] {
  return [...op.get(variable), ...op.constant(bytes), op.add, ...op.set(variable)];
}

function scoreBody(pairs: number): number[] {
  const body: number[] = [
    ...op.loop, // for each row
    ...op.get(local.x),
    ...op.get(local.rowBytes),
    op.add,
    ...op.set(local.rowEnd),
  ];
  for (let first = 0; first < pairs; first += pairsAtOnce) {
    const block = Array.from({ length: Math.min(pairsAtOnce, pairs - first) }, (_, pair) => pair);
    body.push(
      ...op.get(local.x),
      ...op.set(local.at),
      ...op.get(local.weights),
      ...op.constant(16 * first),
      op.add,
      ...op.set(local.w),
      ...block.flatMap((pair) => [...op.zero, ...op.set(sum(pair))]),
      ...op.loop, // for each feature
      ...op.get(local.at),
      ...op.loadBoth,
      ...op.set(value),
      ...block.flatMap((pair) => [
        ...op.get(sum(pair)),
        ...op.get(value),
        ...op.get(local.w),
        ...op.load(16 * pair),
        ...op.multiplyDoubles,
        ...op.addDoubles,
        ...op.set(sum(pair)),
      ]),
      ...advance(local.w, 16 * pairs),
      ...op.get(local.at),
      ...op.constant(8),
      op.add,
      ...op.tee(local.at),
      ...op.get(local.rowEnd),
      op.less,
      ...op.branchIf,
      op.end,
      ...block.flatMap((pair) => [
        ...op.get(local.scores),
        ...op.get(sum(pair)),
        ...op.store(16 * (first + pair)),
      ]),
    );
  }
  body.push(
    ...advance(local.scores, 16 * pairs),
    ...op.get(local.rowEnd),
    ...op.tee(local.x),
    ...op.get(local.xEnd),
    op.less,
    ...op.branchIf,
    op.end,
  );
  return body;
}

function addRowBody(pairs: number): number[] {
  const [x, xEnd, target, factor] = [0, 1, 2, 3];
  return [
    ...op.loop, // for each feature
    ...op.get(target),
    ...op.get(target),
    ...op.loadOne,
    ...op.get(factor),
    ...op.get(x),
    ...op.loadOne,
    op.multiplyOne,
    op.addOne,
    ...op.storeOne,
    ...advance(target, 16 * pairs),
    ...op.get(x),
    ...op.constant(8),
    op.add,
    ...op.tee(x),
    ...op.get(xEnd),
    op.less,
    ...op.branchIf,
    op.end,
  ];
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...sized(content)];
}

function sized(content: readonly number[]): number[] {
  return [...unsigned(content.length), ...content];
}

function list(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function text(characters: string): number[] {
  return sized(Array.from(characters, (character) => character.charCodeAt(0)));
}

/** LEB128: seven bits a byte, the lowest first, the eighth bit says that more follow. */
function unsigned(number: number): number[] {
  const bytes: number[] = [];
  let rest = number;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return [...bytes, rest];
}

/** LEB128 of a whole number of 0 or more where a signed one is read: its last byte is below 0x40. */
function signed(number: number): number[] {
  const bytes: number[] = [];
  let rest = number;
  for (; rest >= 0x40; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return [...bytes, rest];
}
