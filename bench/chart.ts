/** Bar charts as SVG, for the README: horizontal bars in groups, each with its spread, readable on light and dark. Pure. */
import { escaped } from '../src/lab/markup.ts';

/** A bar: a measurement with its spread. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Ends of the whisker. */
  readonly low: number;
  readonly high: number;
  /** `own`: Kerb's, in the accent colour. `peer`: anybody else's. */
  readonly tone: 'own' | 'peer';
  /** Text at the bar's end. */
  readonly text: string;
}

/** Bars that belong together. */
export interface BarGroup {
  readonly label: string;
  readonly bars: readonly Bar[];
}

/** A chart. */
export interface BarChart {
  readonly title: string;
  /** What a longer bar means, and its unit. */
  readonly subtitle: string;
  readonly groups: readonly BarGroup[];
  /** A value to be reached or kept, drawn as a line through all groups. */
  readonly mark?: { readonly value: number; readonly label: string };
}

/** Where things are, in SVG user units. */
const PLACE = {
  width: 820,
  left: 215,
  right: 120,
  top: 74,
  bar: 16,
  gap: 5,
  heading: 26,
  between: 12,
  bottom: 20,
} as const;

/** Greys and hues of middle lightness hold on white and on black; the media query sharpens the text where it is honoured. */
const STYLE = [
  'text{font:12px system-ui,-apple-system,"Segoe UI",sans-serif;fill:#6e7781}',
  '.title{font-size:16px;font-weight:600;fill:#57606a}.group{font-weight:600;fill:#57606a}',
  '.own{fill:#2f81f7}.peer{fill:#8b949e}.whisker,.mark{stroke:#57606a;stroke-width:1.2;fill:none}',
  '.mark{stroke:#d29922;stroke-dasharray:4 3}.axis{stroke:#8b949e;stroke-opacity:.5}',
  '@media(prefers-color-scheme:dark){text{fill:#9da7b1}.title,.group{fill:#c9d1d9}.whisker{stroke:#c9d1d9}}',
].join('');

/** The chart as a self-contained SVG document. Values that are negative or not finite are drawn as nothing. */
export function barChart({ title, subtitle, groups, mark }: BarChart): string {
  const scale = scaleFor(groups, mark?.value ?? 0);
  const parts: string[] = [];
  let y: number = PLACE.top;
  for (const group of groups) {
    parts.push(groupOf(group, y, scale));
    y += heightOf(group);
  }
  const height = y + PLACE.bottom;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${PLACE.width} ${height}" role="img">`,
    `<title>${escaped(title)}</title><style>${STYLE}</style>`,
    `<text class="title" x="16" y="28">${escaped(title)}</text><text x="16" y="48">${escaped(subtitle)}</text>`,
    `<line class="axis" x1="${PLACE.left}" y1="${PLACE.top}" x2="${PLACE.left}" y2="${y}"/>`,
    ...parts,
    mark === undefined ? '' : markOf(mark, y, scale),
    '</svg>\n',
  ].join('\n');
}

type Scale = (value: number) => number;

/** Zero is at the left edge of the plot, the longest whisker ends at its right. */
function scaleFor(groups: readonly BarGroup[], least: number): Scale {
  const ends = groups.flatMap(({ bars }) => bars.flatMap(({ value, high }) => [drawn(value), drawn(high)]));
  const most = Math.max(least, ...ends);
  const room = PLACE.width - PLACE.left - PLACE.right;
  return (value) => (most === 0 ? 0 : round((drawn(value) / most) * room));
}

function groupOf({ label, bars }: BarGroup, top: number, scale: Scale): string {
  const heading = `<text class="group" x="16" y="${top + 16}">${escaped(label)}</text>`;
  const first = top + PLACE.heading;
  return [heading, ...bars.map((bar, at) => barOf(bar, first + at * (PLACE.bar + PLACE.gap), scale))].join('\n');
}

function heightOf({ bars }: BarGroup): number {
  return PLACE.heading + bars.length * (PLACE.bar + PLACE.gap) + PLACE.between;
}

function barOf({ label, value, low, high, tone, text }: Bar, y: number, scale: Scale): string {
  const middle = y + PLACE.bar / 2;
  const [start, end] = [PLACE.left + scale(low), PLACE.left + scale(high)];
  const after = Math.max(end, PLACE.left + scale(value)) + 8;
  return [
    `<text x="${PLACE.left - 8}" y="${middle + 4}" text-anchor="end">${escaped(label)}</text>`,
    `<rect class="${tone}" x="${PLACE.left}" y="${y}" width="${scale(value)}" height="${PLACE.bar}" rx="2"/>`,
    `<path class="whisker" d="M${start} ${middle}H${end}M${start} ${middle - 4}v8M${end} ${middle - 4}v8"/>`,
    `<text x="${after}" y="${middle + 4}">${escaped(text)}</text>`,
  ].join('');
}

function markOf(
  { value, label }: { readonly value: number; readonly label: string },
  bottom: number,
  scale: Scale,
): string {
  const x = PLACE.left + scale(value);
  const line = `<line class="mark" x1="${x}" y1="${PLACE.top - 6}" x2="${x}" y2="${bottom}"/>`;
  return `${line}<text x="${x + 4}" y="${PLACE.top - 2}">${escaped(label)}</text>`;
}

function drawn(value: number): number {
  return Number.isFinite(value) && value > 0 ? value : 0;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
