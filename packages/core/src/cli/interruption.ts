const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type StopSignal = keyof typeof exitCodes;

/**
 * A second signal sooner than this is the first one again: a task runner between the terminal and
 * the program gets Ctrl-C too and passes it on.
 */
const echoMilliseconds = 250;

/** Turns Ctrl-C, SIGTERM and a closed terminal into an abort, and a second one into an exit. */
export class Interruption {
  private readonly controller = new AbortController();
  private first: { readonly name: StopSignal; readonly at: number } | undefined;

  constructor(private readonly react: { stopping(): void; leave(exitCode: number): void }) {}

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** The exit code of the signal that came, or undefined while none has. */
  get exitCode(): number | undefined {
    return this.first && exitCodes[this.first.name];
  }

  listen(): void {
    for (const name of Object.keys(exitCodes)) process.on(name, this.handle);
  }

  stopListening(): void {
    for (const name of Object.keys(exitCodes)) process.off(name, this.handle);
  }

  private readonly handle = (name: StopSignal): void => {
    if (!this.first) {
      this.first = { name, at: performance.now() };
      this.react.stopping();
      this.controller.abort(new DOMException(`Stopped by ${name}`, 'AbortError'));
    } else if (performance.now() - this.first.at > echoMilliseconds) {
      this.react.leave(exitCodes[name]);
    }
  };
}
