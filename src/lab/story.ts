/** What a run found, in sentences: for the terminal and the top of the report. Pure. */
import { roundedDown } from './capacity.ts';
import { coldShareFrom } from './cold-share.ts';
import { bytesText, countText, msText, numberText, percentText } from './figures.ts';
import { isAwakeFromStart, isClean, type LabRecord, type PhaseSummary } from './record.ts';

/** The answer, and what it rests on. */
export function headline(record: LabRecord): string[] {
  return [verdict(record), fit(record), cost(record), speed(record), ...neighbours(record)];
}

/** Whether everything was in order. */
export function verdict({ settings, all, server }: LabRecord): string {
  const what = `${countText(settings.tenants)} tenants, ${countText(all.sent)} requests`;
  const { wrong, unexpected, lost } = all;
  const right = settings.modules === null ? 'no wrong byte' : 'no wrong status';
  if (isClean({ all, server })) return `${what}: no abort, ${right}, no unexpected outcome, no lost request.`;
  const faults = `${countText(wrong)} wrong, ${countText(unexpected)} with an unexpected outcome, ${countText(lost)} lost`;
  const end = server.aborts > 0 ? `; the server ended by itself with code ${server.exitCode}` : '';
  return `${what}: not all was in order: ${faults}${end}.`;
}

/** How many more tenants fit. */
export function fit({ capacity, settings }: LabRecord): string {
  const { more, first } = capacity;
  if (more === null || first === null) return 'How many more tenants fit could not be measured on this system.';
  if (more === 0) return `No more tenants fit: ${first} is used up.`;
  const count = countText(roundedDown(more));
  return `About ${count} more like these ${countText(settings.tenants)} fit; ${first} would end first. An estimate from this run.`;
}

/** What tenants cost. */
export function cost({ capacity, settings, start, looks }: LabRecord): string {
  const memory = capacity.bounds.find(({ name }) => name === 'resident memory');
  const seen = looks.at(-1)?.seen ?? 0;
  const each = (mib: number | null | undefined): string =>
    bytesText(mib === null || mib === undefined ? null : mib * 2 ** 20);
  const server = `the server itself takes ${bytesText(start.empty.residentBytes)}`;
  if (isAwakeFromStart(start))
    return `A tenant takes ${each(memory?.perAwake)} of memory: so few are all awake from the start; ${server}.`;
  // Collections between the two looks may give back more than so few tenants take.
  const rest = memory?.perRegistered === 0 ? 'too little to be measured' : `${each(memory?.perRegistered)} of memory`;
  return [
    `A tenant that is only there takes ${rest}, one that answers ${each(memory?.perAwake)} more`,
    ` (${countText(seen)} of ${countText(settings.tenants)} did); ${server}.`,
  ].join('');
}

/** How fast answers came, after everybody had come at once, and then. */
export function speed(record: LabRecord): string {
  const { cold, warm, lateness } = record.steady;
  const { settling } = record.phases;
  return [
    `${awakeShare(record)} of requests found their tenant awake, by Kerb's own count of wakes. Answers of tenants that had answered before`,
    ` took ${msText(warm?.p50)} at p50 and ${msText(warm?.p99)} at p99; a tenant's first`,
    ` took ${msText(cold?.p50)} and ${msText(cold?.p99)}. In the ${numberText(settling.seconds)} s before that, when everybody came at`,
    ` once, a first one took ${msText(settling.cold?.p50)} and ${msText(settling.cold?.p99)}. The generator sent its requests up to`,
    ` ${msText(lateness?.p99)} late (p99), which is in these times.`,
  ].join('');
}

/** The share of requests after the settling that woke no tenant; `unknown` where Kerb did not tell. */
export function awakeShare({ looks, phases: { settling } }: LabRecord): string {
  const cold = coldShareFrom(looks, settling.seconds);
  return cold === null ? 'An unknown share' : percentText(1 - cold);
}

/** What well-behaved tenants noticed of hostile ones. */
export function neighbours({ phases: { calm, hostile }, settings }: LabRecord): string[] {
  if (settings.hostile === 0 || calm.warm === null || hostile.warm === null) return [];
  const ended = Object.values(hostile.hostile).reduce((sum, count) => sum + count, 0);
  return [
    `While ${countText(ended)} requests of hostile tenants were stopped, the others' warm p50 went from ${change(calm, hostile, 'p50')}` +
      ` and their p99 from ${change(calm, hostile, 'p99')}.`,
  ];
}

function change(calm: PhaseSummary, hostile: PhaseSummary, which: 'p50' | 'p99'): string {
  return `${msText(calm.warm?.[which])} to ${msText(hostile.warm?.[which])}`;
}
