/** The connections of an open load: as many as are needed, up to a limit. */
import { Connection } from './connection.ts';
import { isIdempotent, type Answer } from './exchange.ts';
import { MAX_CONNECTIONS, MAX_IDLE_MS } from './limits.ts';

/** How a request went. */
export interface Passage {
  /** Address and port that it came from; empty: no connection could be opened. */
  readonly from: string;
  /** When the first byte of its answer came, on the clock of `performance.now()`; 0: none came. */
  readonly firstByteMs: number;
  /** `repeated`: the server had closed the kept connection that it was sent over first. */
  readonly sent: 'once' | 'repeated';
}

/** Gets the answer; `null`: the connection broke, or could not be opened. */
export type Heard = (answer: Answer | null, passage: Passage) => void;

interface Waiting {
  readonly request: string;
  readonly heard: Heard;
  readonly sent: Passage['sent'];
}

/** Whether the request is the first one since its connection was opened. */
type Life = 'new' | 'kept';

/**
 * Sends each request over an idle connection, or a new one, or the first that becomes idle. One that went over a kept connection which
 * was closed before any byte of an answer is sent again, once and over a new one, if it is idempotent (RFC 9112 §9.3.1).
 */
export class Connections {
  readonly #port: number;
  /** Those that were used last come last, each with when that was. */
  readonly #idle: { readonly connection: Connection; readonly sinceMs: number }[];
  readonly #all: Set<Connection>;
  readonly #waiting: Waiting[] = [];
  #opening = 0;

  /** @param ready - Open connections to begin with. */
  constructor(port: number, ready: readonly Connection[] = []) {
    this.#port = port;
    this.#all = new Set(ready);
    this.#idle = ready.map((connection) => ({ connection, sinceMs: performance.now() }));
  }

  /** Sends a request; `heard` is called once, unless everything is closed before. */
  ask(request: string, heard: Heard): void {
    const asked: Waiting = { request, heard, sent: 'once' };
    const idle = this.#freshest();
    if (idle !== null) return this.#send(idle, asked, 'kept');
    this.#waiting.push(asked);
    this.#openForWaiting();
  }

  /** Ends all, also what is under way: nobody is told of it any more. */
  close(): void {
    this.#waiting.length = 0;
    for (const connection of this.#all) connection.close();
  }

  /** The one that was used last, unless the server may be closing it right now: then it is given up, and all others with it. */
  #freshest(): Connection | null {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      const { connection, sinceMs } = idle;
      if (connection.isOpen && performance.now() - sinceMs < MAX_IDLE_MS) return connection;
      this.#all.delete(connection);
      connection.close();
    }
    return null;
  }

  /** Opens one more connection where more wait than are being opened. */
  #openForWaiting(): void {
    if (this.#waiting.length <= this.#opening || this.#all.size >= MAX_CONNECTIONS) return;
    this.#opening += 1;
    this.#open(
      (made) => {
        this.#opening -= 1;
        this.#free(made, 'new');
      },
      () => {
        this.#opening -= 1;
        this.#waiting.shift()?.heard(null, { from: '', firstByteMs: 0, sent: 'once' });
      },
    );
  }

  #open(opened: (made: Connection) => void, failed: () => void): void {
    const made = new Connection(this.#port);
    this.#all.add(made);
    made.open().then(
      () => opened(made),
      () => {
        failed();
        this.#lose(made);
      },
    );
  }

  #send(over: Connection, asked: Waiting, life: Life): void {
    over.ask(asked.request, (answer) => {
      const { from, firstByteMs } = over;
      const isUnheard = answer === null && firstByteMs === 0;
      if (isUnheard && life === 'kept' && isIdempotent(asked.request)) this.#repeat(asked);
      else asked.heard(answer, { from, firstByteMs, sent: asked.sent });
      if (answer === null) this.#lose(over);
      else this.#free(over, 'kept');
    });
  }

  #repeat(asked: Waiting): void {
    const again: Waiting = { ...asked, sent: 'repeated' };
    this.#open(
      (made) => this.#send(made, again, 'new'),
      () => again.heard(null, { from: '', firstByteMs: 0, sent: 'repeated' }),
    );
  }

  /** A place is free: who waits for one must not wait for connections that are no more. */
  #lose(connection: Connection): void {
    this.#all.delete(connection);
    connection.close();
    this.#openForWaiting();
  }

  #free(connection: Connection, life: Life): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push({ connection, sinceMs: performance.now() });
    else this.#send(connection, next, life);
  }
}
