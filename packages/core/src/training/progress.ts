/** How fast examples are trained on, as a mean that forgets with a time constant of five seconds. */
export class TrainingRate {
  #examples = 0;
  #seconds = 0;

  add(examples: number, seconds: number): void {
    const kept = Math.exp(-seconds / 5);
    this.#examples = this.#examples * kept + examples;
    this.#seconds = this.#seconds * kept + seconds;
  }

  /** Examples per second; 0 before the first batch. */
  get examplesPerSecond(): number {
    return this.#seconds > 0 ? this.#examples / this.#seconds : 0;
  }
}
