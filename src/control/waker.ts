/** Wakes tenants for requests that wait for them, some at a time. */
import { KerbError } from '../errors.ts';
import type { Outcome } from '../outcome.ts';
import { CapacityError } from '../runtime/refusal.ts';
import { WAKES_AT_ONCE } from './limits.ts';

/** What it works with. */
export interface WakerOptions {
  /** Puts what serves of a tenant in force, where it rests. */
  readonly wake: (tenant: string) => Promise<void>;
  /** Throws a {@link CapacityError} while the process has no room for more code. */
  readonly admit: () => void;
  /** Tells requests that wait by a route why it stays as it is. */
  readonly unwoken: (route: number, outcome: Outcome, reason: string) => void;
  /** Hears what an operator has to see to. */
  readonly report: (message: string) => void;
}

/** What has been done since the process began. */
export interface WakeFigures {
  readonly woken: number;
  readonly failed: number;
}

/** Takes the questions of all data threads: a tenant is woken once, however many ask. */
export class Waker {
  readonly #options: WakerOptions;
  /** Routes by tenant: those that wait, and those that are being woken. The first come are the first served. */
  readonly #asked = new Map<string, Set<number>>();
  readonly #waiting: string[] = [];
  #running = 0;
  #woken = 0;
  #failed = 0;

  constructor(options: WakerOptions) {
    this.#options = options;
  }

  get figures(): WakeFigures {
    return { woken: this.#woken, failed: this.#failed };
  }

  /** Has a tenant woken, by whose route requests wait. */
  wake(tenant: string, route: number): void {
    const asked = this.#asked.get(tenant);
    if (asked !== undefined) return void asked.add(route);
    this.#asked.set(tenant, new Set([route]));
    this.#waiting.push(tenant);
    this.#next();
  }

  #next(): void {
    if (this.#running >= WAKES_AT_ONCE) return;
    const tenant = this.#waiting.shift();
    if (tenant === undefined) return;
    this.#running += 1;
    void this.#wake(tenant).then(() => {
      this.#running -= 1;
      this.#next();
    });
  }

  async #wake(tenant: string): Promise<void> {
    try {
      this.#options.admit();
      await this.#options.wake(tenant);
      this.#woken += 1;
    } catch (error) {
      this.#failed += 1;
      this.#tell(tenant, error);
    } finally {
      this.#asked.delete(tenant);
    }
  }

  #tell(tenant: string, error: unknown): void {
    const { unwoken, report } = this.#options;
    const isFull = error instanceof CapacityError;
    const why = error instanceof KerbError ? error.explain() : error instanceof Error ? error.message : String(error);
    if (!isFull) report(`${tenant} is not served: ${why}`);
    for (const route of this.#asked.get(tenant) ?? []) unwoken(route, isFull ? 'capacity' : 'internal_error', why);
  }
}
