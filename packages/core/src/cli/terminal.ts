import { printable, printableLine } from '../printable.js';

/** The part of a Node stream that the frame writes to. */
export interface CliStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string, written?: (error?: Error | null) => void): boolean;
}

/** People's side of a program: lines on stderr, and at most one progress bar below them. */
export class Terminal {
  quiet = false;
  private occupant: { redraw(): void } | undefined;

  constructor(
    readonly stderr: CliStream,
    private readonly env: Readonly<Record<string, string | undefined>>,
  ) {}

  /** True where a line can be drawn over: a real terminal, and not a log of a build machine. */
  get interactive(): boolean {
    return this.stderr.isTTY === true && this.env.TERM !== 'dumb' && !this.env.CI;
  }

  /** Width in characters; 80 where none is known (task runners' terminals say 0). */
  get columns(): number {
    return this.stderr.columns || Number(this.env.COLUMNS) || 80;
  }

  /** Writes one line, above the progress bar where there is one. */
  line(text: string): void {
    this.write(printableLine(text));
  }

  /** The same with a text of several lines. */
  block(text: string): void {
    this.write(printable(text));
  }

  private write(text: string): void {
    if (!this.occupant) {
      this.stderr.write(`${text}\n`);
      return;
    }
    this.stderr.write(`\r\u001b[K${text}\n`);
    this.occupant.redraw();
  }

  /** Puts a bar at the bottom; the returned function takes it away. */
  occupy(occupant: { redraw(): void }): () => void {
    this.occupant = occupant;
    return () => {
      if (this.occupant === occupant) this.occupant = undefined;
    };
  }
}
