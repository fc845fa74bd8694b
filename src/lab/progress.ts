/** How a run stands, in a few lines. Pure: text without colours. */
import { bytesText, countText, faultsText, msText } from './figures.ts';
import { tailOf } from './quantile.ts';
import type { LabLook, LabSettings } from './record.ts';
import type { Tally } from './tally.ts';

const BARS = '▁▂▃▄▅▆▇█';

/** The last so many seconds are drawn. */
const SPARK_SECONDS = 48;

/** The lines of a run after a look. `looks` is never empty, and its last is the newest. */
export function progressLines(settings: LabSettings, looks: readonly LabLook[], sum: Tally): string[] {
  const look = looks.at(-1) as LabLook;
  const recent = looks.slice(-SPARK_SECONDS);
  const [cold, warm] = [tailOf(sum.coldMs), tailOf(sum.warmMs)];
  const perSecond = (name: 'sent' | 'hostileEnded'): string =>
    countText(Math.round(mean(looks.slice(-5).map((one) => one[name]))));
  const hostile = look.phase === 'hostile' ? `, ${perSecond('hostileEnded')} of them hostile` : '';
  const gone = Math.min(1, look.atS / settings.seconds);
  return [
    `${bar(gone)} ${PHASE_TEXTS[look.phase]}, ${secondsText(Math.max(0, settings.seconds - look.atS))} left`,
    `requests  ${perSecond('sent')}/s${hostile}, ${countText(sum.sent)} so far, ${look.inFlight} under way`,
    `tenants   ${countText(look.seen)} of ${countText(settings.tenants)} have answered`,
    `warm      p50 ${msText(warm?.p50)}   p99 ${msText(warm?.p99)}   ${sparkline(recent.map((one) => one.warmTail?.p99 ?? null))}`,
    `cold      p50 ${msText(cold?.p50)}   p99 ${msText(cold?.p99)}   ${sparkline(recent.map((one) => one.cold))} a second`,
    `memory    ${bytesText(look.residentBytes)} resident, ${countOr(look.mappings)} mappings   ${sparkline(recent.map((one) => one.residentBytes))}`,
    `answers   ${faultsText(sum)}`,
  ];
}

/** The same in one line, for a log. */
export function progressLine(settings: LabSettings, looks: readonly LabLook[], sum: Tally): string {
  const look = looks.at(-1) as LabLook;
  const tails = [tailOf(sum.warmMs), tailOf(sum.coldMs)].map((tail) => `${msText(tail?.p50)} / ${msText(tail?.p99)}`);
  return [
    `${Math.round(Math.min(1, look.atS / settings.seconds) * 100)} %, ${PHASE_TEXTS[look.phase]}`,
    `${countText(sum.sent)} requests`,
    `${countText(look.seen)} tenants have answered`,
    `p50 / p99 warm ${tails[0]}, cold ${tails[1]}`,
    `${bytesText(look.residentBytes)} resident, ${countOr(look.mappings)} mappings`,
    faultsText(sum),
  ].join('; ');
}

const PHASE_TEXTS = {
  settling: 'settling',
  calm: 'calm: nobody is hostile',
  hostile: 'hostile tenants among them',
  over: 'waiting for the last answers',
} as const satisfies Record<LabLook['phase'], string>;

/** Numbers as bars, the least the lowest; what is not known is a space. */
export function sparkline(values: readonly (number | null)[]): string {
  const known = values.filter((value) => value !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const level = (value: number): number => (high === low ? 0 : Math.floor(((value - low) / (high - low)) * 7.999));
  return values.map((value) => (value === null ? ' ' : (BARS[level(value)] ?? ''))).join('');
}

/** How far something is, from 0 to 1. */
function bar(share: number): string {
  const full = Math.round(share * 20);
  return `${'█'.repeat(full)}${'░'.repeat(20 - full)} ${String(Math.round(share * 100)).padStart(3)} %`;
}

function secondsText(seconds: number): string {
  const whole = Math.ceil(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')} min`;
}

function countOr(count: number | null): string {
  return count === null ? 'unknown' : countText(count);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
