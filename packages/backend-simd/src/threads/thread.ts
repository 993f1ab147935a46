/** Words of the control block, which all threads of a pool share. */
export interface ControlWords {
  /** The job at hand, and the next of its calls that nobody has taken: job * callsAtOnce + call. */
  readonly ticket: number;
  /** How many calls the job has. */
  readonly calls: number;
  /** How many of them have returned. */
  readonly done: number;
  /** Which function the job calls: its index among the names of the exports, sorted. */
  readonly function: number;
  /** How many arguments each call has. */
  readonly parameters: number;
  /** Address of the scratch of the first thread, and bytes of each; an argument more if the bytes are not 0. */
  readonly scratch: number;
  readonly scratchBytes: number;
  /** How many threads sleep. */
  readonly sleepers: number;
  /** 1 once a call has thrown; its message follows as UTF-16 units, length first. */
  readonly failed: number;
  readonly message: number;
}

/** What a thread is started with. */
export interface ThreadData {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: Int32Array;
  /** The arguments of every call of the job, one call after the other. */
  readonly parameters: Float64Array;
  readonly words: ControlWords;
  readonly callsAtOnce: number;
  /** This thread, from 1; 0 is the one that started them. */
  readonly thread: number;
  /** How long it looks for the next job before it sleeps. */
  readonly spinMilliseconds: number;
}

/**
 * What a thread runs, until it is ended from outside: it takes calls of the job at hand while there
 * are any, and sleeps while there are none.
 *
 * Its text is what the thread gets: it uses nothing but its parameters and the globals that every
 * runtime has.
 */
export function threadMain(data: ThreadData, ready: () => void): void {
  const { module, memory, control, parameters, words, callsAtOnce, thread } = data;
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  const functions = Object.keys(instance.exports)
    .sort()
    .map((name) => instance.exports[name] as (...parameters: number[]) => unknown);
  ready();

  for (;;) {
    const ticket = nextTicket();
    const call = ticket % callsAtOnce;
    const list = callArguments(call);
    const run = functions[Atomics.load(control, words.function)];
    const calls = Atomics.load(control, words.calls);
    // Fails if the job has changed meanwhile: then nothing that was read above counts.
    if (Atomics.compareExchange(control, words.ticket, ticket, ticket + 1) !== ticket) continue;
    try {
      run!(...list);
    } catch (error) {
      report(error);
    }
    if (Atomics.add(control, words.done, 1) + 1 === calls) Atomics.notify(control, words.done);
  }

  function nextTicket(): number {
    let deadline = 0;
    for (let round = 1; ; round++) {
      const ticket = Atomics.load(control, words.ticket);
      if (ticket % callsAtOnce < Atomics.load(control, words.calls)) return ticket;
      if (round % 64 !== 0) continue;
      const now = performance.now();
      if (deadline === 0) deadline = now + data.spinMilliseconds;
      if (now < deadline) continue;
      Atomics.add(control, words.sleepers, 1);
      Atomics.wait(control, words.ticket, ticket);
      Atomics.sub(control, words.sleepers, 1);
      deadline = 0;
    }
  }

  function callArguments(call: number): number[] {
    const count = Atomics.load(control, words.parameters);
    const list: number[] = [];
    for (let index = 0; index < count; index++) list.push(parameters[call * count + index]!);
    const scratchBytes = control[words.scratchBytes]! >>> 0;
    if (scratchBytes > 0) list.push((control[words.scratch]! >>> 0) + thread * scratchBytes);
    return list;
  }

  /** The first that fails is the one that is heard of. */
  function report(error: unknown): void {
    if (Atomics.compareExchange(control, words.failed, 0, 1) !== 0) return;
    const text = String(error).slice(0, control.length - words.message - 1);
    control[words.message] = text.length;
    for (let index = 0; index < text.length; index++) {
      control[words.message + 1 + index] = text.charCodeAt(index);
    }
  }
}
