/** Counters that all threads share, per version: requests that its guests got, how many they failed, and what they cost. */
import type { Outcome } from '../outcome.ts';

/** Words per version: requests, guest faults, and CPU microseconds as a low and a high half. */
const WORDS = 4;
const REQUESTS = 0;
const FAULTS = 1;
const CPU_LOW = 2;
const CPU_HIGH = 3;

/**
 * Whether an outcome speaks against the version that had the request. What its surroundings may have done does not: a canary
 * must not be given up because an origin is down, a client leaves, or a neighbour took the memory of the process.
 */
const GUEST_FAULT = {
  ok: false,
  bad_request: false,
  unknown_host: false,
  body_limit: false,
  concurrency_limit: false,
  cpu_quota: false,
  client_closed: false,
  guest_trap: true,
  stack_limit: true,
  internal_error: false,
  no_response: true,
  backend_error: false,
  cpu_limit: true,
  memory_limit: true,
  capacity: false,
  draining: false,
  // Whoever is waited for: a client with a slow body could have any canary given up.
  wall_limit: false,
} as const satisfies Record<Outcome, boolean>;

/** The memory behind the counters; crosses threads by structured clone. */
export interface VersionCounterShare {
  readonly words: Int32Array<SharedArrayBuffer>;
}

/** Figures of one version since its slot was cleared. */
export interface VersionFigures {
  /** Requests that got an instance; those refused before say nothing about a version. Wraps at 2^32. */
  readonly requests: number;
  /** Those of them whose end was the guest's fault. Wraps at 2^32. */
  readonly guestFaults: number;
  /** CPU time inside guests, in microseconds. */
  readonly cpuUs: number;
}

/** Counters in shared memory, one slot a version. */
export class VersionCounters {
  readonly share: VersionCounterShare;

  constructor(share: VersionCounterShare) {
    this.share = share;
  }

  /** New counters for up to `versions` versions at a time, all zero. A slot takes 16 bytes. */
  static create(versions: number): VersionCounters {
    return new VersionCounters({ words: new Int32Array(new SharedArrayBuffer(4 * WORDS * versions)) });
  }

  /** Slots there are. */
  get capacity(): number {
    return this.share.words.length / WORDS;
  }

  /** Counts a request that had an instance, with less than 2^32 microseconds of CPU time. */
  count(slot: number, outcome: Outcome, cpuUs: number): void {
    const at = slot * WORDS;
    Atomics.add(this.share.words, at + REQUESTS, 1);
    if (GUEST_FAULT[outcome]) Atomics.add(this.share.words, at + FAULTS, 1);
    const low = Atomics.add(this.share.words, at + CPU_LOW, cpuUs) >>> 0;
    if (low + cpuUs >= 2 ** 32) Atomics.add(this.share.words, at + CPU_HIGH, 1);
  }

  /** The figures of a slot now: each is whole, but a request that is being counted may be in some of them only. */
  read(slot: number): VersionFigures {
    const at = (place: number): number => Atomics.load(this.share.words, slot * WORDS + place) >>> 0;
    return { requests: at(REQUESTS), guestFaults: at(FAULTS), cpuUs: at(CPU_LOW) + at(CPU_HIGH) * 2 ** 32 };
  }

  /**
   * Sets a slot to zero for another version. Requests that its last version still has in flight count into it: who reuses slots
   * takes the one that has been free for longest.
   */
  clear(slot: number): void {
    for (let place = 0; place < WORDS; place++) Atomics.store(this.share.words, slot * WORDS + place, 0);
  }
}
