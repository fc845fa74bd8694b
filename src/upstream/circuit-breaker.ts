/** Leaves a backend alone that does not answer: its callers fail at once, and it is not kept down by those who wait for it. */
import type { BackendFault } from '../capability/backend.ts';
import { ABANDONED_MS, CIRCUIT_FAILURES, CIRCUIT_REST_MS } from './limits.ts';

/** What lets a request go: as all do, or alone, to see whether the backend is back. */
export type Pass = 'ordinary' | 'probe';

/** How a request ended that was let go: with the head of an answer, without one, or for reasons that say nothing of the backend. */
export type CircuitSign = 'answered' | 'failed' | 'neither';

/** How far a request came that got no answer. */
export interface Progress {
  /** Whether it was begun to be written to a connection. */
  readonly wasBegun: boolean;
  /** Milliseconds since it was written whole; 0: it was not. */
  readonly unansweredMs: number;
}

/**
 * The sign of a request that failed before the head of an answer came. A backend is down when nothing came back in time, also when the
 * caller did not wait for the end of that time, or when no connection could be made. A connection that was made and lost is no sign:
 * somebody listens, what was lost may be that one request's doing, and one client that knows such a request could otherwise keep the
 * backend from all others. For the same reason the silence of one request is no sign while others are answered.
 *
 * @param sinceAnswerMs - Milliseconds since the backend answered any request; `Infinity`: it has answered none.
 */
export function signOf(fault: BackendFault, { wasBegun, unansweredMs }: Progress, sinceAnswerMs: number): CircuitSign {
  if (unansweredMs > sinceAnswerMs) return 'neither';
  if (fault === 'timeout' || fault === 'dns') return 'failed';
  if (fault === 'connect' && !wasBegun) return 'failed';
  return fault === 'aborted' && unansweredMs >= ABANDONED_MS ? 'failed' : 'neither';
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
