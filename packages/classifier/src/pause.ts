/** Time after which a long computation lets others have their turn, in milliseconds. */
const due = 50;

/** Lets timers, input and drawing have their turn now and then during long work. */
export class Pause {
  #last = performance.now();

  /** Waits for one turn of the event loop if the last one was long ago. */
  async ifDue(): Promise<void> {
    if (performance.now() - this.#last < due) return;
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
    this.#last = performance.now();
  }
}
