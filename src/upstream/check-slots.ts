/** How many health checks a thread makes: its part of what the process may. */
import { MAX_CHECKED_BACKENDS, MAX_CHECKS, MAX_CHECKS_PER_SET } from './limits.ts';

/** The places of one thread. Whoever gets none goes without: a backend that is not checked is one that is asked. */
export class CheckSlots {
  readonly #mostChecks: number;
  readonly #mostChecked: number;
  /** Checks under way, by whose they are. */
  readonly #perOwner = new Map<object, number>();
  #checks = 0;
  #checked = 0;

  /** @param threads - Data threads that share what the process may have. */
  constructor(threads: number) {
    this.#mostChecks = Math.ceil(MAX_CHECKS / threads);
    this.#mostChecked = Math.ceil(MAX_CHECKED_BACKENDS / threads);
  }

  /** Takes a backend on; answers whether there is room. It is {@link forget forgotten} once. */
  watch(): boolean {
    if (this.#checked >= this.#mostChecked) return false;
    this.#checked += 1;
    return true;
  }

  forget(): void {
    this.#checked -= 1;
  }

  /** Takes a place for one check of `owner`, the backends of one deployment; answers whether there is one. It {@link end ends} once. */
  begin(owner: object): boolean {
    const own = this.#perOwner.get(owner) ?? 0;
    if (this.#checks >= this.#mostChecks || own >= MAX_CHECKS_PER_SET) return false;
    this.#checks += 1;
    this.#perOwner.set(owner, own + 1);
    return true;
  }

  end(owner: object): void {
    const own = (this.#perOwner.get(owner) ?? 0) - 1;
    this.#checks -= 1;
    if (own > 0) this.#perOwner.set(owner, own);
    else this.#perOwner.delete(owner);
  }
}
