/** The connections of an open load: as many as are needed, up to a limit. */
import { Connection, type Answered } from './connection.ts';
import { MAX_CONNECTIONS, MAX_IDLE_MS } from './limits.ts';

/** Gets the answer, or `null`, and where the request came from. */
export type Heard = (answer: Parameters<Answered>[0], from: string) => void;

interface Waiting {
  readonly request: string;
  readonly heard: Heard;
}

/** Sends each request over an idle connection, or a new one, or the first that becomes idle. */
export class Connections {
  readonly #port: number;
  /** Those that were used last come last, each with when that was. */
  readonly #idle: { readonly connection: Connection; readonly sinceMs: number }[] = [];
  readonly #all = new Set<Connection>();
  #waiting: Waiting[] = [];

  constructor(port: number) {
    this.#port = port;
  }

  /** Sends a request; `heard` is called once, unless everything is closed before. */
  ask(request: string, heard: Heard): void {
    const idle = this.#freshest();
    if (idle !== null) return this.#send(idle, { request, heard });
    this.#waiting.push({ request, heard });
    if (this.#all.size < MAX_CONNECTIONS) this.#open();
  }

  /** Ends all, also what is under way. */
  close(): void {
    this.#waiting = [];
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

  #open(): void {
    const made = new Connection(this.#port);
    this.#all.add(made);
    made.open().then(
      () => this.#free(made),
      () => {
        this.#all.delete(made);
        this.#waiting.shift()?.heard(null, '');
      },
    );
  }

  #send(over: Connection, { request, heard }: Waiting): void {
    over.ask(request, (answer) => {
      heard(answer, over.from);
      if (answer === null) this.#all.delete(over);
      else this.#free(over);
    });
  }

  #free(connection: Connection): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push({ connection, sinceMs: performance.now() });
    else this.#send(connection, next);
  }
}
