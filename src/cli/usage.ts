/** `kerb usage`: what a tenant used, hour by hour. */
import { usageAnswer, type UsageHour } from './answers.ts';
import { EXIT, UsageError, type Command, type CommandContext } from './command.ts';
import { answer, styled, type Line } from './output.ts';
import { cpuTime, momentMs, when } from './quantity.ts';
import { OPTIONAL_TENANT, tenantHere, tenantPath } from './tenant-argument.ts';
import { table, type Cell } from './table.ts';

/** How far back it goes unless told. */
const STANDARD_SPAN = '24h';

/** The command. The server answers for at most 92 days at once. */
export const usage: Command = {
  name: 'usage',
  summary: 'what a tenant used, hour by hour',
  usage: ['A time is 2026-01-31, 2026-01-31T12:00:00Z, or how long ago: 90m, 24h, 30d.'],
  options: {
    from: { value: 'TIME', help: `since when, ${STANDARD_SPAN} ago without it` },
    to: { value: 'TIME', help: 'until when, now without it' },
  },
  positionals: [OPTIONAL_TENANT],
  run: async (context) => {
    const path = tenantPath(tenantHere(context.positionals[0], context), 'usage');
    const nowMs = Date.now();
    const [from, to] = [moment(context, 'from', STANDARD_SPAN, nowMs), moment(context, 'to', '', nowMs)];
    if (from >= to) throw new UsageError('--from is not before --to; swap them');
    const query = { from: String(from), to: String(to) };
    const used = await context.client().ask(usageAnswer, { method: 'GET', path, query });
    answer(context, used, () => lines(used.hours, context.io));
    return EXIT.ok;
  },
};

function moment({ options }: CommandContext, name: 'from' | 'to', standard: string, nowMs: number): number {
  const text = options.text(name) ?? standard;
  const time = text === '' ? nowMs : momentMs(text, nowMs);
  if (time === null || time < 0)
    throw new UsageError(`--${name}: ${JSON.stringify(text)} is no time; write 2026-01-31 or 24h`);
  return time;
}

function lines(hours: readonly UsageHour[], { isTerminal, columns }: CommandContext['io']): Line[] {
  const heads = [
    { title: 'HOUR' },
    { title: 'REQUESTS', align: 'right' as const },
    { title: 'CPU', align: 'right' as const },
    { title: 'NOT OK' },
  ];
  const rows = hours.map((hour) => row(when(hour.hourMs), hour));
  return table(heads, [...rows, row(styled('bold', 'total'), sumOf(hours))], isTerminal ? columns : null);
}

type Used = Pick<UsageHour, 'requests' | 'cpuUs' | 'outcomes'>;

function row(name: Cell, { requests, cpuUs, outcomes }: Used): Cell[] {
  const failed = Object.entries(outcomes).filter(([outcome, count]) => outcome !== 'ok' && count > 0);
  return [name, String(requests), cpuTime(cpuUs), failed.map(([outcome, count]) => `${outcome} ${count}`).join(', ')];
}

function sumOf(hours: readonly UsageHour[]): Used {
  const outcomes = new Map<string, number>();
  for (const [outcome, count] of hours.flatMap((hour) => Object.entries(hour.outcomes))) {
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + count);
  }
  const sum = (pick: (hour: UsageHour) => number): number => hours.reduce((total, hour) => total + pick(hour), 0);
  return {
    requests: sum((hour) => hour.requests),
    cpuUs: sum((hour) => hour.cpuUs),
    outcomes: Object.fromEntries(outcomes),
  };
}
