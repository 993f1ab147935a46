const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** A number for people: at most `digits` significant digits, thousands apart, powers of ten for the far ends. */
export function formatNumber(value: number, digits = 4): string {
  const size = Math.abs(value);
  if (value !== 0 && (size < 1e-4 || size >= 1e7)) {
    const [mantissa, exponent] = value.toExponential(digits - 1).split('e') as [string, string];
    const significand = mantissa.replace(/\.?0+$/, '');
    return writePower(significand, Number(exponent));
  }
  const rounded = Number(value.toPrecision(digits));
  const [whole, fraction] = String(Math.abs(rounded)).split('.') as [string, string?];
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return `${rounded < 0 ? '−' : ''}${grouped}${fraction ? `.${fraction}` : ''}`;
}

/** A number as a power of ten: `10⁻³`, `2·10⁵`. */
export function formatPower(value: number): string {
  const [mantissa, exponent] = value.toExponential().split('e') as [string, string];
  return writePower(mantissa, Number(exponent));
}

/**
 * One way to write all of the values: whole ones as such, others with as many decimals as give the
 * largest three significant digits.
 */
export function commonFormat(values: readonly number[]): (value: number) => string {
  const shown = values.filter(Number.isFinite);
  if (shown.every(Number.isInteger)) return (value) => formatNumber(value, 12);
  const largest = shown.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const decimals = 2 - Math.floor(Math.log10(largest));
  if (decimals > 6 || decimals < -3) return (value) => formatNumber(value, 3);
  return (value) => {
    const [whole, fraction] = Math.abs(value).toFixed(Math.max(0, decimals)).split('.');
    const sign = value < 0 ? '−' : '';
    return `${sign}${formatNumber(Number(whole), 12)}${fraction ? `.${fraction}` : ''}`;
  };
}

function writePower(significand: string, exponent: number): string {
  const power = `10${superscript(exponent)}`;
  if (significand === '1') return power;
  return `${significand.replace('-', '−')}·${power}`;
}

function superscript(exponent: number): string {
  const digits = [...String(Math.abs(exponent))].map((digit) => superscripts[Number(digit)]);
  return (exponent < 0 ? '⁻' : '') + digits.join('');
}
