/** The sandboxes of one thread that wait for a request: bounded in number and in memory, whoever they are of. */
import type { Sandbox } from './sandbox.ts';

/** Whoever keeps sandboxes, and lets one go that others need the room of. */
export interface IdleKeeper {
  /** Forgets an idle sandbox of it. */
  drop(sandbox: Sandbox): void;
}

/** What they may be together. */
export interface IdleLimits {
  readonly sandboxes: number;
  readonly bytes: number;
}

interface Idle {
  readonly keeper: IdleKeeper;
  readonly sinceMs: number;
}

/** Those that have waited longest go first, so that apps which nobody asks for do not keep others from being warm. */
export class IdleSandboxes {
  readonly #limits: IdleLimits;
  /** In the order in which they became idle. */
  readonly #idle = new Map<Sandbox, Idle>();
  #bytes = 0;

  constructor(limits: IdleLimits) {
    this.#limits = limits;
  }

  /** Bytes of their linear memories. */
  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#idle.size;
  }

  /** Takes one in, and has others dropped for it. Answers `false` for one that is more than there may be: it is to be dropped. */
  add(sandbox: Sandbox, keeper: IdleKeeper): boolean {
    const { sandboxes, bytes } = this.#limits;
    if (sandboxes < 1 || sandbox.memoryBytes > bytes) return false;
    while (this.#idle.size >= sandboxes || this.#bytes + sandbox.memoryBytes > bytes) this.#dropOldest();
    this.#idle.set(sandbox, { keeper, sinceMs: performance.now() });
    this.#bytes += sandbox.memoryBytes;
    return true;
  }

  /** One is used, or dropped by its keeper. */
  remove(sandbox: Sandbox): void {
    if (this.#idle.delete(sandbox)) this.#bytes -= sandbox.memoryBytes;
  }

  /** Has those dropped that have been idle since then or longer, `most` at once. */
  sweep(sinceMs: number, most: number): void {
    for (let dropped = 0; dropped < most; dropped++) {
      const [oldest] = this.#idle;
      if (oldest === undefined || oldest[1].sinceMs > sinceMs) return;
      this.#dropOldest();
    }
  }

  #dropOldest(): void {
    const [oldest] = this.#idle;
    if (oldest === undefined) throw new TypeError('nothing is idle, and yet too much is');
    const [sandbox, { keeper }] = oldest;
    this.remove(sandbox);
    keeper.drop(sandbox);
  }
}
