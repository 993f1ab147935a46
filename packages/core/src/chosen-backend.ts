/** The backends that nn-lab knows how to start. */
export type BackendName = 'tensorflow' | 'simd' | 'cpu' | 'webgpu' | 'webgl';

/** The backend that tfjs computes with from now on. */
export interface ChosenBackend {
  readonly name: BackendName;
  /** For people: "WebAssembly SIMD". */
  readonly description: string;
  /** Threads it computes with; 1 where it does not say. */
  readonly threads: number;
  /** The way to a faster one, if there is any. */
  readonly hint: string | undefined;
  /** Faster ones that are installed but did not start: a line each, with what would help. */
  readonly notes: readonly string[];
}
