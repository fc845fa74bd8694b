/** Server-sent events (WHATWG HTML §9.2): bytes to events, and a stream of them that survives broken connections. */
import { setTimeout as pause } from 'node:timers/promises';
import { AnswerError, ProblemError, UnreachableError, isLoss } from './problem.ts';

/** One event. */
export interface ServerEvent {
  /** `message` when the server names none. */
  readonly event: string;
  readonly data: string;
}

/** A line or event above this many characters is no log line of Kerb: the stream is given up. */
const MAX_EVENT_CHARS = 1024 * 1024;
/** Milliseconds before the first new connection, unless the server says otherwise; doubled with each that fails. */
const FIRST_PAUSE_MS = 500;
/** The longest pause; what a server asks for above it is not followed. */
const LONGEST_PAUSE_MS = 10_000;
/** The shortest that a server may ask for. */
const SHORTEST_PAUSE_MS = 20;
/** Connections in a row that fail before the stream is given up: about a minute. */
const MAX_FAILURES = 10;

function tooLong(): AnswerError {
  return new AnswerError(`an event is longer than ${MAX_EVENT_CHARS} characters: no event of Kerb is; check --control`);
}

/** The parser of one connection. Keeps the last event id and the pause that the server asks for. */
export class EventParser {
  /** What a new connection names as `Last-Event-ID`; `''`: nothing. */
  lastId = '';
  /** Milliseconds the server wants between connections; `null`: it does not say. */
  retryMs: number | null = null;
  readonly #decoder = new TextDecoder();
  #rest = '';
  #event = '';
  #data: string[] = [];
  #chars = 0;

  /** The events that `chunk` completes. Throws an `AnswerError` for one that is too long. */
  push(chunk: Uint8Array): ServerEvent[] {
    // A CR at the end may be half of a CRLF: it waits for what follows.
    const text = this.#rest + this.#decoder.decode(chunk, { stream: true });
    const lines = text.split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > MAX_EVENT_CHARS) throw tooLong();
    return lines.flatMap((line) => this.#line(line) ?? []);
  }

  #line(line: string): ServerEvent | null {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    if (colon === 0) return null;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    this.#field(field, value);
    return null;
  }

  #field(field: string, value: string): void {
    if (field === 'event') this.#event = value;
    if (field === 'id' && !value.includes('\0')) this.lastId = value;
    if (field === 'retry' && /^[0-9]{1,9}$/.test(value)) this.retryMs = Number(value);
    if (field !== 'data') return;
    this.#chars += value.length;
    if (this.#chars > MAX_EVENT_CHARS) throw tooLong();
    this.#data.push(value);
  }

  #dispatch(): ServerEvent | null {
    const made = this.#data.length === 0 ? null : { event: this.#event || 'message', data: this.#data.join('\n') };
    this.#event = '';
    this.#data = [];
    this.#chars = 0;
    return made;
  }
}

/** How a stream is opened and watched. */
export interface Following {
  /** Opens a connection; `lastId` is what to send as `Last-Event-ID`, `''` for nothing. */
  readonly open: (lastId: string) => Promise<AsyncIterable<Uint8Array>>;
  readonly signal: AbortSignal;
  /** Told that the connection is gone and a new one is tried in `pauseMs`. */
  readonly onReconnect: (pauseMs: number) => void;
}

/**
 * Events until the signal aborts: then it ends without an error. A connection that ends is opened again, with pauses that double. Throws what
 * the first connection throws; later a `ProblemError` of a client's fault (4xx), and an `UnreachableError` after ten failures in a row.
 */
export async function* followEvents({ open, signal, onReconnect }: Following): AsyncGenerator<ServerEvent> {
  const parserState = { lastId: '', retryMs: null as number | null };
  let failures = 0;
  for (let connected = false; !signal.aborted;) {
    try {
      const body = await open(parserState.lastId);
      [connected, failures] = [true, 0];
      yield* eventsOf(body, parserState);
    } catch (error) {
      if (signal.aborted) return;
      if (!connected || !isWorthAnother(error) || ++failures >= MAX_FAILURES) throw error;
    }
    const pauseMs = pauseBefore(failures, parserState.retryMs);
    if (!isOver(signal)) onReconnect(pauseMs);
    // The abort is seen by the condition of the loop.
    await pause(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Read anew: what is known of a signal before an await says nothing about after it. */
function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}

async function* eventsOf(
  body: AsyncIterable<Uint8Array>,
  state: { lastId: string; retryMs: number | null },
): AsyncGenerator<ServerEvent> {
  const parser = new EventParser();
  parser.lastId = state.lastId;
  parser.retryMs = state.retryMs;
  for await (const chunk of body) {
    const events = parser.push(chunk);
    [state.lastId, state.retryMs] = [parser.lastId, parser.retryMs];
    yield* events;
  }
}

function isWorthAnother(error: unknown): boolean {
  if (error instanceof ProblemError) return error.status >= 500 || error.status === 429;
  return error instanceof UnreachableError || isLoss(error);
}

function pauseBefore(failures: number, retryMs: number | null): number {
  const first = Math.max(SHORTEST_PAUSE_MS, retryMs ?? FIRST_PAUSE_MS);
  return Math.min(LONGEST_PAUSE_MS, first * 2 ** failures);
}
