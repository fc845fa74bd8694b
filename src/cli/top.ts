/** `kerb top`: what every tenant uses now. */
import { setTimeout as pause } from 'node:timers/promises';
import { figuresAnswer, type Figures } from './answers.ts';
import { EXIT, type Command, type CommandContext } from './command.ts';
import { answer, print, type Line } from './output.ts';
import { bytes, cpuTime } from './quantity.ts';
import { table } from './table.ts';

/** Seconds between two looks. */
const STANDARD_INTERVAL_S = 2;
/** Bytes of a page of linear memory. */
const PAGE_BYTES = 65_536;
/** Takes a terminal's cursor home and clears what is below. */
const REDRAW = '\u001b[H\u001b[J';

/** One look at all tenants. */
interface Sample {
  readonly atMs: number;
  readonly tenants: readonly Figures[];
}

/** The command. For operators. */
export const top: Command = {
  name: 'top',
  summary: 'watch what every tenant uses now',
  usage: ['The busiest first, until Ctrl-C. REQ/S and CPU/S are since the last look; a first look has none.'],
  options: {
    once: { help: 'print one table and stop' },
    interval: { value: 'SECONDS', help: `between two looks, ${STANDARD_INTERVAL_S} without it` },
  },
  positionals: [],
  run: async (context) => {
    const { options, signal } = context;
    const intervalMs = (options.whole('interval', 1, 3_600) ?? STANDARD_INTERVAL_S) * 1_000;
    let last: Sample | null = null;
    for (;;) {
      const sample: Sample = await look(context);
      draw(context, sample, last);
      if (options.has('once')) return EXIT.ok;
      last = sample;
      await pause(intervalMs, undefined, { signal });
    }
  },
};

async function look(context: CommandContext): Promise<Sample> {
  const { tenants } = await context.client().ask(figuresAnswer, { method: 'GET', path: ['v1', 'figures'] });
  return { atMs: performance.now(), tenants };
}

function draw(context: CommandContext, sample: Sample, last: Sample | null): void {
  const { io, json, options } = context;
  const isLive = io.isTerminal && !json && !options.has('once');
  if (isLive) io.stdout.write(REDRAW);
  if (isLive) print(context, `kerb top: ${sample.tenants.length} tenants at ${context.client().base}, Ctrl-C ends`);
  answer(context, { tenants: sample.tenants }, () => lines(sample, last, io.isTerminal ? io.columns : null));
}

function lines(sample: Sample, last: Sample | null, columns: number | null): Line[] {
  const right = { align: 'right' as const };
  const heads = [
    { title: 'TENANT' },
    { title: 'VERSION', ...right },
    { title: 'CANARY', ...right },
    { title: 'REQ/S', ...right },
    { title: 'CPU/S', ...right },
    { title: 'IN FLIGHT', ...right },
    { title: 'REQUESTS', ...right },
    { title: 'CPU', ...right },
    { title: 'MEMORY', ...right },
    { title: 'NOT OK', ...right },
  ];
  const before = new Map(last?.tenants.map((figures) => [figures.tenant, figures]));
  const seconds = last === null ? 0 : (sample.atMs - last.atMs) / 1_000;
  const rates = sample.tenants.map((figures) => ratesOf(figures, before.get(figures.tenant), seconds));
  const sorted = rates.toSorted((a, b) => b.cpuUsPerSecond - a.cpuUsPerSecond || b.figures.cpuUs - a.figures.cpuUs);
  return table(heads, sorted.map(row), columns);
}

interface Rates {
  readonly figures: Figures;
  /** NaN: not known yet. */
  readonly requestsPerSecond: number;
  /** 0 when it is not known yet. */
  readonly cpuUsPerSecond: number;
}

/** Counters that went back are those of a server that began anew: nothing is known then. */
function ratesOf(figures: Figures, before: Figures | undefined, seconds: number): Rates {
  if (before === undefined || seconds <= 0 || before.requests > figures.requests) {
    return { figures, requestsPerSecond: NaN, cpuUsPerSecond: 0 };
  }
  const requestsPerSecond = (figures.requests - before.requests) / seconds;
  return { figures, requestsPerSecond, cpuUsPerSecond: (figures.cpuUs - before.cpuUs) / seconds };
}

function row({ figures, requestsPerSecond, cpuUsPerSecond }: Rates): string[] {
  const isKnown = !Number.isNaN(requestsPerSecond);
  const failed = Object.entries(figures.outcomes).reduce(
    (sum, [outcome, count]) => sum + (outcome === 'ok' ? 0 : count),
    0,
  );
  return [
    figures.tenant,
    String(figures.version ?? '-'),
    String(figures.canary ?? '-'),
    isKnown ? requestsPerSecond.toFixed(1) : '-',
    isKnown ? cpuTime(cpuUsPerSecond) : '-',
    String(figures.inFlight),
    String(figures.requests),
    cpuTime(figures.cpuUs),
    bytes(figures.memoryPages * PAGE_BYTES),
    String(failed),
  ];
}
