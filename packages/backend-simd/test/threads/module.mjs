// A small module for the tests of the threads, compiled when they run.
import asc from 'assemblyscript/asc';

const source = `
/** Adds to a counter. */
export function count(counter: usize, amount: i32): void {
  atomic.add<i32>(counter, amount);
}

/** Stores a number the plain way. */
export function put(address: usize, value: i32): void {
  store<i32>(address, value);
}

/** Copies by the bulk instruction, which has bounds checks of its own. */
export function copy(target: usize, source: usize, bytes: usize): void {
  memory.copy(target, source, bytes);
}

/** Fills its scratch, works on and tells where the scratch is: 0 if somebody else wrote to it. */
export function useScratch(out: usize, mark: i32, words: i32, scratch: usize): void {
  for (let i = 0; i < words; i++) store<i32>(scratch + (<usize>i << 2), mark);
  let same = true;
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < words; i++) same = same && load<i32>(scratch + (<usize>i << 2)) == mark;
  }
  store<i32>(out, same ? <i32>scratch : 0);
}

/** Traps where the two numbers are equal. */
export function failAt(index: i32, bad: i32): void {
  if (index == bad) unreachable();
}

/** Waits, on the first thread, until another has come; that one traps if it is to. */
export function meet(arrived: usize, traps: i32, first: usize, scratch: usize): void {
  if (scratch != first) {
    atomic.store<i32>(arrived, 1);
    if (traps) unreachable();
    return;
  }
  while (!atomic.load<i32>(arrived)) {}
}

/** The same, but the other never returns. */
export function strand(arrived: usize, first: usize, scratch: usize): void {
  if (scratch == first) {
    while (!atomic.load<i32>(arrived)) {}
    return;
  }
  while (true) atomic.store<i32>(arrived, 1);
}
`;

/** Both builds, as `compileWasm` takes them; they are the same. */
export async function buildTestModule() {
  const options = ['-O3', '--noAssert', '--runtime', 'stub', '--use', 'abort=', '--importMemory'];
  const memory = ['--noExportMemory', '--sharedMemory', '--maximumMemory', '65536'];
  let wasm;
  const { error, stderr } = await asc.main(
    ['source.ts', ...options, ...memory, '--enable', 'threads', '--outFile', 'module.wasm'],
    {
      readFile: (name) => (name === 'source.ts' ? source : null),
      listFiles: () => [],
      writeFile(name, contents) {
        if (name === 'module.wasm') wasm = contents;
      },
    },
  );
  if (error) throw new Error(`${stderr}`, { cause: error });
  const text = Buffer.from(wasm).toString('base64');
  return { plain: text, relaxed: text };
}
