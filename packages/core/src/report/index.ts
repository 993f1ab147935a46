export type {
  ComparisonBlock,
  ComparisonMeasure,
  ComparisonRow,
  ComparisonValue,
  FactsBlock,
  FiguresBlock,
  ReportBlock,
  ReportFigure,
  ReportImage,
  ReportSection,
  SummaryFigure,
  TableBlock,
  TextBlock,
} from './blocks.js';
export { buildReport, type Report } from './build-report.js';
export { deviceFacts } from './device-facts.js';
