/** Sums of figures over examples. */
export class Sums {
  #sums: number[];
  #examples: number;

  constructor(
    readonly names: readonly string[],
    sums: Readonly<Record<string, number>> = {},
    examples = 0,
  ) {
    this.#sums = names.map((name) => sums[name] ?? 0);
    this.#examples = examples;
  }

  get examples(): number {
    return this.#examples;
  }

  /** Takes in the means of so many examples, in the order of the names. */
  add(means: ArrayLike<number>, examples: number): void {
    for (let index = 0; index < this.#sums.length; index++) {
      this.#sums[index]! += means[index]! * examples;
    }
    this.#examples += examples;
  }

  sums(): Record<string, number> {
    return Object.fromEntries(this.names.map((name, index) => [name, this.#sums[index]!]));
  }

  means(): Record<string, number> {
    const examples = Math.max(1, this.#examples);
    return Object.fromEntries(
      this.names.map((name, index) => [name, this.#sums[index]! / examples]),
    );
  }
}
