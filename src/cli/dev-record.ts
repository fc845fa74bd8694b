/** A line of the access log as `kerb dev` shows it: what came, what it cost, how it ended. */
import { styled, type Line, type Style } from './output.ts';

/** Width of the first column. Longer requests push the rest to the right. */
const REQUEST_WIDTH = 28;

/**
 * What is shown of a record of the access log, and of a line that a guest wrote, which stands indented after `|`. What is neither is shown
 * as it is.
 */
export function recordLine(line: string): Line {
  const record = parseRecord(line);
  if (record?.['kind'] === 'access') return requestLine(record);
  if (record?.['kind'] === 'guest') return guestLine(record);
  return line;
}

/** A record with its fields unread. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** The record of a line; `null` for a line that is no JSON object. */
export function parseRecord(line: string): JsonRecord | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as JsonRecord) : null;
  } catch {
    return null;
  }
}

function requestLine(record: JsonRecord): Line {
  const status = number(record, 'status');
  const request = `${text(record, 'method')} ${text(record, 'target')}`.padEnd(REQUEST_WIDTH);
  const cost = [
    `cpu ${milliseconds(number(record, 'cpu_ms'))}`,
    `wall ${milliseconds(number(record, 'wall_ms'))}`,
    `${number(record, 'memory_kb')} KiB`,
    text(record, 'instance'),
  ];
  const ending = endingText(record);
  return [
    `${request}  `,
    styled(styleOf(status), String(status)),
    styled('dim', `  ${cost.join('  ')}`),
    ...(ending === '' ? [] : [styled('red', `  ${ending}`)]),
  ];
}

/** Nothing for a request that the guest answered and that there is nothing to say about. */
function endingText(record: JsonRecord): string {
  const outcome = text(record, 'outcome');
  const detail = outcome === 'unknown_host' ? `no app serves ${text(record, 'host')}` : text(record, 'detail');
  if (outcome === 'ok') return detail;
  const served = text(record, 'served');
  const ending = served === '' ? outcome : `${outcome}, answered by ${served}`;
  return detail === '' ? ending : `${ending}: ${detail}`;
}

function guestLine(record: JsonRecord): Line {
  const level = text(record, 'level');
  const message = text(record, 'message');
  return [styled('dim', '  | '), level === 'info' ? message : `${level}: ${message}`];
}

function styleOf(status: number): Style {
  if (status >= 500) return 'red';
  return status >= 400 ? 'yellow' : 'green';
}

function milliseconds(ms: number): string {
  return `${ms < 10 ? ms.toFixed(2) : ms.toFixed(1)} ms`;
}

function text(record: JsonRecord, key: string): string {
  const value = record[key];
  return typeof value === 'string' ? value : '';
}

function number(record: JsonRecord, key: string): number {
  const value = record[key];
  return typeof value === 'number' ? value : 0;
}
