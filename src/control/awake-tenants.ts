/** The stored tenants that are awake, by when they were last asked for: those that nobody has asked for longest are put to rest. */
import { LRUCache } from 'lru-cache';
import { chainOf, type Deployment } from '../runtime/deployment.ts';
import {
  AWAKE_MODULE_BYTES,
  AWAKE_TENANT_BYTES,
  CODE_FACTOR,
  MADE_ROOM_SHARE,
  MAX_AWAKE_TENANTS,
  RELIEF_SETTLES_MS,
  RELIEVED_SHARE,
} from './limits.ts';

/** What of a tenant's counters tells whether it is in use. */
export interface Activity {
  /** Requests that have ended; wraps. */
  requests(slot: number): number;
  /** Whether requests of it are in flight, or WebSockets open. */
  isBusy(slot: number): boolean;
}

/** What it works with. */
export interface AwakeTenantsOptions {
  /** What awake tenants may take, as {@link AwakeTenants.bytes} counts it. */
  readonly maxBytes: number;
  readonly activity: Activity;
  /** Bytes of the rewritten code of a module. */
  readonly codeBytes: (module: WebAssembly.Module) => number;
  /** Puts tenants to rest. */
  readonly rest: (tenants: readonly string[]) => void;
}

interface Awake {
  /** Whether it has a canary, which is looked after. */
  readonly isSplit: boolean;
  readonly slot: number;
  readonly modules: readonly WebAssembly.Module[];
  /** Bytes that are this tenant's alone. */
  readonly ownBytes: number;
  requests: number;
}

interface Shared {
  readonly bytes: number;
  tenants: number;
}

/** A module counts once, however many tenants have it. */
export class AwakeTenants {
  readonly #options: AwakeTenantsOptions;
  readonly #awake = new LRUCache<string, Awake>({ max: MAX_AWAKE_TENANTS });
  readonly #modules = new Map<WebAssembly.Module, Shared>();
  #bytes = 0;
  /** When resident memory was last told to be too large, and how large when tenants were last put to rest for it. */
  #nearMs = -Infinity;
  #nearBytes = 0;
  #relievedMs = -Infinity;
  #freedMs = -Infinity;

  constructor(options: AwakeTenantsOptions) {
    this.#options = options;
  }

  /** How many are awake. */
  get size(): number {
    return this.#awake.size;
  }

  /** An estimate of what they take: their deployments on all threads, and code. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Says what of a tenant is in force now, and rests others where it is too much; nothing: it is asleep or gone. */
  set(tenant: string, deployments: readonly Deployment[]): void {
    this.#forget(tenant);
    const [first] = deployments;
    if (first === undefined) return;
    const guests = deployments.flatMap((deployment) => chainOf(deployment));
    const modules = [...new Set(guests.map(({ module }) => module))];
    const ownBytes = guests.reduce((sum, guest) => sum + AWAKE_TENANT_BYTES + (guest.image?.bytes ?? 0), 0);
    const requests = this.#options.activity.requests(first.slot);
    const isSplit = deployments.length > 1;
    this.#awake.set(tenant, { slot: first.slot, isSplit, modules, ownBytes, requests });
    this.#bytes += ownBytes;
    for (const module of modules) this.#use(module);
    const { maxBytes } = this.#options;
    if (this.#bytes > maxBytes) this.#shrink(maxBytes * (1 - MADE_ROOM_SHARE), tenant);
  }

  /** Notes who has been asked for since the last look. */
  look(): void {
    const { activity } = this.#options;
    const asked: string[] = [];
    // From the one that was last asked for longest ago, so that those that go on being asked for keep their order.
    for (const [tenant, awake] of this.#awake.rentries() as Generator<[string, Awake]>) {
      const requests = activity.requests(awake.slot);
      if (requests === awake.requests) continue;
      awake.requests = requests;
      asked.push(tenant);
    }
    for (const tenant of asked) this.#awake.get(tenant);
  }

  /**
   * Rests some of them: resident memory is so far above where that begins. Only for what it has grown by since the last time, because
   * allocators keep much of what is freed, and who rests for nothing is woken for nothing. Answers whether any do.
   */
  relieve(bytes: number, nowMs: number): boolean {
    if (nowMs - this.#nearMs > RELIEF_SETTLES_MS) this.#nearBytes = 0;
    this.#nearMs = nowMs;
    if (bytes <= this.#nearBytes || nowMs - this.#relievedMs < RELIEF_SETTLES_MS) return false;
    this.#relievedMs = nowMs;
    const grown = bytes - this.#nearBytes;
    this.#nearBytes = bytes;
    return this.#free(grown);
  }

  /** Rests some of them: the process is short of so much. Then none for a while: it is as short until all collectors have been there. */
  free(bytes: number, nowMs: number): void {
    if (nowMs - this.#freedMs < RELIEF_SETTLES_MS) return;
    this.#freedMs = nowMs;
    this.#free(bytes);
  }

  /** A share of them at most. */
  #free(bytes: number): boolean {
    return this.#shrink(this.#bytes - Math.min(bytes, this.#bytes * RELIEVED_SHARE), null);
  }

  /**
   * Puts to rest those that nobody has asked for longest, until the others take no more than that. Busy ones stay, and those with a canary.
   * Answers whether any were.
   */
  #shrink(maxBytes: number, kept: string | null): boolean {
    this.look();
    const tired: string[] = [];
    for (const [tenant, { slot, isSplit }] of this.#byRest()) {
      if (this.#bytes <= maxBytes) break;
      if (tenant === kept || isSplit || this.#options.activity.isBusy(slot)) continue;
      this.#forget(tenant);
      tired.push(tenant);
    }
    if (tired.length > 0) this.#options.rest(tired);
    return tired.length > 0;
  }

  /** The one that has not been asked for for longest first. */
  #byRest(): (readonly [tenant: string, awake: Awake])[] {
    return [...this.#awake.rkeys()].flatMap((tenant) => {
      const awake = this.#awake.peek(tenant);
      return awake === undefined ? [] : [[tenant, awake] as const];
    });
  }

  #forget(tenant: string): void {
    const awake = this.#awake.peek(tenant);
    if (awake === undefined) return;
    this.#awake.delete(tenant);
    this.#bytes -= awake.ownBytes;
    for (const module of awake.modules) this.#leave(module);
  }

  #use(module: WebAssembly.Module): void {
    const shared = this.#modules.get(module) ?? { bytes: this.#bytesOf(module), tenants: 0 };
    if (shared.tenants === 0) this.#bytes += shared.bytes;
    shared.tenants += 1;
    this.#modules.set(module, shared);
  }

  #leave(module: WebAssembly.Module): void {
    const shared = this.#modules.get(module);
    if (shared === undefined) return;
    shared.tenants -= 1;
    if (shared.tenants > 0) return;
    this.#modules.delete(module);
    this.#bytes -= shared.bytes;
  }

  #bytesOf(module: WebAssembly.Module): number {
    return AWAKE_MODULE_BYTES + CODE_FACTOR * this.#options.codeBytes(module);
  }
}
