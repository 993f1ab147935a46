import { SingleBar } from 'cli-progress';
import { formatCount, formatDuration, formatNumber, pluralOf } from '../format.js';
import { printableLine } from '../printable.js';
import type { Terminal } from './terminal.js';

/** Options of {@link CliContext.progress}. */
export interface CliProgressOptions {
  /** What is being counted, in the singular: `image`, `batch`. */
  readonly unit?: string;
  /** Where the count stands already, after a resume; the rate leaves it out. Default 0. */
  readonly start?: number;
  /** Least time between two plain lines where there is no terminal, in seconds. Default 10. */
  readonly lineInterval?: number;
}

/** A progress display that a command drives. It is stopped with the command at the latest. */
export interface CliProgress {
  /** Moves to `value` of `total`; `note` is a short text beside it, such as `loss 0.123`. */
  update(value: number, note?: string): void;
  /** Moves forward by `count`, 1 unless told. */
  advance(count?: number, note?: string): void;
  /** Takes the display down, leaving its last state as one line. Calling it again does nothing. */
  stop(): void;
}

/** A display for the terminal at hand: a bar on a terminal, plain lines elsewhere, or nothing. */
export function createProgress(
  terminal: Terminal,
  label: string,
  total: number,
  options: CliProgressOptions = {},
): CliProgress {
  const shown = printableLine(label);
  const count = new Count(total, options.start ?? 0, options.unit ?? '');
  if (terminal.quiet) return withAdvance(count, { shown: () => {}, stopped: () => {} });
  return withAdvance(
    count,
    terminal.interactive
      ? barDisplay(terminal, shown, count)
      : lineDisplay(terminal, shown, count, options.lineInterval ?? 10),
  );
}

interface Display {
  shown(): void;
  stopped(): void;
}

function withAdvance(count: Count, display: Display): CliProgress {
  let running = true;
  const progress: CliProgress = {
    update(value, note) {
      if (!running) return;
      count.moveTo(value, note);
      display.shown();
    },
    advance(step = 1, note) {
      progress.update(count.value + step, note);
    },
    stop() {
      if (!running) return;
      running = false;
      display.stopped();
    },
  };
  return progress;
}

function barDisplay(terminal: Terminal, label: string, count: Count): Display {
  const bar = new SingleBar({
    stream: terminal.stderr as NodeJS.WritableStream,
    format: (settings, _params, payload: { note: string }) => {
      const room = terminal.columns - 1;
      const text = ` ${count.percentage()}  ${count.summary()}${payload.note && `  ${payload.note}`}`;
      const width = Math.max(0, Math.min(30, room - label.length - 1 - text.length));
      const filled = Math.round(count.fraction * width);
      const drawn =
        settings.barCompleteString!.slice(0, filled) +
        settings.barIncompleteString!.slice(0, width - filled);
      return `${label} ${drawn}${text}`.slice(0, room);
    },
    barCompleteChar: '█',
    barIncompleteChar: '░',
    fps: 8,
    forceRedraw: true,
    emptyOnZero: true,
    gracefulExit: false,
    linewrap: null,
  });
  bar.start(count.total, count.value, { note: '' });
  const release = terminal.occupy({
    redraw: () => {
      // cli-progress returns to the position saved here when it stops.
      terminal.stderr.write('\u001b7');
      bar.render();
    },
  });
  return {
    shown: () => bar.update(count.value, { note: count.note }),
    stopped: () => {
      release();
      bar.stop();
    },
  };
}

function lineDisplay(terminal: Terminal, label: string, count: Count, interval: number): Display {
  let lastLine = performance.now();
  let lastValue = Number.NaN;
  const write = () => {
    lastLine = performance.now();
    lastValue = count.value;
    const note = count.note && `  ${count.note}`;
    terminal.line(`${label} ${count.percentage().trimStart()}  ${count.summary()}${note}`);
  };
  return {
    shown: () => {
      if (performance.now() - lastLine >= interval * 1000) write();
    },
    stopped: () => {
      if (count.value !== lastValue) write();
    },
  };
}

/** Where a piece of work stands, how fast it goes, and how long it will still take. */
class Count {
  value: number;
  note = '';
  private readonly began = performance.now();
  private readonly recent: { readonly at: number; readonly value: number }[];

  constructor(
    readonly total: number,
    private readonly start: number,
    private readonly unit: string,
  ) {
    this.value = start;
    this.recent = [{ at: this.began, value: start }];
  }

  get fraction(): number {
    return this.total > 0 ? Math.min(1, Math.max(0, this.value / this.total)) : 0;
  }

  moveTo(value: number, note: string | undefined): void {
    this.value = Math.min(value, this.total);
    if (note !== undefined) this.note = printableLine(note);
    const now = performance.now();
    if (now - this.recent.at(-1)!.at < 200) return;
    this.recent.push({ at: now, value: this.value });
    // The rate of the last half minute: it follows a machine that becomes busy, and does not jump.
    while (this.recent.length > 2 && now - this.recent[1]!.at > 30_000) this.recent.shift();
  }

  percentage(): string {
    return `${String(Math.floor(this.fraction * 100)).padStart(3)} %`;
  }

  /** `12,000/48,000 images  812/s  44 s left` */
  summary(): string {
    const counted = `${formatCount(this.value)}/${formatCount(this.total)}`;
    const unit = this.total === 1 ? this.unit : pluralOf(this.unit);
    const parts = [unit ? `${counted} ${unit}` : counted];
    const elapsed = (performance.now() - this.began) / 1000;
    if (this.value >= this.total) {
      const rate = (this.value - this.start) / elapsed;
      if (rate > 0 && elapsed > 0.5) parts.push(`${formatNumber(rate)}/s`);
      parts.push(`in ${formatDuration(elapsed)}`);
    } else {
      const rate = this.rate();
      if (rate > 0) {
        parts.push(`${formatNumber(rate)}/s`);
        parts.push(`${formatDuration((this.total - this.value) / rate)} left`);
      }
    }
    return parts.join('  ');
  }

  private rate(): number {
    const oldest = this.recent[0]!;
    const seconds = (performance.now() - oldest.at) / 1000;
    return seconds > 0.2 ? (this.value - oldest.value) / seconds : 0;
  }
}
