/** The most resident memory that a process had for a while. */
import { residentKibOf } from './resident.ts';

const LOOK_MS = 50;

/** Looks at process `pid` until it is stopped. */
export class Peak {
  readonly #pid: number;
  readonly #timer: NodeJS.Timeout;
  #mostKib = 0;

  /** Begins at once. */
  constructor(pid: number) {
    this.#pid = pid;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#look();
  }

  /** Looks no more; answers MiB. */
  stop(): number {
    clearInterval(this.#timer);
    return this.#mostKib / 1024;
  }

  #look(): void {
    try {
      this.#mostKib = Math.max(this.#mostKib, residentKibOf(this.#pid));
    } catch {
      clearInterval(this.#timer); // It has ended: whoever waits for it says so.
    }
  }
}
