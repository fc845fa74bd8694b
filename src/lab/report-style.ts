/** How the report looks, on light and on dark. */

/** The style sheet. */
export const REPORT_STYLE = `
:root {
  color-scheme: light dark;
  --paper: #f6f7f5; --card: #fff; --ink: #17202c; --soft: #5c6878; --line: #dfe3e1; --grid: #e8ebe9;
  --first: #0b7285; --second: #b35c00; --third: #6b4fbb; --bad: #c92a2a; --good: #2b8a3e; --zone: #c92a2a0d; --calm: #2b8a3e0d;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #0f141b; --card: #171e28; --ink: #e6ebf0; --soft: #94a1b2; --line: #2a3442; --grid: #222b37;
    --first: #4dc4d6; --second: #f0a04b; --third: #a994f0; --bad: #ff7b72; --good: #62c97a; --zone: #ff7b7214; --calm: #62c97a12;
  }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif }
main { max-width: 1080px; margin: 0 auto; padding: 40px 20px 72px }
.over { margin: 0; color: var(--soft); font-size: 14px }
h1 { margin: 6px 0 12px; font-size: clamp(30px, 5.4vw, 50px); line-height: 1.08; letter-spacing: -0.02em; font-weight: 680; text-wrap: balance }
h2 { margin: 48px 0 14px; font-size: 22px; letter-spacing: -0.01em }
h3 { margin: 0; font-size: 16px }
p { margin: 0 0 10px; max-width: 74ch }
.lead { font-size: 18px }
.verdict { display: inline-block; padding: 5px 13px; border-radius: 99px; font-weight: 600; font-size: 15px; border: 1px solid; margin: 0 0 16px; max-width: none }
.verdict.good { color: var(--good) } .verdict.bad { color: var(--bad) }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 26px 0 0; padding: 0; list-style: none }
.cards li, .chart, .panel { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 16px }
.cards b { display: block; font-size: 27px; line-height: 1.15; font-weight: 640; font-variant-numeric: tabular-nums; letter-spacing: -0.01em }
.cards span { color: var(--soft); font-size: 13.5px }
.cards .bad b { color: var(--bad) }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); gap: 14px }
.chart { margin: 0 } .chart figcaption p { margin: 2px 0 8px; color: var(--soft); font-size: 13.5px }
.panel { overflow-x: auto; margin: 0 0 14px }
svg { display: block; width: 100%; height: auto; overflow: visible }
svg text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: var(--soft) }
svg .legend { fill: var(--ink); font-size: 12.5px }
.grid { stroke: var(--grid); fill: none } .line { fill: none; stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round }
.area { opacity: 0.13 } .spot { fill: transparent } .spot:hover { fill: var(--soft); fill-opacity: 0.12 }
.zone0 { fill: transparent } .zone1 { fill: var(--calm) } .zone2 { fill: var(--zone) }
.line.first { stroke: var(--first) } .line.second { stroke: var(--second) } .line.third { stroke: var(--third) } .line.bad { stroke: var(--bad) }
.area.first, circle.first { fill: var(--first) } .area.second, circle.second { fill: var(--second) }
.area.third, circle.third { fill: var(--third) } .area.bad, circle.bad { fill: var(--bad) }
table { border-collapse: collapse; width: 100%; font-size: 14.5px; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: 7px 14px 7px 0; border-bottom: 1px solid var(--line); vertical-align: top }
tr:last-child td { border-bottom: 0 } th { color: var(--soft); font-weight: 500; font-size: 13px }
.n { text-align: right; white-space: nowrap } td:first-child { min-width: 240px } .small { color: var(--soft); font-size: 13.5px } .first-bound td { font-weight: 620 }
meter { width: 120px; height: 12px }
pre { overflow-x: auto; font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; margin: 0 }
footer { margin-top: 44px; color: var(--soft); font-size: 13.5px } a { color: var(--first) }
`;
