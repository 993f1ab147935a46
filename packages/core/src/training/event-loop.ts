/**
 * Lets the host's event loop run while a long computation goes on, so that Ctrl-C, timers and
 * drawing get their turn.
 *
 * A message to oneself costs some microseconds and lets a browser draw and listen. Node however
 * hands out such messages without looking at its timers and signals, so every quarter of a second
 * a timer takes the message's place, which costs one millisecond there and four in a browser.
 * (Animation frames would stop in a hidden tab.)
 */
export class EventLoopTurns {
  #channel: MessageChannel | undefined;
  #resolve: (() => void) | undefined;
  #lastTurn = performance.now();
  #lastTimer = performance.now();

  /** Gives a turn when it is time for one. */
  async give(): Promise<void> {
    const now = performance.now();
    if (now - this.#lastTurn < 16) return;
    if (now - this.#lastTimer < 250) {
      await this.#message();
    } else {
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
      this.#lastTimer = performance.now();
    }
    this.#lastTurn = performance.now();
  }

  #message(): Promise<void> {
    if (!this.#channel) {
      this.#channel = new MessageChannel();
      this.#channel.port1.onmessage = () => this.#resolve?.();
    }
    const { port2 } = this.#channel;
    return new Promise((resolve) => {
      this.#resolve = resolve;
      port2.postMessage(null);
    });
  }

  /** An open channel would keep a Node process alive. */
  dispose(): void {
    this.#channel?.port1.close();
    this.#channel = undefined;
  }
}
