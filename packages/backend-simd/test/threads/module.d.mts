import type { WasmBuilds } from '../../src/index.js';

/** Both builds, as `compileWasm` takes them; they are the same. */
export function buildTestModule(): Promise<WasmBuilds>;
