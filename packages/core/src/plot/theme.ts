import { interpolateTurbo } from 'd3-scale-chromatic';

/** The one look of every chart: dark text on white, light lines, colours safe for colour-blind eyes. */
export const theme = {
  background: '#ffffff',
  ink: '#1f2933',
  muted: '#52606d',
  axis: '#9aa5b1',
  grid: '#e4e7eb',
  missing: '#f0f2f4',
  fontFamily: "Inter, system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif",
  titleSize: 16,
  textSize: 12,
  tickSize: 11,
} as const;

/** Okabe and Ito's palette (2008) without yellow, which is too light for lines on white. */
const fewColors = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#333333'];

/** The ten of Petroff, "Accessible color sequences for data visualization" (2021). */
const tenColors = [
  '#3f90da',
  '#ffa90e',
  '#bd1f01',
  '#94a4a2',
  '#832db6',
  '#a96b59',
  '#e76300',
  '#b9ac70',
  '#717581',
  '#92dadd',
];

/** Colours for `count` categories: well apart up to ten, a rainbow beyond. */
export function categoryColors(count: number): readonly string[] {
  if (count <= fewColors.length) return fewColors.slice(0, count);
  if (count <= tenColors.length) return tenColors.slice(0, count);
  return Array.from({ length: count }, (_, index) => interpolateTurbo((index + 0.5) / count));
}
