/** The access log: one JSON line per request, with its outcome and its cost. */
import type { Measure } from '../failure-rule.ts';
import type { Outcome } from '../outcome.ts';

/** What went through a WebSocket, in messages and in bytes of their content. */
export interface WebSocketRecord {
  /** From the client. */
  readonly receivedMessages: number;
  readonly receivedBytes: number;
  /** To the client. */
  readonly sentMessages: number;
  readonly sentBytes: number;
  /** Of the close frame that ended it; 1005: it had none in it, 1006: there was no close frame (RFC 6455 §7.1.5). */
  readonly closeCode: number;
}

/** One request, when it is over. One that became a WebSocket is over when both of its connections are. */
export interface AccessRecord {
  /** Milliseconds since the epoch at the request's arrival. */
  readonly timeMs: number;
  /** `null`: the request reached no tenant. */
  readonly tenant: string | null;
  readonly version: string | null;
  readonly client: string;
  readonly method: string;
  readonly host: string;
  /** Request target as sent. */
  readonly target: string;
  readonly status: number;
  readonly outcome: Outcome;
  /** Why, for people; `null` when there is nothing to add. */
  readonly detail: string | null;
  /** What answered in the failed guest's stead; `null`: nothing. The outcome is the guest's. */
  readonly served: Measure | null;
  /** From arrival to the last byte handed to the transport. */
  readonly wallMs: number;
  /** CPU time inside the guest. */
  readonly cpuMs: number;
  /** Time that the guest waited in hostcalls. */
  readonly waitMs: number;
  /** Turns on its thread that the guest took. */
  readonly slices: number;
  readonly hostcalls: number;
  readonly memoryBytes: number;
  readonly instance: 'fresh' | 'reused' | 'none';
  /** `null` or absent: the request did not become a WebSocket. */
  readonly webSocket?: WebSocketRecord | null;
}

/** The longest text of a client's that a line repeats. */
const MAX_ECHO = 2048;

/** A record as the access log and live tails show it: plain JSON with stable keys, times as milliseconds with three decimals. */
export type AccessFields = {
  /** Arrival, as ISO 8601 in UTC. */
  readonly time: string;
  readonly kind: 'access';
  readonly tenant: string | null;
  readonly version: string | null;
  readonly client: string;
  readonly method: string;
  /** As sent, but cut at 2048 characters; so is `target`. */
  readonly host: string;
  readonly target: string;
  readonly status: number;
  readonly outcome: Outcome;
  readonly wall_ms: number;
  readonly cpu_ms: number;
  readonly wait_ms: number;
  readonly slices: number;
  readonly hostcalls: number;
  readonly memory_kb: number;
  readonly instance: AccessRecord['instance'];
  /** Absent when there is nothing to add. */
  detail?: string;
  /** What answered in the failed guest's stead; absent when nothing did. */
  served?: Measure;
  /** Absent where the request did not become a WebSocket. */
  websocket?: {
    readonly received_messages: number;
    readonly received_bytes: number;
    readonly sent_messages: number;
    readonly sent_bytes: number;
    readonly close_code: number;
  };
};

/** The fields of a record. */
export function accessFields(record: AccessRecord): Readonly<AccessFields> {
  const fields: AccessFields = {
    time: new Date(record.timeMs).toISOString(),
    kind: 'access',
    tenant: record.tenant,
    version: record.version,
    client: record.client,
    method: record.method,
    host: record.host.slice(0, MAX_ECHO),
    target: record.target.slice(0, MAX_ECHO),
    status: record.status,
    outcome: record.outcome,
    wall_ms: rounded(record.wallMs),
    cpu_ms: rounded(record.cpuMs),
    wait_ms: rounded(record.waitMs),
    slices: record.slices,
    hostcalls: record.hostcalls,
    memory_kb: record.memoryBytes / 1024,
    instance: record.instance,
  };
  if (record.detail !== null) fields.detail = record.detail;
  if (record.served !== null) fields.served = record.served;
  if (record.webSocket) fields.websocket = webSocketFields(record.webSocket);
  return fields;
}

function webSocketFields(record: WebSocketRecord): NonNullable<AccessFields['websocket']> {
  return {
    received_messages: record.receivedMessages,
    received_bytes: record.receivedBytes,
    sent_messages: record.sentMessages,
    sent_bytes: record.sentBytes,
    close_code: record.closeCode,
  };
}

/** The record as a JSON object, without line end. */
export function accessLine(record: AccessRecord): string {
  return JSON.stringify(accessFields(record));
}

/** A line that a guest wrote, perhaps for a named endpoint, as a JSON object without line end. */
export function guestLine(timeMs: number, tenant: string, level: string, message: string, endpoint?: string): string {
  const line = { time: new Date(timeMs).toISOString(), kind: 'guest', tenant, level, message };
  return JSON.stringify(endpoint === undefined ? line : { ...line, endpoint });
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
