/** The data threads as the main thread owns them: started, published to, drained. */
import { createServer, type AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import { KerbError } from '../errors.ts';
import type { Deployment, TableChange } from '../runtime/deployment.ts';
import type { Pressure } from '../runtime/process-gauge.ts';
import type { DataThreadOptions, FromDataThread, ThreadUsage, ToDataThread } from './thread-messages.ts';

/** What all data threads have in common. */
export type SharedThreadOptions = Omit<DataThreadOptions, 'thread'>;

/** What happens on data threads. */
export interface DataThreadEvents {
  /** Log lines, whole, with their line ends. */
  readonly onLines: (text: string) => void;
  /** Something went wrong inside Kerb; the thread goes on. */
  readonly onFault: (message: string) => void;
  /** A thread has died: its connections are lost and the process must end. */
  readonly onDeath: (error: unknown) => void;
}

/**
 * Room for new objects on a data thread, but for processes with little memory, where it is a sixteenth of the target. Requests are short-lived garbage: with the default of 16 MB the collector takes a
 * quarter of the thread's time, because each of its runs also walks the stacks of suspended guests.
 */
const YOUNG_GENERATION_MB = 128;

/** One worker and those who wait for its answers. */
class DataThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<string, (message: FromDataThread) => void>();
  readonly #events: DataThreadEvents;

  constructor(options: DataThreadOptions, events: DataThreadEvents) {
    this.#events = events;
    this.#worker = new Worker(new URL('./data-thread.ts', import.meta.url), {
      workerData: options,
      resourceLimits: { maxYoungGenerationSizeMb: Math.min(YOUNG_GENERATION_MB, options.memoryTargetMib / 16) },
    });
    this.#worker.on('message', (message: FromDataThread) => this.#hear(message));
    this.#worker.on('error', events.onDeath);
  }

  say(message: ToDataThread): void {
    this.#worker.postMessage(message);
  }

  /** The next message with that key ({@link keyOf}). */
  next(key: string): Promise<FromDataThread> {
    return new Promise((resolve) => this.#waiting.set(key, resolve));
  }

  /** Drains it and ends it. */
  async drain(deadlineMs: number): Promise<void> {
    const drained = this.next('drained');
    this.say({ kind: 'drain', deadlineMs });
    await drained;
    await this.end();
  }

  /** Ends it. A thread that listens must have drained: with the transport's handles open the process would abort. */
  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #hear(message: FromDataThread): void {
    if (message.kind === 'lines') return this.#events.onLines(message.text);
    if (message.kind === 'fault') return this.#events.onFault(message.message);
    const key = keyOf(message);
    this.#waiting.get(key)?.(message);
    this.#waiting.delete(key);
  }
}

function keyOf(message: FromDataThread): string {
  if (message.kind === 'applied') return `applied ${message.revision}`;
  if (message.kind === 'usage') return `usage ${message.id}`;
  return message.kind === 'cannot_listen' ? 'listening' : message.kind;
}

/** All data threads. */
export class DataThreads {
  readonly #threads: readonly DataThread[];
  readonly #host: string;
  readonly port: number;
  readonly #over = Promise.withResolvers<void>();
  #revision = 0;
  #questions = 0;

  private constructor(threads: readonly DataThread[], host: string, port: number) {
    this.#threads = threads;
    this.#host = host;
    this.port = port;
  }

  /**
   * Starts them; they {@link listen} later, when there is something to serve. Rejects with `cannot_listen` when the address is
   * taken or not ours. Several threads share the port, and so could a second process: a taken port is therefore looked for
   * first. Any free port is chosen here too, because the transport shares only ports that it is given.
   */
  static async start(shared: SharedThreadOptions, events: DataThreadEvents): Promise<DataThreads> {
    const port = await probe(shared.host, shared.port);
    const numbers = Array.from({ length: shared.threads }, (_, thread) => thread);
    const threads = numbers.map((thread) => new DataThread({ ...shared, thread, port }, events));
    return new DataThreads(threads, shared.host, port);
  }

  /**
   * Settles when all listen. Rejects with `cannot_listen`; the caller then drains. Looks once more whether the port is taken: the
   * transport shares it without asking, and what was free at the start may not be now.
   */
  async listen(): Promise<void> {
    await probe(this.#host, this.port);
    for (const thread of this.#threads) {
      const answer = thread.next('listening');
      thread.say({ kind: 'listen' });
      if ((await answer).kind === 'listening') continue;
      throw cannotListen(this.#host, this.port, 'the address cannot be listened on');
    }
  }

  /** Publishes a change; settles when every thread serves by it, or has ended. */
  async publish(add: readonly Deployment[], remove: readonly number[]): Promise<void> {
    this.#revision += 1;
    const change: TableChange = { revision: this.#revision, add, remove };
    const applied = this.#threads.map((thread) => thread.next(`applied ${change.revision}`));
    for (const thread of this.#threads) thread.say({ kind: 'change', change });
    await Promise.race([Promise.all(applied), this.#over.promise]);
  }

  /** Figures of each thread now. */
  usage(): Promise<ThreadUsage[]> {
    this.#questions += 1;
    const id = this.#questions;
    return Promise.all(
      this.#threads.map(async (thread) => {
        const answer = thread.next(`usage ${id}`);
        thread.say({ kind: 'usage', id });
        const message = await answer;
        if (message.kind !== 'usage') throw new TypeError(`a usage question was answered with ${message.kind}`);
        return message.usage;
      }),
    );
  }

  /** Has every thread bring its part of the process's memory down. */
  relieve({ bytes, measure }: Pressure): void {
    const pressure = { bytes: bytes / this.#threads.length, measure };
    for (const thread of this.#threads) thread.say({ kind: 'relieve', pressure });
  }

  /** Takes no more connections, lets requests end, and ends the threads. */
  async drain(deadlineMs: number): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.drain(deadlineMs)));
    this.#over.resolve();
  }
}

/** The port, or a free one for 0. Rejects when somebody listens at the address, without asking to share it. */
function probe(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(host, port, reasonOf(error))));
    server.listen({ host, port, exclusive: true }, () => {
      const found = (server.address() as AddressInfo).port;
      server.close(() => resolve(found));
    });
  });
}

function reasonOf(error: NodeJS.ErrnoException): string {
  if (error.code === 'EADDRINUSE') return 'another process listens there; stop it, or choose another --edge-port';
  if (error.code === 'EACCES') return 'this user may not listen there; choose an --edge-port above 1023';
  return error.message;
}

function cannotListen(host: string, port: number, reason: string): KerbError {
  return new KerbError('cannot_listen', `cannot listen on ${host}:${port}: ${reason}`);
}
