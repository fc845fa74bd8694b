/** Counters that all threads share, per tenant: requests in flight, and how requests ended. */
import { CACHE_OUTCOMES, type CacheOutcome } from '../cache/outcome.ts';
import { OUTCOME_NAMES, type Outcome } from '../outcome.ts';

/**
 * Words per tenant: in flight, one per outcome, one per outcome of the cache, open WebSockets, CPU microseconds as a low and a high half,
 * pages of linear memory, and connections to backends. No 64-bit words: their atomic access takes bigints, which cost an allocation per
 * request.
 */
const WORDS = 1 + OUTCOME_NAMES.length + CACHE_OUTCOMES.length + 5;
const WEBSOCKETS = WORDS - 5;
const CPU_LOW = WORDS - 4;
const CPU_HIGH = WORDS - 3;
const PAGES = WORDS - 2;
const SOCKETS = WORDS - 1;
const OUTCOME_PLACE = Object.fromEntries(OUTCOME_NAMES.map((name, place) => [name, place + 1])) as Record<
  Outcome,
  number
>;

const CACHE_PLACE = Object.fromEntries(
  CACHE_OUTCOMES.map((name, place) => [name, place + 1 + OUTCOME_NAMES.length]),
) as Record<CacheOutcome, number>;

/** The memory behind the counters; crosses threads by structured clone. */
export interface CounterShare {
  readonly words: Int32Array<SharedArrayBuffer>;
}

/** Figures of one tenant. */
export interface TenantFigures {
  readonly inFlight: number;
  /** Open ones, and handshakes that may open one. */
  readonly webSockets: number;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** What the cache did for its requests to backends. */
  readonly cache: Readonly<Record<CacheOutcome, number>>;
  /** CPU time inside guests, in microseconds. */
  readonly cpuUs: number;
  /** Linear memory that exists for it, in pages of 64 KiB. */
  readonly memoryPages: number;
}

/** Counters in shared memory, one slot a tenant. */
export class TenantCounters {
  readonly share: CounterShare;

  constructor(share: CounterShare) {
    this.share = share;
  }

  /** New counters for up to `tenants` tenants, all zero. */
  static create(tenants: number): TenantCounters {
    return new TenantCounters({ words: new Int32Array(new SharedArrayBuffer(4 * WORDS * tenants)) });
  }

  /** Slots there are. */
  get capacity(): number {
    return this.share.words.length / WORDS;
  }

  /** Counts a request in, unless `limit` are in flight already; answers whether it is in. */
  tryEnter(slot: number, limit: number): boolean {
    const before = Atomics.add(this.share.words, slot * WORDS, 1);
    if (before < limit) return true;
    Atomics.sub(this.share.words, slot * WORDS, 1);
    return false;
  }

  /** Counts a request out. */
  leave(slot: number): void {
    Atomics.sub(this.share.words, slot * WORDS, 1);
  }

  /** Counts a WebSocket in, unless there are `limit` already; answers whether it is in. */
  tryEnterWebSocket(slot: number, limit: number): boolean {
    const before = Atomics.add(this.share.words, slot * WORDS + WEBSOCKETS, 1);
    if (before < limit) return true;
    this.leaveWebSocket(slot);
    return false;
  }

  /** Counts a WebSocket out. */
  leaveWebSocket(slot: number): void {
    Atomics.sub(this.share.words, slot * WORDS + WEBSOCKETS, 1);
  }

  /** Requests in flight. */
  inFlight(slot: number): number {
    return Atomics.load(this.share.words, slot * WORDS);
  }

  /** Counts an ended request. */
  count(slot: number, outcome: Outcome): void {
    Atomics.add(this.share.words, slot * WORDS + OUTCOME_PLACE[outcome], 1);
  }

  /** Requests that have ended, however: a word of 32 bits, which wraps. */
  requests(slot: number): number {
    const first = slot * WORDS + 1;
    let sum = 0;
    for (let word = first; word < first + OUTCOME_NAMES.length; word += 1) sum += Atomics.load(this.share.words, word);
    return sum >>> 0;
  }

  /** Whether requests are in flight or WebSockets open. */
  isBusy(slot: number): boolean {
    const { words } = this.share;
    return Atomics.load(words, slot * WORDS) > 0 || Atomics.load(words, slot * WORDS + WEBSOCKETS) > 0;
  }

  /** Counts a request to a backend by what the cache did. */
  countCache(slot: number, outcome: CacheOutcome): void {
    Atomics.add(this.share.words, slot * WORDS + CACHE_PLACE[outcome], 1);
  }

  /** CPU time inside guests so far, in microseconds. */
  cpuUs(slot: number): number {
    const at = (place: number): number => Atomics.load(this.share.words, slot * WORDS + place) >>> 0;
    return at(CPU_LOW) + at(CPU_HIGH) * 2 ** 32;
  }

  /** Counts pages of linear memory in, or out when negative; answers how many there were before. */
  addPages(slot: number, pages: number): number {
    return Atomics.add(this.share.words, slot * WORDS + PAGES, pages);
  }

  /** Counts connections to backends in, or out when negative; answers how many there were before. */
  addSockets(slot: number, sockets: number): number {
    return Atomics.add(this.share.words, slot * WORDS + SOCKETS, sockets);
  }

  /** The figures of a slot now. */
  read(slot: number): TenantFigures {
    const at = (place: number): number => Atomics.load(this.share.words, slot * WORDS + place) >>> 0;
    const outcomes = Object.fromEntries(OUTCOME_NAMES.map((name) => [name, at(OUTCOME_PLACE[name])]));
    const cache = Object.fromEntries(CACHE_OUTCOMES.map((name) => [name, at(CACHE_PLACE[name])]));
    return {
      inFlight: this.inFlight(slot),
      webSockets: at(WEBSOCKETS),
      outcomes: outcomes as Record<Outcome, number>,
      cache: cache as Record<CacheOutcome, number>,
      memoryPages: at(PAGES),
      cpuUs: this.cpuUs(slot),
    };
  }

  /** Adds CPU time, less than 2^32 microseconds; whoever makes the low half wrap carries into the high one. */
  addCpu(slot: number, us: number): void {
    const low = Atomics.add(this.share.words, slot * WORDS + CPU_LOW, us) >>> 0;
    if (low + us >= 2 ** 32) Atomics.add(this.share.words, slot * WORDS + CPU_HIGH, 1);
  }
}
