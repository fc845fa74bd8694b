/** The charts of the report. Pure. */
import { coldShares } from './cold-share.ts';
import { countText, msText, numberText, percentText } from './figures.ts';
import { lineChart, type ChartLine, type LineChart } from './line-chart.ts';
import type { Markup } from './markup.ts';
import type { LabLook, LabRecord } from './record.ts';
import { phasesOf } from './phases.ts';
import { tailChart } from './tail-chart.ts';

/** Charts over the time of the run, in the order of the page. */
export function timeCharts(record: LabRecord): Markup[] {
  return [memory(record), mappings(record), tenants(record), coldShare(record), warm(record), cold(record)].map(
    lineChart,
  );
}

/** Requests a second, and who gets them. */
export function loadCharts(record: LabRecord): Markup[] {
  return [requests(record), popularity(record)].map(lineChart);
}

/** Latencies of the whole run, and of its parts. */
export function latencyChart({ steady, phases: { settling, calm, hostile } }: LabRecord): Markup {
  const parts = [
    { label: 'cold, while settling', tone: 'second' as const, tail: settling.cold },
    { label: 'cold, afterwards', tone: 'second' as const, tail: steady.cold },
    { label: 'warm, afterwards', tone: 'first' as const, tail: steady.warm },
    { label: 'warm, calm part', tone: 'third' as const, tail: calm.warm },
  ];
  const victims = { label: 'warm, beside hostile ones', tone: 'bad' as const, tail: hostile.warm };
  return tailChart(hostile.sent === 0 ? parts : [...parts, victims]);
}

/** A figure of a look. */
type Figure = (look: LabLook) => number | null;

function overTime(
  { looks, settings }: LabRecord,
  chart: Pick<LineChart, 'title' | 'subtitle' | 'yScale' | 'yText'>,
  lines: readonly (Omit<ChartLine, 'values'> & { readonly of: Figure })[],
): LineChart {
  let end = 0;
  const zones = phasesOf(settings).map(({ name, ms }) => {
    const from = end;
    end += ms / 1_000;
    return { from, to: Math.min(end, looks.at(-1)?.atS ?? 0), label: name };
  });
  return {
    ...chart,
    xs: looks.map(({ atS }) => atS),
    xScale: 'linear',
    xText: (second) => `${numberText(Math.round(second * 10) / 10)} s`,
    zones: zones.filter(({ from, to }) => to > from),
    lines: lines.map(({ of, ...line }) => ({ ...line, values: looks.map(of) })),
  };
}

function memory(record: LabRecord): LineChart {
  const about = {
    title: 'Memory',
    subtitle: 'What the server has of the machine.',
    yScale: 'linear',
    yText: (value: number) => `${countText(value)} MiB`,
  } as const;
  return overTime(record, about, [
    { label: 'resident', tone: 'first', look: 'area', of: (look) => mib(look.residentBytes) },
    { label: 'linear memories', tone: 'second', of: (look) => mib(look.linearBytes) },
    { label: 'JavaScript heap', tone: 'third', of: (look) => mib(look.heapBytes) },
    { label: 'page tables', tone: 'bad', of: (look) => mib(look.pageTableBytes) },
  ]);
}

function mappings(record: LabRecord): LineChart {
  const subtitle =
    'Pieces of address space, of which Linux grants a process so many; and the linear memories among them.';
  return overTime(record, { title: 'Mappings', subtitle, yScale: 'linear', yText: countText }, [
    { label: 'mappings', tone: 'first', look: 'area', of: (look) => look.mappings },
    { label: 'linear memories', tone: 'second', of: (look) => look.memories },
  ]);
}

function tenants(record: LabRecord): LineChart {
  const subtitle = 'Those that have answered at least once, and those that could answer at once.';
  return overTime(record, { title: 'Tenants', subtitle, yScale: 'linear', yText: countText }, [
    { label: 'have answered', tone: 'first', look: 'area', of: (look) => look.seen },
    { label: 'awake', tone: 'second', of: (look) => look.awake },
  ]);
}

function coldShare(record: LabRecord): LineChart {
  const subtitle =
    'Tenants woken for requests, by Kerb’s own count, per request sent. Requests that wait for the same tenant are one.';
  const shares = new Map(coldShares(record.looks).map((share, place) => [record.looks[place], share]));
  return overTime(record, { title: 'Cold share', subtitle, yScale: 'linear', yText: percentText }, [
    { label: 'woke a tenant', tone: 'second', look: 'area', of: (look) => shares.get(look) ?? null },
  ]);
}

function warm(record: LabRecord): LineChart {
  const subtitle =
    'From when a request was due to its whole answer, for tenants that had answered before, if need be woken again. Logarithmic.';
  return overTime(record, { title: 'Warm latency', subtitle, yScale: 'log', yText: msText }, [
    { label: 'p50', tone: 'first', of: (look) => look.warmTail?.p50 ?? null },
    { label: 'p99', tone: 'second', of: (look) => look.warmTail?.p99 ?? null },
    { label: 'max', tone: 'bad', of: (look) => look.warmTail?.max ?? null },
  ]);
}

function cold(record: LabRecord): LineChart {
  const subtitle = 'The same for the first answer of a tenant: what it takes to bring it up is in it. Logarithmic.';
  return overTime(record, { title: 'Cold latency', subtitle, yScale: 'log', yText: msText }, [
    { label: 'p50', tone: 'first', of: (look) => look.coldTail?.p50 ?? null },
    { label: 'p99', tone: 'second', of: (look) => look.coldTail?.p99 ?? null },
  ]);
}

function requests(record: LabRecord): LineChart {
  const subtitle = 'What was sent, and what became of it otherwise than well, second by second.';
  return overTime(record, { title: 'Requests', subtitle, yScale: 'linear', yText: countText }, [
    { label: 'sent', tone: 'first', look: 'area', of: (look) => look.sent },
    { label: 'of hostile tenants, ended', tone: 'bad', of: (look) => look.hostileEnded },
    { label: 'refused', tone: 'second', of: (look) => look.refused },
  ]);
}

function popularity({ popularity: curve, settings: { shape, exponent } }: LabRecord): LineChart {
  const law =
    shape === 'azure' ? 'like the apps of Azure Functions in 2019' : `by Zipf's law with exponent ${exponent}`;
  return {
    title: 'Popularity',
    subtitle: `Requests a second of each tenant, the most popular first, ${law}. Both axes are logarithmic.`,
    xs: curve.map(({ rank }) => rank),
    xScale: 'log',
    xText: countText,
    yScale: 'log',
    yText: (rate) => `${numberText(rate)}/s`,
    zones: [],
    lines: [{ label: 'requests a second', tone: 'third', values: curve.map(({ perSecond }) => perSecond) }],
  };
}

function mib(bytes: number | null): number | null {
  return bytes === null ? null : bytes / 2 ** 20;
}
