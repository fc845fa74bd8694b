/** A client for few requests with exact times: one attacker after the other, and a steady stream at a given rate. */
import { Agent, request } from 'node:http';

const TIMEOUT_MS = 20_000;

/** A response, timed. */
export interface Timed {
  readonly status: number;
  /** The `kerb-outcome` field; empty: the guest answered. */
  readonly outcome: string;
  readonly wallMs: number;
}

/** Sends GET requests to hosts of one server over kept connections. */
export class Client {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  /** Sends a request. `sinceMs` (on the clock of `performance.now()`) is when it was due; the time counts from there. */
  get(host: string, sinceMs = performance.now()): Promise<Timed> {
    return new Promise((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port: this.#port,
        headers: { host },
        agent: this.#agent,
        timeout: TIMEOUT_MS,
      };
      const asked = request(options, (response) => {
        response.on('error', reject);
        response.on('end', () => {
          const { statusCode: status = 0, headers } = response;
          resolve({ status, outcome: String(headers['kerb-outcome'] ?? ''), wallMs: performance.now() - sinceMs });
        });
        response.resume();
      });
      asked.on('timeout', () => asked.destroy(new Error(`no answer from ${host} in ${TIMEOUT_MS} ms`)));
      asked.on('error', reject);
      asked.end();
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** What a steady stream saw. */
export interface Stream {
  /** From when each request was due to the end of its response. */
  readonly latenciesMs: readonly number[];
  /** Requests that failed or were not answered 200. */
  readonly errors: number;
}

/** Requests at a fixed rate, whether or not earlier ones have been answered: an open loop, as the world is. */
export class OpenLoop {
  readonly #client: Client;
  readonly #host: string;
  readonly #periodMs: number;
  readonly #latencies: number[] = [];
  readonly #flying = new Set<Promise<void>>();
  readonly #startMs = performance.now();
  readonly #timer: NodeJS.Timeout;
  #sent = 0;
  #errors = 0;

  /** Begins at once. */
  constructor(client: Client, host: string, perSecond: number) {
    this.#client = client;
    this.#host = host;
    this.#periodMs = 1000 / perSecond;
    this.#timer = setInterval(() => this.#sendDue(), 1);
  }

  /** Sends no more; settles when all are answered. */
  async stop(): Promise<Stream> {
    clearInterval(this.#timer);
    await Promise.all(this.#flying);
    return { latenciesMs: this.#latencies, errors: this.#errors };
  }

  #sendDue(): void {
    for (;;) {
      const dueMs = this.#startMs + this.#sent * this.#periodMs;
      if (dueMs > performance.now()) return;
      this.#sent += 1;
      const flight: Promise<void> = this.#send(dueMs).finally(() => this.#flying.delete(flight));
      this.#flying.add(flight);
    }
  }

  async #send(dueMs: number): Promise<void> {
    try {
      const { status, wallMs } = await this.#client.get(this.#host, dueMs);
      this.#latencies.push(wallMs);
      if (status !== 200) this.#errors += 1;
    } catch {
      this.#errors += 1;
    }
  }
}
