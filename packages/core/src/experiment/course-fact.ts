/** A figure that the course reports, to stand beside ours. */
export interface CourseFact {
  /** What it is of, for people: `3-NN, test digits`. */
  readonly name: string;
  readonly value: number;
  /** What the value is a part of, where it is a count of what is right. */
  readonly total?: number;
  /** What it is measured in, such as `min`. */
  readonly unit?: string;
}

/** All that the course reports of a project, by name. */
export type CourseFacts = Readonly<Record<string, CourseFact>>;
