import { printableLine } from './printable.js';

export { printableLine };

/**
 * A duration for people: `0.4 s`, `12 s`, `3 min 20 s`, `1 h 05 min`, `2 d 03 h`.
 *
 * @param seconds zero or more; anything else gives `?`.
 */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '?';
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${twoDigits(whole % 60)} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} min`;
  const hours = Math.round(minutes / 60);
  return `${Math.floor(hours / 24)} d ${twoDigits(hours % 24)} h`;
}

/** A size for people, in powers of 1,024: `512 B`, `1.5 KiB`, `139 MiB`. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return '?';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1023.5 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || Math.abs(value) >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/** A whole number with thousands separated: `18,000`. */
export function formatCount(count: number): string {
  return Number.isFinite(count) ? Math.round(count).toLocaleString('en-US') : '?';
}

/**
 * A count with what is counted: `1 picture`, `2,000 pictures`, `8 searches`.
 *
 * @param noun in the singular, of a regular plural.
 */
export function formatQuantity(count: number, noun: string): string {
  return `${formatCount(count)} ${count === 1 ? noun : pluralOf(noun)}`;
}

/** `epoch` to `epochs`, `search` to `searches`; a sign such as `%` stays as it is. */
export function pluralOf(noun: string): string {
  if (!/[a-z]$/i.test(noun)) return noun;
  return `${noun}${/(s|x|sh|[^o]ch)$/.test(noun) ? 'es' : 's'}`;
}

/**
 * A measured number with a sensible count of digits: `0.0001234` to `1.23e-4`, `4.567` to `4.57`,
 * `1234.5` to `1,235`.
 */
export function formatNumber(value: number, significantDigits = 3): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return '0';
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  if (magnitude < -3) return value.toExponential(significantDigits - 1);
  if (magnitude >= significantDigits) return formatCount(value);
  return value.toFixed(Math.max(0, significantDigits - 1 - magnitude));
}

/** A fraction as a percentage: `0.9466` to `94.7 %`. */
export function formatPercent(fraction: number, digits = 1): string {
  return Number.isFinite(fraction) ? `${(fraction * 100).toFixed(digits)} %` : '?';
}

/**
 * Plain rows in aligned columns, two spaces apart. A column in which every cell is a number is
 * aligned right.
 */
export function formatTable(
  rows: readonly (readonly (string | number)[])[],
  options: { readonly header?: readonly string[]; readonly indent?: number } = {},
): string {
  const { header, indent = 0 } = options;
  const cells = rows.map((row) => row.map((cell) => printableLine(String(cell))));
  const columns = Math.max(header?.length ?? 0, ...cells.map((row) => row.length), 0);
  const numeric = Array.from({ length: columns }, (_, column) =>
    cells.every((row) => /^[-+]?[\d.,]*\s?%?$/.test(row[column] ?? '')),
  );
  const all = header ? [[...header], ...cells] : cells;
  const widths = numeric.map((_, column) =>
    Math.max(...all.map((row) => [...(row[column] ?? '')].length)),
  );
  const lines = all.map((row) =>
    row
      .map((cell, column) => {
        const space = ' '.repeat(widths[column]! - [...cell].length);
        return numeric[column] ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd(),
  );
  if (header) lines.splice(1, 0, widths.map((width) => '-'.repeat(width)).join('  '));
  return lines.map((line) => ' '.repeat(indent) + line).join('\n');
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
