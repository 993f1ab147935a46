import type { Svg } from '../plot/svg.js';

/** A titled part of a report. */
export interface ReportSection {
  readonly title: string;
  readonly blocks: readonly ReportBlock[];
}

/** A piece of a section. */
export type ReportBlock = TextBlock | FiguresBlock | TableBlock | ComparisonBlock | FactsBlock;

/** Plain paragraphs; an empty line parts them. */
export interface TextBlock {
  readonly kind: 'text';
  readonly text: string;
}

/** One or more pictures side by side, as the width allows. */
export interface FiguresBlock {
  readonly kind: 'figures';
  readonly figures: readonly ReportFigure[];
}

/** A picture with what it shows. */
export interface ReportFigure {
  /** A chart of the plot room, or the bytes of a picture. */
  readonly picture: Svg | ReportImage;
  /** Below the picture; plain text. */
  readonly caption?: string;
  /** What the picture shows, for who cannot see it. Default: the caption. */
  readonly description?: string;
}

/** A picture in one of the web's formats. */
export interface ReportImage {
  readonly type: 'image/png' | 'image/jpeg' | 'image/webp';
  readonly bytes: Uint8Array;
  /** Enlarges without smoothing, as fits pictures of few pixels. */
  readonly pixelated?: boolean;
  /** Width on the page, in CSS pixels; never more than the page has. Default: the picture's own. */
  readonly width?: number;
}

/** A plain table. */
export interface TableBlock {
  readonly kind: 'table';
  readonly caption?: string;
  readonly columns: readonly string[];
  /** Numbers are aligned right and kept as they are written. */
  readonly rows: readonly (readonly (string | number)[])[];
}

/** Our results beside the course's, with a mark wherever ours is better. */
export interface ComparisonBlock {
  readonly kind: 'comparison';
  readonly caption?: string;
  readonly measures: readonly ComparisonMeasure[];
  readonly rows: readonly ComparisonRow[];
  /** Whose results are beside ours. Default `Course`. */
  readonly other?: string;
}

/** What is compared. */
export interface ComparisonMeasure {
  /** `Test error`. */
  readonly name: string;
  /** `min`, `%`. */
  readonly unit?: string;
  readonly better: 'lower' | 'higher';
  /** Decimals shown; the comparison is made on what is shown. Default 2. */
  readonly digits?: number;
}

/** One experiment. */
export interface ComparisonRow {
  readonly name: string;
  /** A few lighter words below the name. */
  readonly note?: string;
  /** One for each measure. */
  readonly values: readonly ComparisonValue[];
}

/** A pair of results; what is unknown is left out. */
export interface ComparisonValue {
  readonly ours?: number;
  /** Half the width of an interval, or a standard deviation, shown after ours as `± 0.1`. */
  readonly spread?: number;
  readonly other?: number;
}

/** Labels with values, such as seed, device and time. */
export interface FactsBlock {
  readonly kind: 'facts';
  readonly facts: readonly (readonly [label: string, value: string | number])[];
}

/** A number in large type at the top. */
export interface SummaryFigure {
  /** `Mean error on the test set`. */
  readonly label: string;
  /** As it is to be read: `3.9 min`. */
  readonly value: string;
  /** A lighter line below: `course 11.71 min`. */
  readonly note?: string;
  /** Marks it as better than the course. */
  readonly better?: boolean;
}
