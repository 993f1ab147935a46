import { theme } from './theme.js';

/** Dark or white text, whichever has the higher contrast on the colour (WCAG 2's relative luminance). */
export function readableOn(color: string): string {
  const [red, green, blue] = rgbOf(color).map((channel) => {
    const value = channel / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return luminance > 0.22 ? theme.ink : theme.background;
}

/** Red, green and blue, 0 to 255, of `#rrggbb` or `rgb(r, g, b)`; white for any other writing. */
export function rgbOf(color: string): [number, number, number] {
  const hex = /^#([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i.exec(color);
  if (hex) return hex.slice(1).map((part) => Number.parseInt(part, 16)) as [number, number, number];
  const rgb = /^rgb\((\d+), *(\d+), *(\d+)\)$/.exec(color);
  return rgb ? (rgb.slice(1).map(Number) as [number, number, number]) : [255, 255, 255];
}
