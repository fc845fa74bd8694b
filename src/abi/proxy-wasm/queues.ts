/** The queues that one instance wants to hear of. */
import type { SharedState } from '../../capability/shared.ts';
import { MAX_REGISTERED_QUEUES, QUEUE_CALLS_PER_ROUND } from './limits.ts';

/** Registered by the instance, and forgotten with it. */
export class RegisteredQueues {
  readonly #queues = new Set<number>();

  /** How many. */
  get size(): number {
    return this.#queues.size;
  }

  has(queue: number): boolean {
    return this.#queues.has(queue);
  }

  /** Answers `false`, and adds nothing, when there are too many. */
  add(queue: number): boolean {
    if (!this.#queues.has(queue) && this.#queues.size >= MAX_REGISTERED_QUEUES) return false;
    this.#queues.add(queue);
    return true;
  }

  clear(): void {
    this.#queues.clear();
  }

  /** A queue for each message that waits, up to a round's worth. */
  round(shared: SharedState): number[] {
    const waiting = [...this.#queues].flatMap((queue) =>
      Array.from({ length: Math.min(shared.waiting(queue), QUEUE_CALLS_PER_ROUND) }, () => queue),
    );
    return waiting.slice(0, QUEUE_CALLS_PER_ROUND);
  }
}
