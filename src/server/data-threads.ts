/** The data threads as the main thread owns them: started, published to, drained. */
import { randomBytes } from 'node:crypto';
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { Generations } from '../cache/generations.ts';
import type { Purge } from '../cache/purge.ts';
import type { KvAnswer, KvHome, KvQuestion } from '../capability/kv.ts';
import type { ObjectAnswer, ObjectQuestion } from '../capability/object-cache.ts';
import type { TenantHome } from '../capability/stores.ts';
import { Ending } from '../ending.ts';
import { KerbError } from '../errors.ts';
import type { Outcome } from '../outcome.ts';
import { isDeployed, type Deployment, type Route, type Split, type TableChange } from '../runtime/deployment.ts';
import type { Rehearsal, RehearsalPurpose } from '../runtime/engine.ts';
import type { Pressure } from '../runtime/process-gauge.ts';
import { RateTable } from '../runtime/rate-table.ts';
import { VersionCounters, type VersionCounterShare } from '../runtime/version-counters.ts';
import { AddressPolicy } from '../upstream/address-policy.ts';
import type { TailBatch } from '../telemetry/tail-entry.ts';
import type { KvAsking } from './kv-link.ts';
import { LiveTail } from './live-tail.ts';
import type { ObjectAsking } from './object-link.ts';
import { RoutingTable } from './routing-table.ts';
import { cannotListen, SharedPort } from './shared-port.ts';
import type { DataThreadOptions, FromDataThread, ThreadUsage, ToDataThread } from './thread-messages.ts';

/** What all data threads have in common. */
export interface SharedThreadOptions extends Omit<
  DataThreadOptions,
  'thread' | 'versions' | 'splitKey' | 'rates' | 'cache'
> {
  /** By default there is no room for figures of versions. */
  readonly versions?: VersionCounterShare;
  /** By default a new one: clients are split anew with each start. */
  readonly splitKey?: Uint8Array;
  /** Bytes that the cache keeps; by default none. */
  readonly cacheBytes?: number;
}

/** What happens on data threads. */
export interface DataThreadEvents {
  /** Log lines, whole, with their line ends. */
  readonly onLines: (text: string) => void;
  /** Something went wrong inside Kerb; the thread goes on. */
  readonly onFault: (message: string) => void;
  /** A guest asks a key-value store. Never rejects. */
  readonly onKv: (home: KvHome, store: string, question: KvQuestion) => Promise<KvAnswer>;
  /** A guest asks the object cache. Never rejects. */
  readonly onObject: (home: TenantHome, question: ObjectQuestion) => Promise<ObjectAnswer>;
  /** A guest gives up making an object. */
  readonly onObjectRelease: (fill: number) => void;
  /** Requests wait for a tenant that rests, by a route of it: a change without that route, or {@link DataThreads.unwoken}, answers. */
  readonly onWake: (tenant: string, route: number) => void;
  /** A thread serves nothing of a tenant any more; others may still have requests of it. */
  readonly onUnserved: (home: TenantHome) => void;
  /** A thread has died: its connections are lost and the process must end. */
  readonly onDeath: (error: unknown) => void;
}

/**
 * Room for new objects on a data thread, but for processes with little memory, where it is a sixteenth of the target. Requests are short-lived garbage: with the default of 16 MB the collector takes a
 * quarter of the thread's time, because each of its runs also walks the stacks of suspended guests.
 */
const YOUNG_GENERATION_MB = 128;

/** 256 bits. */
const SPLIT_KEY_BYTES = 32;

/** What a thread tells to more than whoever waits for an answer. */
interface ThreadEvents extends DataThreadEvents {
  readonly onTail: (batches: readonly TailBatch[]) => void;
}

/** One worker and those who wait for its answers. */
class DataThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<string, (message: FromDataThread) => void>();
  readonly #events: ThreadEvents;

  constructor(options: DataThreadOptions, events: ThreadEvents) {
    this.#events = events;
    this.#worker = new Worker(new URL('./data-thread.ts', import.meta.url), {
      workerData: options,
      transferList: [...options.cache.ports.values()],
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
    if (message.kind === 'kv') return this.#answer(message.asking);
    if (message.kind === 'object') return this.#answerObject(message.asking);
    if (message.kind === 'wake') return this.#events.onWake(message.tenant, message.route);
    if (message.kind === 'object_release') return this.#events.onObjectRelease(message.fill);
    if (message.kind === 'unserved') return this.#events.onUnserved(message.home);
    if (message.kind === 'tail') {
      this.say({ kind: 'tail_taken' });
      return this.#events.onTail(message.batches);
    }
    const key = keyOf(message);
    this.#waiting.get(key)?.(message);
    this.#waiting.delete(key);
  }

  #answer({ id, home, store, question }: KvAsking): void {
    void this.#events
      .onKv(home, store, question)
      .then((answer) => this.say({ kind: 'kv_answer', id, answer }), this.#events.onDeath);
  }

  #answerObject({ id, home, question }: ObjectAsking): void {
    void this.#events
      .onObject(home, question)
      .then((answer) => this.say({ kind: 'object_answer', id, answer }), this.#events.onDeath);
  }
}

