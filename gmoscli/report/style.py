"""How the page looks: on a phone and in print, by day and by night."""

STYLE = """
:root { color-scheme: light dark; --ink: #1c2026; --soft: #5d6672; --line: #d9dde3;
  --paper: #fff; --shade: #f5f6f8; --c1: #2563a8; --c2: #c2570c; --c3: #2f8557; --warn: #fff4d6; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e7ec; --soft: #98a2b0; --line: #333a44;
  --paper: #14171c; --shade: #1d2128; --c1: #6ea8ea; --c2: #f0964e; --c3: #62c08d;
  --warn: #3a3012; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.2rem; max-width: 68rem; color: var(--ink);
  background: var(--paper); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2.2rem 0 .6rem; }
p { margin: .4rem 0; max-width: 46rem; }
.soft, figcaption, th, dt { color: var(--soft); }
.warnings { list-style: none; margin: 1rem 0 0; padding: 0; }
.warnings li { background: var(--warn); border-radius: 6px; padding: .35rem .8rem;
  margin-top: .4rem; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr));
  gap: .8rem 1.2rem; margin: 1.2rem 0; }
dt { font-size: .8rem; } dd { margin: 0; overflow-wrap: anywhere; }
figure { margin: 0 0 1rem; } figcaption { font-size: .85rem; margin-top: .3rem; }
img { display: block; width: 100%; height: auto; border-radius: 4px; }
.key { display: inline-block; white-space: nowrap; margin-right: 1rem; }
.key i { display: inline-block; width: .75em; height: .75em; border-radius: 2px;
  margin-right: .4em; border: 1px solid var(--line); }
.keys { display: block; }
.plots figure { display: flex; flex-direction: column; justify-content: space-between; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 1rem;
  margin-top: 1rem; }
.pair { display: flex; flex-wrap: wrap; gap: 1rem 3rem; align-items: flex-start; }
.pair figure { flex: 1 1 17rem; max-width: 28rem; }
.plots figure, .pair figure { background: var(--shade); border-radius: 8px; margin: 0;
  padding: .6rem .7rem; }
.plots figcaption, .pair figcaption { margin: 0 0 .2rem; color: var(--ink); }
svg { display: block; width: 100%; height: auto; font-size: 12px; }
svg text { fill: var(--soft); } .y { text-anchor: end; } .x { text-anchor: middle; }
.grid { stroke: var(--line); }
circle { stroke: var(--shade); } .bar { stroke-width: 1.5; }
.l1, .l2, .l3, .normal { fill: none; stroke-width: 1.5; } .normal { stroke: var(--soft);
  stroke-dasharray: 4 3; }
circle.c1, i.c1 { fill: var(--c1); background: var(--c1); } .bar.c1, .l1 { stroke: var(--c1); }
circle.c2, i.c2 { fill: var(--c2); background: var(--c2); } .bar.c2, .l2 { stroke: var(--c2); }
circle.c3, i.c3 { fill: var(--c3); background: var(--c3); } .bar.c3, .l3 { stroke: var(--c3); }
.scroll { overflow-x: auto; } .scroll + .scroll { margin-top: 1rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .88rem; }
th { font-weight: 500; text-align: left; vertical-align: bottom; line-height: 1.3; }
th, td { padding: .25rem .9rem .25rem 0; border-bottom: 1px solid var(--line); }
td { white-space: nowrap; }
td.n, th.n { text-align: right; }
td.wrap { white-space: normal; min-width: 14rem; }
code { font: .85rem ui-monospace, monospace; }
footer { margin-top: 2.5rem; font-size: .85rem; color: var(--soft); }
@media print { body { max-width: none; padding: 0; font-size: 10pt; }
  * { print-color-adjust: exact; } h2 { break-after: avoid; } figure, tr { break-inside: avoid; }
  .scroll { overflow: visible; } .plots { grid-template-columns: repeat(3, 1fr); gap: .6rem; }
  .pair { flex-wrap: nowrap; } th, td { padding: .15rem .5rem .15rem 0; }
  table, code { font-size: 7.5pt; } }
"""
