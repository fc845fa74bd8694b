/** Leaves a backend alone that does not answer: its callers fail at once, and it is not kept down by those who wait for it. */
import type { BackendFault } from '../capability/backend.ts';
import { CIRCUIT_FAILURES, CIRCUIT_REST_MS } from './limits.ts';

/** What lets a request go: as all do, or alone, to see whether the backend is back. */
export type Pass = 'ordinary' | 'probe';

/** How a request ended that was let go: with the head of an answer, without one, or for reasons that say nothing of the backend. */
export type CircuitSign = 'answered' | 'failed' | 'neither';

/** Faults that say that a backend is down: nothing came back in time. What it is refused for, or what it says, is no such sign. */
const DOWN: ReadonlySet<BackendFault> = new Set<BackendFault>(['connect', 'timeout', 'dns']);

/** The sign of a request that failed before the head of an answer came. */
export function signOf(fault: BackendFault): CircuitSign {
  return DOWN.has(fault) ? 'failed' : 'neither';
}

/**
 * Opens after {@link CIRCUIT_FAILURES} failures in a row; after {@link CIRCUIT_REST_MS} one request at a time probes. An answer to a
 * probe closes it, a failure makes it rest anew. Requests that were let go before it opened change nothing any more.
 */
export class CircuitBreaker {
  readonly #clock: () => number;
  #failures = 0;
  /** When it opened; `null`: it is closed. */
  #openMs: number | null = null;
  #isProbed = false;

  /** @param clock - Milliseconds of a clock that only goes forward. */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Lets a request go, or answers `null`. Whoever gets a pass {@link settle settles} it, once. */
  admit(): Pass | null {
    if (this.#openMs === null) return 'ordinary';
    if (this.#isProbed || this.#clock() - this.#openMs < CIRCUIT_REST_MS) return null;
    this.#isProbed = true;
    return 'probe';
  }

  /** Says how the request of a pass ended. */
  settle(pass: Pass, sign: CircuitSign): void {
    if (pass === 'probe') this.#settleProbe(sign);
    else if (this.#openMs === null) this.#count(sign);
  }

  #settleProbe(sign: CircuitSign): void {
    this.#isProbed = false;
    if (sign === 'failed') this.#openMs = this.#clock();
    if (sign !== 'answered') return;
    this.#openMs = null;
    this.#failures = 0;
  }

  #count(sign: CircuitSign): void {
    if (sign === 'answered') this.#failures = 0;
    if (sign !== 'failed') return;
    this.#failures += 1;
    if (this.#failures >= CIRCUIT_FAILURES) this.#openMs = this.#clock();
  }
}
