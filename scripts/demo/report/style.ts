/** The page's style: system fonts, light and dark, and ink-saving when printed. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f5f1; --card: #ffffff; --ink: #1d2329; --soft: #5c6670; --line: #dddbd3;
  --accent: #0b6e63; --accent-soft: #d9ece8; --bad: #b3261e; --bad-soft: #f8e0dd;
  --buyer: #1f5fbf; --prover: #0b6e63; --rival: #b3261e; --copier: #9a5b00; --forger: #7a3fa0; --operator: #5c6670;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161a; --card: #1a2026; --ink: #e4e8eb; --soft: #98a3ad; --line: #303a43;
    --accent: #4fc3b2; --accent-soft: #17403b; --bad: #f28b82; --bad-soft: #4a2320;
    --buyer: #7fb1ff; --prover: #4fc3b2; --rival: #f28b82; --copier: #e8b25c; --forger: #c79be8; --operator: #98a3ad;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); line-height: 1.5;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", "Liberation Sans", sans-serif; }
main { max-width: 1060px; margin: 0 auto; padding: 36px 24px 64px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 8px; letter-spacing: -0.01em; }
h2 { font-size: 20px; margin: 0 0 4px; }
h3 { font-size: 15px; margin: 20px 0 6px; }
p { margin: 4px 0 12px; max-width: 75ch; }
.lead { font-size: 17px; }
.soft, .note { color: var(--soft); }
.note { font-size: 13px; overflow-wrap: anywhere; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 22px 24px; margin-top: 20px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(165px, 1fr)); gap: 12px; margin-top: 22px; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 14px 16px; }
.tile b { display: block; font-size: 24px; line-height: 1.25; font-variant-numeric: tabular-nums; }
.tile span { color: var(--soft); font-size: 13px; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(330px, 1fr)); gap: 8px 32px; align-items: start; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 14px; }
th, td { text-align: left; padding: 5px 10px 5px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { color: var(--soft); font-weight: 600; font-size: 13px; }
tbody tr:last-child > * { border-bottom: 0; }
th { font-weight: 600; }
.facts th { color: var(--soft); font-weight: 500; width: 42%; }
.number { text-align: right; white-space: nowrap; }
.columns.equal { align-items: stretch; margin-top: 12px; }
.equal h3 { margin-top: 0; }
.nowrap { white-space: nowrap; }
td.roomy { min-width: 210px; }
td.tight, th.tight { white-space: nowrap; width: 1%; }
code { font: 12.5px/1.4 ui-monospace, "SF Mono", "DejaVu Sans Mono", "Liberation Mono", monospace; overflow-wrap: anywhere; }
.badge { display: inline-block; min-width: 76px; text-align: center; border-radius: 999px; padding: 0 9px; font-size: 12px;
  line-height: 20px; font-weight: 600; border: 1px solid currentColor; color: var(--operator); }
.badge.buyer { color: var(--buyer); } .badge.prover { color: var(--prover); }
.badge.rival { color: var(--rival); } .badge.copier { color: var(--copier); } .badge.forger { color: var(--forger); }
.badge.sponsor { color: var(--buyer); } .badge[class*="member-"] { color: var(--prover); }
.badge.poisoner { color: var(--rival); } .badge[class*="rider"] { color: var(--copier); }
.yes { color: var(--accent); font-weight: 600; } .no { color: var(--soft); }
.refused { color: var(--bad); }
.bar { position: relative; height: 10px; margin-top: 6px; min-width: 110px; border-radius: 3px; background: color-mix(in srgb, var(--line) 45%, transparent); }
.bar i { position: absolute; top: 0; bottom: 0; border-radius: 3px; min-width: 3px; background: var(--operator); }
.bar i.buyer { background: var(--buyer); } .bar i.prover { background: var(--prover); }
.bar i.rival { background: var(--rival); } .bar i.copier { background: var(--copier); } .bar i.forger { background: var(--forger); }
.bar i.sponsor { background: var(--buyer); } .bar i[class*="member-"] { background: var(--prover); }
.bar i.poisoner { background: var(--rival); } .bar i[class*="rider"] { background: var(--copier); }
.bar b { position: absolute; top: -3px; bottom: -3px; width: 2px; background: var(--ink); }
svg { width: 100%; height: auto; display: block; }
svg text { fill: var(--soft); font-size: 11px; }
svg .grid { stroke: var(--line); stroke-width: 1; }
svg .mark { stroke: var(--buyer); stroke-width: 1.25; stroke-dasharray: 3 2; }
svg .curve { fill: none; stroke: var(--accent); stroke-width: 2.25; stroke-linejoin: round; }
svg .dot { fill: var(--accent); }
svg .rest { fill: none; stroke: var(--soft); stroke-width: 1.5; stroke-dasharray: 4 4; }
svg .dot.rival { fill: var(--rival); } svg .dot.prover { fill: var(--prover); }
svg .dot.poisoner { fill: var(--rival); } svg .dot[class*="rider"] { fill: var(--copier); }
svg .dot.faint { fill-opacity: 0.45; }
svg .value { fill: var(--ink); font-weight: 600; }
.share { background: color-mix(in srgb, var(--accent) calc(46% * var(--share)), transparent); }
.matrix { width: auto; }
.matrix td, .matrix th { border: 1px solid var(--card); text-align: center; padding: 4px; min-width: 34px; }
.matrix .hit { background: color-mix(in srgb, var(--accent) calc(18% + 52% * var(--share)), transparent); }
.matrix .miss { background: color-mix(in srgb, var(--bad) calc(18% + 70% * var(--share)), transparent); }
.matrix .zero { color: color-mix(in srgb, var(--soft) 55%, transparent); }
.matrix th { color: var(--soft); font-weight: 600; font-size: 13px; }
details { margin-top: 20px; } summary { cursor: pointer; color: var(--soft); font-weight: 600; }
ul { margin: 4px 0 8px; padding-left: 20px; }
li { margin: 3px 0; }
.proved { border-left: 4px solid var(--accent); padding-left: 14px; }
.unproved { border-left: 4px solid var(--bad); padding-left: 14px; }
footer { color: var(--soft); font-size: 13px; margin-top: 20px; }
@media print {
  :root { color-scheme: light; --page: #fff; --card: #fff; --ink: #111; --soft: #444; --line: #bbb;
    --accent: #0b6e63; --bad: #b3261e; --buyer: #1f5fbf; --prover: #0b6e63; --rival: #b3261e; --copier: #9a5b00; --forger: #7a3fa0; --operator: #5c6670; }
  body { font-size: 11px; }
  h1 { font-size: 22px; } h2 { font-size: 16px; } h3 { font-size: 12px; }
  .lead { font-size: 13px; } .note, .tile span, footer { font-size: 10px; }
  .tiles { grid-template-columns: repeat(5, 1fr); } .tile b { font-size: 18px; } td.roomy { min-width: 150px; }
  main { max-width: none; padding: 0; }
  section { border: 0; border-top: 1px solid var(--line); border-radius: 0; padding: 12px 0; margin-top: 12px; }
  h2 { break-after: avoid; } tr, svg, .tile, .columns > div { break-inside: avoid; }
  table { font-size: 10.5px; } code { font-size: 9.5px; }
  .bar i, .matrix td, .share { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
