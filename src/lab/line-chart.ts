/** Lines over time, or over ranks, as SVG that takes its colours from the page. Pure. */
import { axisOf, type Axis, type Scale } from './axis.ts';
import { gridMark } from './grid-mark.ts';
import { html, type Markup } from './markup.ts';

/** A line. `null` is a gap. */
export interface ChartLine {
  readonly label: string;
  /** The colour: a class of the page's style. */
  readonly tone: 'first' | 'second' | 'third' | 'bad';
  readonly values: readonly (number | null)[];
  /** `area`: filled down to the axis. */
  readonly look?: 'area';
}

/** A chart. */
export interface LineChart {
  readonly title: string;
  /** What is drawn and in which unit. */
  readonly subtitle: string;
  readonly xs: readonly number[];
  readonly xScale: Scale;
  readonly xText: (x: number) => string;
  readonly yScale: Scale;
  readonly yText: (y: number) => string;
  readonly lines: readonly ChartLine[];
  /** Stretches of the x axis with a name. */
  readonly zones: readonly { readonly from: number; readonly to: number; readonly label: string }[];
}

const PLACE = { width: 640, height: 250, left: 62, right: 14, top: 34, bottom: 26 } as const;
const PLOT = {
  width: PLACE.width - PLACE.left - PLACE.right,
  height: PLACE.height - PLACE.top - PLACE.bottom,
} as const;

/** Ticks that fit. */
const TICKS = { x: 6, y: 4 } as const;

/** Points that say their values when they are pointed at; more are thinned out. */
const MOST_SPOTS = 240;

/** The chart with its caption. Lines without any value are left out, and said to be unknown. */
export function lineChart(chart: LineChart): Markup {
  const { title, subtitle } = chart;
  const lines = chart.lines.filter(({ values }) => values.some((value) => value !== null));
  const unknown = chart.lines.filter((line) => !lines.includes(line)).map(({ label }) => label);
  const note = unknown.length === 0 ? '' : ` Unknown here: ${unknown.join(', ')}.`;
  return html`<figure class="chart">
    <figcaption>
      <h3>${title}</h3>
      <p>${subtitle}${note}</p>
    </figcaption>
    ${lines.length === 0 ? html`<p class="none">Nothing was measured.</p>` : drawing({ ...chart, lines })}
  </figure>`;
}

function drawing(chart: LineChart): Markup {
  const { xs, xScale, yScale, lines, title } = chart;
  const values = lines.flatMap((line) => line.values.filter((value) => value !== null));
  const y = axisOf(yScale, values, TICKS.y);
  const x = xAxis(xs, xScale);
  return html`<svg viewBox="0 0 ${PLACE.width} ${PLACE.height}" role="img" aria-label="${title}">
    ${zones(chart, x)} ${grid(chart, x, y)} ${lines.map((line) => drawn(line, xs, x, y))} ${legend(lines)}
    ${spots(chart, x)}
  </svg>`;
}

/** From the first to the last, not from 0: a run may begin anywhere. */
function xAxis(xs: readonly number[], scale: Scale): Axis {
  const most = Math.max(...xs, 0);
  if (scale === 'log') return axisOf('log', xs, TICKS.x);
  const nice = axisOf('linear', [most], TICKS.x);
  return { ticks: nice.ticks.filter((tick) => tick <= most), at: (value) => (most === 0 ? 0 : value / most) };
}

function left(share: number): string {
  return (PLACE.left + share * PLOT.width).toFixed(1);
}

function top(share: number): string {
  return (PLACE.top + (1 - share) * PLOT.height).toFixed(1);
}

function zones({ zones: all }: LineChart, x: Axis): Markup[] {
  return all.map(({ from, to, label }, place) => {
    const width = ((x.at(to) - x.at(from)) * PLOT.width).toFixed(1);
    return html`<rect
        class="zone zone${place % 3}"
        x="${left(x.at(from))}"
        y="${PLACE.top}"
        width="${width}"
        height="${PLOT.height}"
      />
      <text class="zone" x="${Number(left(x.at(from))) + 5}" y="${PLACE.top + 13}">${label}</text>`;
  });
}

