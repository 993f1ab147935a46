/** The one look of every report: light and dark, on a screen, a telephone and paper. */
export const styles = `
:root {
  color-scheme: light dark;
  --ground: #fbfaf8; --card: #ffffff; --ink: #1d252c; --muted: #5b6771; --line: #e2dfd9;
  --accent: #0b6e4f; --accent-ground: #e3f3ec; --stripe: #f5f3ef; --shadow: 0 1px 2px #0000000f, 0 4px 16px #0000000a;
  --sans: Inter, system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif;
  --serif: 'Iowan Old Style', 'Palatino Linotype', Palatino, 'Source Serif Pro', Georgia, serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14181c; --card: #1c2228; --ink: #e6e9ec; --muted: #9aa6b0; --line: #303940;
    --accent: #6fd3a8; --accent-ground: #17372b; --stripe: #20272d; --shadow: none;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; padding: clamp(1.25rem, 4vw, 4rem) clamp(1rem, 4vw, 2rem) 4rem;
  background: var(--ground); color: var(--ink);
  font: 1rem/1.6 var(--sans); font-variant-numeric: tabular-nums;
}
.page { max-width: 62rem; margin: 0 auto; }
h1, h2 { font-family: var(--serif); font-weight: 600; line-height: 1.2; text-wrap: balance; }
h1 { font-size: clamp(1.9rem, 4.5vw, 2.8rem); letter-spacing: -0.015em; margin: 0; }
h2 { font-size: 1.5rem; margin: 3.5rem 0 1rem; }
p { max-width: 42rem; margin: 0 0 1rem; }
.subtitle { color: var(--muted); font-size: 1.1rem; margin: 0.6rem 0 0; }
nav { margin-top: 1.5rem; }
nav ol { list-style: none; display: flex; flex-wrap: wrap; gap: 0.3rem 1.4rem; margin: 0; padding: 0; }
a { color: var(--accent); text-underline-offset: 0.2em; text-decoration-thickness: 1px; }
a:focus-visible, .scroll:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; }

.summary { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(12.5rem, 100%), 1fr)); gap: 1rem; margin: 2.2rem 0 0; }
.summary > div { display: flex; flex-direction: column; background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1.1rem 1.25rem; box-shadow: var(--shadow); }
.summary dt { color: var(--muted); font-size: 0.875rem; }
.summary dd { margin: 0; }
.summary .value { font-size: 2.1rem; line-height: 1.25; font-weight: 650; letter-spacing: -0.02em; }
.summary .note { color: var(--muted); font-size: 0.875rem; }
.summary .better { border-top: 3px solid var(--accent); padding-top: calc(1.1rem - 2px); }

/* Read aloud, not drawn. */
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.mark { display: inline-block; white-space: nowrap; color: var(--accent); background: var(--accent-ground); border-radius: 99px; padding: 0 0.55em; font-size: 0.75rem; line-height: 1.55; font-weight: 600; letter-spacing: 0.01em; vertical-align: 0.1em; }

.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); gap: 1.25rem; margin: 1.5rem 0; }
.figures.one { grid-template-columns: 1fr; }
figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 12px; overflow: hidden; box-shadow: var(--shadow); }
.picture { background: #ffffff; padding: 0.75rem; text-align: center; }
.picture svg, .picture img { display: block; margin: 0 auto; max-width: 100%; height: auto; }
.pixelated { image-rendering: pixelated; }
figcaption { padding: 0.75rem 1.1rem 0.9rem; color: var(--muted); font-size: 0.9rem; line-height: 1.5; border-top: 1px solid var(--line); }

.scroll { position: relative; overflow-x: auto; margin: 1.5rem 0; background: var(--card); border: 1px solid var(--line); border-radius: 12px; box-shadow: var(--shadow); }
table { border-collapse: collapse; width: 100%; font-size: 0.9375rem; }
caption { text-align: left; color: var(--muted); font-size: 0.9rem; padding: 0.9rem 1.1rem 0.5rem; }
th, td { padding: 0.5rem 1.1rem; text-align: left; vertical-align: baseline; }
thead th { font-size: 0.8125rem; font-weight: 600; color: var(--muted); border-bottom: 1px solid var(--line); white-space: nowrap; }
thead .measure { text-align: center; border-bottom: 0; padding-bottom: 0; color: var(--ink); }
tbody tr + tr > * { border-top: 1px solid var(--line); }
tbody tr:nth-child(even) { background: var(--stripe); }
tbody th { font-weight: 500; min-width: 9rem; }
.number { text-align: right; white-space: nowrap; }
.first-of-measure { border-left: 1px solid var(--line); }
.ours { font-weight: 650; }
.other, .unknown, .spread, .row-note { color: var(--muted); font-weight: 400; }
.row-note { display: block; font-size: 0.8125rem; }
.verdict { text-align: left; padding-left: 0; width: 1%; white-space: nowrap; }

.facts { display: grid; grid-template-columns: max-content 1fr; gap: 0.35rem 1.75rem; margin: 1.5rem 0; background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1.1rem 1.25rem; box-shadow: var(--shadow); font-size: 0.9375rem; }
.facts dt { color: var(--muted); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
footer { margin-top: 4rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--muted); font-size: 0.875rem; }
@media (max-width: 34rem) {
  .facts { grid-template-columns: 1fr; gap: 0; }
  .facts dd { margin-bottom: 0.6rem; }
  th, td { padding-inline: 0.75rem; }
}
@media (prefers-color-scheme: dark) {
  .picture { filter: brightness(0.93); }
}
@media print {
  :root {
    color-scheme: light;
    --ground: #ffffff; --card: #ffffff; --ink: #000000; --muted: #444444; --line: #bbbbbb;
    --accent: #0b6e4f; --accent-ground: #e3f3ec; --stripe: #ffffff; --shadow: none;
  }
  body { padding: 0; font-size: 10.5pt; }
  nav { display: none; }
  h2 { margin-top: 2rem; break-after: avoid; }
  figure, .summary, tr { break-inside: avoid; }
  .picture { filter: none; }
  .scroll { overflow: visible; }
  .mark { print-color-adjust: exact; -webkit-print-color-adjust: exact; border: 1px solid; }
}
@page { margin: 16mm; }
`;