function keyOf(message: FromDataThread): string {
  if (message.kind === 'applied') return `applied ${message.revision}`;
  if ('id' in message) return `${message.kind} ${message.id}`;
  return message.kind === 'cannot_listen' ? 'listening' : message.kind;
}

/** What all data threads have in common, without anything left out. */
type ThreadOptions = Omit<DataThreadOptions, 'thread' | 'cache'> & { readonly cacheBytes: number };

/** An answer to a question that has a number. */
type Numbered = Extract<FromDataThread, { readonly id: number }>;
type Answer<K extends Numbered['kind']> = Extract<Numbered, { readonly kind: K }>;

/** A link between each two of so many threads: their ports, by thread and by whom they lead to. */
function mesh(threads: number): readonly ReadonlyMap<number, MessagePort>[] {
  const ports = Array.from({ length: threads }, () => new Map<number, MessagePort>());
  ports.forEach((own, thread) =>
    ports.slice(0, thread).forEach((others, other) => {
      const { port1, port2 } = new MessageChannel();
      own.set(other, port1);
      others.set(thread, port2);
    }),
  );
  return ports;
}

/** All data threads. */
export class DataThreads {
  /** Live tails of what they do. */
  readonly tail = new LiveTail((message) => this.#sayAll(message));
  readonly port: number;
  readonly #threads: readonly DataThread[];
  readonly #place: SharedPort;
  readonly #versions: VersionCounters;
  /** What the threads serve by: a change that cannot be is found here, before any of them hears of it. */
  readonly #table = new RoutingTable();
  readonly #over = new Ending();
  #revision = 0;
  #questions = 0;

  private constructor(options: ThreadOptions, place: SharedPort, events: DataThreadEvents) {
    this.port = place.port;
    this.#place = place;
    this.#versions = new VersionCounters(options.versions);
    const heard = { ...events, onTail: (batches: readonly TailBatch[]) => this.tail.take(batches) };
    const { cacheBytes, ...rest } = options;
    const generations = Generations.create().share;
    this.#threads = mesh(options.threads).map((ports, thread) => {
      const cache = { maxBytes: cacheBytes, generations, ports };
      return new DataThread({ ...rest, thread, cache }, heard);
    });
  }

  /**
   * Starts them; they {@link listen} later, when there is something to serve. Rejects with `cannot_listen` when the address is
   * taken or not ours ({@link SharedPort.find}).
   */
  static async start(shared: SharedThreadOptions, events: DataThreadEvents): Promise<DataThreads> {
    const place = await SharedPort.find(shared.host, shared.port);
    const { versions = VersionCounters.create(0).share, splitKey = randomBytes(SPLIT_KEY_BYTES) } = shared;
    const { cacheBytes = 0 } = shared;
    const options = { ...shared, port: place.port, versions, splitKey, cacheBytes, rates: RateTable.create() };
    return new DataThreads(options, place, events);
  }

  /**
   * Settles when all listen. Rejects with `cannot_listen`; the caller then drains. Looks once more whether the port is taken: the
   * transport shares it without asking, and what was free at the start may not be now.
   */
  async listen(): Promise<void> {
    await this.#place.look();
    for (const thread of this.#threads) {
      const answer = thread.next('listening');
      thread.say({ kind: 'listen' });
      if ((await answer).kind === 'listening') continue;
      throw cannotListen(this.#place.host, this.port, 'the address cannot be listened on');
    }
    await this.#place.release();
  }

  /**
   * Publishes a change ({@link TableChange}): later ones are applied after it. Settles when every thread serves by it, or has ended.
   * Requests that are in flight on a deployment that it removes end there, maybe later.
   *
   * Throws, at once and with nothing changed, a TypeError when the splits are not possible ({@link ./splits.ts splitsAfter}) or a
   * deployment has a place in the figures that there is not, and `bad_config` when an address range does not parse.
   */
  publish(add: readonly Route[], remove: readonly number[], splits: readonly Split[] = []): Promise<void> {
    for (const route of add) if (isDeployed(route)) this.#check(route);
    const change: TableChange = { revision: this.#revision + 1, add, remove, splits };
    this.#table.apply(change);
    this.#revision = change.revision;
    const applied = this.#threads.map((thread) => thread.next(`applied ${change.revision}`));
    this.#sayAll({ kind: 'change', change });
    return this.#over.before(Promise.all(applied)).then(
      () => undefined,
      (error: unknown) => {
        // Nobody serves any more: there is nothing to wait for.
        if (!this.#over.isOver) throw error;
      },
    );
  }

  /** Tells requests that wait for the tenant of a route why it is not woken. */
  unwoken(route: number, outcome: Outcome, reason: string): void {
    this.#sayAll({ kind: 'unwoken', route, outcome, reason });
  }

  /** Figures of each thread now. */
  async usage(): Promise<ThreadUsage[]> {
    return (await this.#askAll('usage', (id) => ({ kind: 'usage', id }))).map(({ usage }) => usage);
  }

  /** Purges the cache on every thread; settles when nothing that was purged is served any more, with how many responses it met. */
  async purge(purge: Purge): Promise<number> {
    const answers = await this.#askAll('purged', (id) => ({ kind: 'purge', id, purge }));
    return answers.reduce((sum, { count }) => sum + count, 0);
  }

  /** What the cache holds of a tenant, as it is called there. */
  async cacheUsage(tenant: string): Promise<{ readonly bytes: number; readonly entries: number }> {
    const answers = await this.#askAll('cached', (id) => ({ kind: 'cache_usage', id, tenant }));
    return answers.reduce((sum, { bytes, entries }) => ({ bytes: sum.bytes + bytes, entries: sum.entries + entries }), {
      bytes: 0,
      entries: 0,
    });
  }

  /**
   * Has one of the threads start an instance of a deployment that is not in force, and drop it. Settles with what became of it. Rejects
   * with `conflict` when the threads end before.
   */
  async rehearse(deployment: Deployment, purpose: RehearsalPurpose): Promise<Rehearsal> {
    const thread = this.#threads[(this.#questions + 1) % this.#threads.length] as DataThread;
    const [answer] = await this.#ask([thread], 'rehearsed', (id) => ({ kind: 'rehearse', id, deployment, purpose }));
    if (answer === undefined) throw new TypeError('a rehearsal has one answer');
    return answer.rehearsal;
  }

  /** Has every thread look addresses up in these databases, whose bytes they share. */
  useGeo(databases: readonly SharedArrayBuffer[]): void {
    this.#sayAll({ kind: 'geo', databases });
  }

  /** Has every thread collect what nobody uses, in steps between which it serves. */
  tidy(): void {
    this.#sayAll({ kind: 'tidy' });
  }

  /** Has every thread bring its part of the process's memory down. */
  relieve({ bytes, measure }: Pressure): void {
    const pressure = { bytes: bytes / this.#threads.length, measure };
    this.#sayAll({ kind: 'relieve', pressure });
  }

  /** Takes no more connections, lets requests end, and ends the threads. */
  async drain(deadlineMs: number): Promise<void> {
    await this.#place.release();
    await Promise.all(this.#threads.map((thread) => thread.drain(deadlineMs)));
    this.#over.end(new KerbError('conflict', 'Kerb is shutting down'));
  }

  #askAll<K extends Numbered['kind']>(kind: K, question: (id: number) => ToDataThread): Promise<Answer<K>[]> {
    return this.#ask(this.#threads, kind, question);
  }

  /** The answers of some threads. Rejects with `conflict` when the threads end before. */
  async #ask<K extends Numbered['kind']>(
    threads: readonly DataThread[],
    kind: K,
    question: (id: number) => ToDataThread,
  ): Promise<Answer<K>[]> {
    this.#questions += 1;
    const id = this.#questions;
    const answers = threads.map(async (thread) => {
      const answer = thread.next(`${kind} ${id}`);
      thread.say(question(id));
      return (await answer) as Answer<K>;
    });
    return this.#over.before(Promise.all(answers));
  }

  #sayAll(message: ToDataThread): void {
    for (const thread of this.#threads) thread.say(message);
  }

  /** Finds what a thread would fail at. */
  #check({ id, figuresSlot, allowBackends }: Deployment): void {
    if (allowBackends.length > 0) new AddressPolicy({ allow: allowBackends });
    if (figuresSlot === null || (figuresSlot >= 0 && figuresSlot < this.#versions.capacity)) return;
    throw new TypeError(`deployment ${id} has place ${figuresSlot} of ${this.#versions.capacity} in the figures`);
  }
}