function grid({ xText, yText }: LineChart, x: Axis, y: Axis): Markup[] {
  const [bottom, end] = [PLACE.top + PLOT.height, PLACE.width - PLACE.right];
  const rows = y.ticks.map((tick) => {
    const at = top(y.at(tick));
    const place = { x: PLACE.left - 8, y: Number(at) + 4, anchor: 'end' } as const;
    return gridMark(`M${PLACE.left} ${at}H${end}`, place, yText(tick));
  });
  const columns = x.ticks.map((tick) => {
    const at = left(x.at(tick));
    return gridMark(`M${at} ${bottom}v4`, { x: at, y: bottom + 18, anchor: 'middle' }, xText(tick));
  });
  return [...rows, ...columns];
}

function drawn({ values, tone, look }: ChartLine, xs: readonly number[], x: Axis, y: Axis): Markup {
  const points = values.map((value, at) => (value === null ? null : `${left(x.at(xs[at] ?? 0))} ${top(y.at(value))}`));
  const path = points.map((_, at) => strokeOf(points, at)).join('');
  const area = look === 'area' ? html`<path class="area ${tone}" d="${areaOf(points)}" />` : null;
  return html`${area}<path class="line ${tone}" d="${path}" />`;
}

/** What a point adds to its line: one that stands alone is a dot. */
function strokeOf(points: readonly (string | null)[], at: number): string {
  const [before, point, after] = [points[at - 1] ?? null, points[at] ?? null, points[at + 1] ?? null];
  if (point === null) return '';
  if (before !== null) return `L${point}`;
  return after === null ? `M${point}h0.01` : `M${point}`;
}

/** Each stretch without a gap, closed along the axis. */
function areaOf(points: readonly (string | null)[]): string {
  const stretches: string[][] = [[]];
  for (const point of points) {
    if (point === null) stretches.push([]);
    else stretches.at(-1)?.push(point);
  }
  const floor = PLACE.top + PLOT.height;
  return stretches
    .filter((stretch) => stretch.length > 0)
    .map((stretch) => {
      const [first = '', last = ''] = [stretch[0], stretch.at(-1)];
      return `M${first.split(' ')[0] ?? ''} ${floor}L${stretch.join('L')}L${last.split(' ')[0] ?? ''} ${floor}Z`;
    })
    .join('');
}

/** Names of the lines, above the plot. */
function legend(lines: readonly ChartLine[]): Markup[] {
  let x: number = PLACE.left;
  return lines.map(({ label, tone }) => {
    const at = x;
    x += 30 + label.length * 6.6;
    return html`<path class="line ${tone}" d="M${at} 16h14" /><text class="legend" x="${at + 20}" y="20"
        >${label}</text
      >`;
  });
}

/** Where the page is pointed at, the values there. */
function spots({ xs, xText, yText, lines }: LineChart, x: Axis): Markup[] {
  const every = Math.ceil(xs.length / MOST_SPOTS);
  const shown = xs.map((value, at) => ({ value, at })).filter(({ at }) => at % every === 0);
  const width = (PLOT.width / Math.max(1, shown.length)).toFixed(1);
  return shown.map(({ value, at }) => {
    const texts = lines.map(({ label, values }) => {
      const found = values[at] ?? null;
      return `${label}: ${found === null ? '-' : yText(found)}`;
    });
    const start = (Number(left(x.at(value))) - Number(width) / 2).toFixed(1);
    return html`<rect class="spot" x="${start}" y="${PLACE.top}" width="${width}" height="${PLOT.height}"
      ><title>${[xText(value), ...texts].join('\n')}</title></rect
    >`;
  });
}
