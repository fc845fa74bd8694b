/** Counts what this process holds: objects of the heap, mappings and address space, timers. */
import { readFileSync } from 'node:fs';
import { queryObjects } from 'node:v8';

const timer = setTimeout(() => undefined, 0);
clearTimeout(timer);

/** What is counted on the heap: each kind takes two collections and a walk. Timers that do not keep the process alive are counted too. */
const KINDS = {
  instances: WebAssembly.Instance,
  memories: WebAssembly.Memory,
  promises: Promise,
  signals: AbortSignal,
  timers: timer.constructor,
} as const satisfies Record<string, unknown>;

/** One count of everything. */
export type Census = Readonly<Record<keyof typeof KINDS | 'mappings' | 'addressSpaceMb' | 'resources', number>>;

/**
 * Counts. Objects are those that full collections leave; suspended stacks show as mappings, linear memories as address space;
 * resources are handles and requests that keep the process alive: sockets, servers, threads, timers.
 */
export function takeCensus(): Census {
  const heap = Object.fromEntries(
    Object.entries(KINDS).map(([kind, constructor]) => [kind, countOf(constructor)]),
  ) as Record<keyof typeof KINDS, number>;
  return {
    ...heap,
    mappings: readFileSync('/proc/self/maps', 'utf8').split('\n').length,
    addressSpaceMb: Number(/^VmSize:\s*(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024,
    resources: process.getActiveResourcesInfo().length,
  };
}

/** The declared type knows neither abstract constructors nor that a count is a number. */
const count = queryObjects as unknown as (constructor: unknown, options: { readonly format: 'count' }) => number;

function countOf(constructor: (typeof KINDS)[keyof typeof KINDS]): number {
  return count(constructor, { format: 'count' });
}

/** What grew from one census to a later one by more than its slack, as `kind: before -> after`. */
export function growth(before: Census, after: Census, slack: Census): string[] {
  return (Object.keys(slack) as (keyof Census)[])
    .filter((kind) => !(after[kind] - before[kind] <= slack[kind]))
    .map((kind) => `${kind}: ${before[kind]} -> ${after[kind]}`);
}
