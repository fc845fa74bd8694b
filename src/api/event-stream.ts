/** Server-sent events (the HTML standard, §9.2): streams that are counted, kept alive, bounded in what they hold, and ended. */
import type { ServerResponse } from 'node:http';
import { sendStreamHead, whenOver } from './answer.ts';
import type { ApiLimits } from './limits.ts';
import { refusalOf, tooMany } from './refusal.ts';
import type { Stream } from './route.ts';

/** Whose stream it is, and for how long. */
export interface Session {
  /** Milliseconds from now until the token ends. */
  readonly remainingMs: number;
  /** Rejects when the token is not valid any more. */
  stillValid(): Promise<unknown>;
  /** Hears of an error that says nothing of the token or of what is followed. */
  onFault(error: unknown): void;
}

type StreamLimits = Pick<ApiLimits, 'streams' | 'streamsPerTenant' | 'streamBacklogBytes' | 'heartbeatMs'>;

/** Heartbeats that a reader may be too far behind for, one after the other, before it is disconnected. */
const STUCK_HEARTBEATS = 4;
/** The longest time that a timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Every stream that is open. */
export class EventStreams {
  readonly #limits: StreamLimits;
  readonly #open = new Map<OpenStream, string | null>();

  constructor(limits: StreamLimits) {
    this.#limits = limits;
  }

  /** How many are open. */
  get count(): number {
    return this.#open.size;
  }

  /** Throws 429 when there are too many streams, of the tenant or in all. */
  checkRoom(tenant: string | null): void {
    const own = [...this.#open.values()].filter((other) => other === tenant).length;
    if (own >= this.#limits.streamsPerTenant) throw tooMany('too many streams of this tenant; close one', 5);
    if (this.#open.size >= this.#limits.streams) throw tooMany('too many streams; come again later', 5);
  }

  /** Sends a stream until its reader leaves, its session ends, its {@link Stream.check} throws, or {@link close}. Throws as {@link checkRoom}. */
  open(response: ServerResponse, stream: Stream, session: Session): void {
    this.checkRoom(stream.tenant);
    // Whoever left while the token was checked is not heard of again.
    if (response.closed || response.destroyed) return;
    const opened = new OpenStream(response, stream, session, this.#limits);
    this.#open.set(opened, stream.tenant);
    whenOver(response, () => {
      this.#open.delete(opened);
      opened.stop();
    });
  }

  /** Ends all of them, telling the readers. */
  close(): void {
    for (const stream of this.#open.keys()) stream.end('draining');
  }
}

class OpenStream {
  readonly #response: ServerResponse;
  readonly #limits: StreamLimits;
  readonly #stopFollowing: () => void;
  readonly #heartbeat: NodeJS.Timeout;
  readonly #expiry: NodeJS.Timeout;
  #dropped = 0;
  #stuck = 0;

  constructor(response: ServerResponse, stream: Stream, session: Session, limits: StreamLimits) {
    this.#response = response;
    this.#limits = limits;
    sendStreamHead(response);
    response.write(': open\n\n');
    response.on('drain', () => this.#tellDropped());
    this.#stopFollowing = stream.follow((event, data) => this.#emit(event, data));
    this.#heartbeat = setInterval(() => this.#beat(stream, session), limits.heartbeatMs);
    this.#expiry = setTimeout(() => this.end('token_expired'), Math.min(session.remainingMs, MAX_TIMER_MS));
  }

  /** Ends the stream with an event that says why. */
  end(reason: 'token_expired' | 'token_revoked' | 'gone' | 'draining'): void {
    if (this.#response.writableEnded) return;
    this.stop();
    this.#write('end', { reason });
    this.#response.end();
  }

  /** Hears of nothing any more. Idempotent. */
  stop(): void {
    this.#stopFollowing();
    clearInterval(this.#heartbeat);
    clearTimeout(this.#expiry);
  }

  #emit(event: string, data: unknown): void {
    if (this.#response.writableEnded) return;
    if (this.#isBehind()) {
      this.#dropped++;
      return;
    }
    this.#tellDropped();
    this.#write(event, data);
  }

  #tellDropped(): void {
    if (this.#dropped === 0 || this.#response.writableEnded) return;
    this.#write('dropped', { count: this.#dropped });
    this.#dropped = 0;
  }

  /** JSON has no line ends, so `data` is one field however hostile it is. */
  #write(event: string, data: unknown): void {
    this.#response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  #isBehind(): boolean {
    return this.#response.writableLength > this.#limits.streamBacklogBytes;
  }

  #beat(stream: Stream, session: Session): void {
    this.#stuck = this.#isBehind() ? this.#stuck + 1 : 0;
    if (this.#stuck >= STUCK_HEARTBEATS) {
      this.#response.destroy();
      return;
    }
    if (this.#stuck === 0) this.#response.write(': alive\n\n');
    session.stillValid().then(
      () => this.#checkSource(stream, session),
      (error: unknown) => (isStatus(error, 401) ? this.end('token_revoked') : session.onFault(error)),
    );
  }

  #checkSource(stream: Stream, session: Session): void {
    try {
      stream.check();
    } catch (error) {
      if (isStatus(error, 404)) this.end('gone');
      else session.onFault(error);
    }
  }
}

function isStatus(error: unknown, status: number): boolean {
  return refusalOf(error)?.status === status;
}
