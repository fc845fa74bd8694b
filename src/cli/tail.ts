/** `kerb tail`: the requests and log lines of a tenant, as they happen. */
import * as z from 'zod';
import { EXIT, type Command, type CommandContext } from './command.ts';
import { linesOf, print, printJson, remark, styled, type Line, type Piece } from './output.ts';
import { tenantHere, tenantPath, OPTIONAL_TENANT } from './tenant-argument.ts';

/** Filters that the server applies. */
const FILTERS = {
  status: { value: 'STATUS', help: 'only requests with this status, such as 503 or 5xx' },
  outcome: { value: 'WORD', help: 'only requests with this outcome, such as cpu_limit' },
  method: { value: 'METHOD', help: 'only requests with this method' },
  path: { value: 'PREFIX', help: 'only requests whose path begins so' },
  contains: { value: 'TEXT', help: 'only lines with this text' },
} as const;

/** The command. Ends with Ctrl-C, or when the server refuses the stream or has been away for too long. */
export const tail: Command = {
  name: 'tail',
  summary: 'follow the requests and log lines of a tenant',
  usage: ['Until Ctrl-C. A broken connection is made again. With --json, one JSON object a line.'],
  options: FILTERS,
  positionals: [OPTIONAL_TENANT],
  run: async (context) => {
    const { positionals, options } = context;
    const path = tenantPath(tenantHere(positionals[0], context), 'logs');
    const query = Object.fromEntries(Object.keys(FILTERS).map((name) => [name, options.text(name)]));
    const onReconnect = (pauseMs: number): void =>
      remark(context, [styled('dim', `the connection is gone; trying again in ${(pauseMs / 1_000).toFixed(1)} s`)]);
    for await (const { event, data } of context.client().events({ method: 'GET', path, query }, onReconnect)) {
      show(context, event, data);
    }
    return EXIT.ok;
  },
};

function show(context: CommandContext, event: string, data: string): void {
  const value = parsed(data);
  if (context.json) return printJson(context, { event, data: value ?? data });
  if (event === 'dropped')
    return remark(context, [styled('yellow', `you are too slow: events are left out (${data})`)]);
  if (event === 'end') return remark(context, [styled('dim', `the server ends the stream (${data})`)]);
  if (event === 'request') return print(context, requestLine(requestEvent.parse(recordOf(value))));
  if (event === 'guest')
    return print(context, ...guestLines(guestEvent.parse(isTable(value) ? value : { message: data })));
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The access record: the event's data, or its member `record`. */
function recordOf(value: unknown): unknown {
  if (!isTable(value)) return {};
  return isTable(value['record']) ? value['record'] : value;
}

const text = z.union([z.string(), z.number()]).catch('').transform(String);
const time = z.union([z.string(), z.number()]).catch('');

/** An access record; every part may be missing. */
const requestEvent = z
  .looseObject({ time, timeMs: time, method: text, host: text, target: text, status: z.number().catch(0) })
  .extend({
    outcome: text,
    detail: z.string().nullable().catch(null),
    served: text,
    wall_ms: text,
    cpu_ms: text,
    wallMs: text,
    cpuMs: text,
  });

/** A line of a guest. */
const guestEvent = z.looseObject({ time, timeMs: time, level: text, message: text, text });

function requestLine(request: z.infer<typeof requestEvent>): Line {
  const { method, host, target, status, outcome, detail, served } = request;
  const cost = `${known(request.cpu_ms, request.cpuMs)} ms cpu, ${known(request.wall_ms, request.wallMs)} ms`;
  return [
    styled('dim', clockOf(request)),
    ` ${method} ${host}${target} `,
    statusPiece(status),
    ...(outcome === 'ok' ? [] : [' ', styled('red', outcome)]),
    ...(served === '' ? [] : [` answered by ${served}`]),
    styled('dim', ` (${cost})`),
    ...(detail === null ? [] : [` ${detail}`]),
  ];
}

/** The first text that is there: the access log and the API spell some keys differently. */
function known(...texts: readonly string[]): string {
  return texts.find((candidate) => candidate !== '') ?? '?';
}

function statusPiece(status: number): Piece {
  return styled(status >= 500 ? 'red' : status >= 400 ? 'yellow' : 'green', String(status));
}

function guestLines(line: z.infer<typeof guestEvent>): Line[] {
  const level = known(line.level, 'info');
  const look = level === 'error' ? 'red' : level === 'warn' ? 'yellow' : 'dim';
  return linesOf(known(line.message, line.text)).map((words) => [
    styled('dim', clockOf(line)),
    ' ',
    styled(look, level),
    ` ${words}`,
  ]);
}

/** The time of day in UTC, to the millisecond. */
function clockOf(entry: { readonly time: string | number; readonly timeMs: string | number }): string {
  const date = new Date(entry.time === '' ? entry.timeMs : entry.time);
  return Number.isNaN(date.getTime()) ? '--:--:--.---' : date.toISOString().slice(11, 23);
}
