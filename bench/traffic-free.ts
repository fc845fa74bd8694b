/** Connections of an open loop: as many as are needed, up to a limit. */
import type { Response } from './response-parser.ts';
import { TrafficConnection } from './traffic-connection.ts';

/** Requests in flight; more wait in the generator, and their time runs. */
const MOST_CONNECTIONS = 1_000;

/** A request that waits for a connection. */
interface Waiting {
  readonly text: string;
  readonly answered: (response: Response | null, over: TrafficConnection) => void;
}

/** Sends each request over an idle connection, or a new one, or the first that becomes idle. */
export class FreeConnections {
  readonly #port: number;
  readonly #idle: TrafficConnection[];
  readonly #waiting: Waiting[] = [];
  #connections: number;

  /** @param idle - Open connections to begin with. */
  constructor(port: number, idle: TrafficConnection[]) {
    this.#port = port;
    this.#idle = idle;
    this.#connections = idle.length;
  }

  /** Sends a request; `answered` gets the answer, `null` when the connection broke, and the connection. */
  ask(text: string, answered: Waiting['answered']): void {
    const connection = this.#idle.pop();
    if (connection !== undefined) return this.#send(connection, { text, answered });
    this.#waiting.push({ text, answered });
    if (this.#connections >= MOST_CONNECTIONS) return;
    this.#connections += 1;
    const made = new TrafficConnection(this.#port);
    made.open().then(
      () => this.#free(made),
      () => (this.#connections -= 1),
    );
  }

  #send(connection: TrafficConnection, { text, answered }: Waiting): void {
    connection.ask(text, (response) => {
      answered(response, connection);
      if (response !== null) this.#free(connection);
      else this.#connections -= 1;
    });
  }

  #free(connection: TrafficConnection): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(connection);
    else this.#send(connection, next);
  }
}
