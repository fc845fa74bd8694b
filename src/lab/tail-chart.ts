/** Tails of latency side by side on one logarithmic scale, as SVG that takes its colours from the page. Pure. */
import { logAxis, type Axis } from './axis.ts';
import { countText, msText } from './figures.ts';
import { gridMark } from './grid-mark.ts';
import { html, type Markup } from './markup.ts';
import type { Tail } from './quantile.ts';

/** A row: a sample of times. */
export interface TailRow {
  readonly label: string;
  readonly tone: 'first' | 'second' | 'third' | 'bad';
  /** `null`: there was none. */
  readonly tail: Tail | null;
}

const PLACE = { width: 1_000, left: 190, right: 30, top: 8, row: 46, bottom: 28 } as const;
const MARKS = ['p50', 'p99', 'p999', 'max'] as const;
const NAMES = { p50: 'p50', p99: 'p99', p999: 'p99.9', max: 'max' } as const;

/** Texts nearer to each other than this, in user units, would touch: the later one is left out. */
const TEXT_UNITS = 88;

/** The chart; rows without a sample say so. */
export function tailChart(rows: readonly TailRow[]): Markup {
  const times = rows.flatMap(({ tail }) => (tail === null ? [] : MARKS.map((mark) => tail[mark])));
  const axis = logAxis(times);
  const height = PLACE.top + rows.length * PLACE.row + PLACE.bottom;
  return html`<svg viewBox="0 0 ${PLACE.width} ${height}" role="img" aria-label="Latencies">
    ${axis.ticks.map((tick) => gridLine(tick, axis, height))} ${rows.map((row, place) => rowOf(row, place, axis))}
  </svg>`;
}

function at(axis: Axis, ms: number): number {
  return Math.round(PLACE.left + axis.at(ms) * (PLACE.width - PLACE.left - PLACE.right));
}

function gridLine(tick: number, axis: Axis, height: number): Markup {
  const x = at(axis, tick);
  return gridMark(`M${x} ${PLACE.top}V${height - PLACE.bottom}`, { x, y: height - 8, anchor: 'middle' }, msText(tick));
}

function rowOf({ label, tone, tail }: TailRow, place: number, axis: Axis): Markup {
  const y = PLACE.top + place * PLACE.row + 28;
  const name = html`<text class="legend" x="${PLACE.left - 14}" y="${y - 2}" text-anchor="end">${label}</text>`;
  if (tail === null) return html`${name}<text class="tick" x="${PLACE.left + 6}" y="${y + 4}">none</text>`;
  const count = html`<text class="tick" x="${PLACE.left - 14}" y="${y + 12}" text-anchor="end"
    >${countText(tail.count)}</text
  >`;
  let lastX = -Infinity;
  const marks = MARKS.map((mark) => {
    const x = at(axis, tail[mark]);
    const isFree = x - lastX >= TEXT_UNITS;
    if (isFree) lastX = x;
    const text = html`<text class="tick" x="${x}" y="${y - 12}" text-anchor="middle"
      >${NAMES[mark]} ${msText(tail[mark])}</text
    >`;
    return html`<circle class="${tone}" cx="${x}" cy="${y}" r="${mark === 'p50' ? 6 : 4}"
        ><title>${`${NAMES[mark]}: ${msText(tail[mark])}`}</title></circle
      >${isFree ? text : null}`;
  });
  return html`${name}${count}<path
      class="line ${tone}"
      d="M${at(axis, tail.p50)} ${y}H${at(axis, tail.max)}"
    />${marks}`;
}
