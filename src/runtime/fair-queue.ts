/**
 * Who goes next when several tenants want to run: start-time fair queueing (Goyal, Vin and Cheng, 1996) over tenants.
 *
 * Each tenant has a virtual time, which moves by the CPU time that it used over its weight; the tenant that is least far on goes
 * next. One that comes, or comes back, begins at the virtual time of whoever ran last: it overtakes those that have used more, and
 * has saved up nothing. How many requests a tenant has makes no difference to its share, and nothing is left unused.
 *
 * What waits keeps the place that it had when it came: what its tenant uses meanwhile elsewhere counts for those that come later.
 */

/** A tenant that has run or waits to. */
interface Account {
  readonly tenant: number;
  virtualTime: number;
  /** What waits, first come, first served. */
  readonly waiting: unknown[];
  /** Whether it is in the heap. */
  listed: boolean;
}

/** A tenant's place in the heap: its virtual time when it came there. */
interface Place {
  readonly account: Account;
  readonly virtualTime: number;
}

/** Items of many tenants, each given by its slot. */
export class FairQueue<Item> {
  readonly #accounts = new Map<number, Account>();
  /** A binary heap, least virtual time first. */
  readonly #heap: Place[] = [];
  /** The virtual time at which the tenant that ran last began. */
  #clock = 0;
  #size = 0;

  /** Items that wait. */
  get size(): number {
    return this.#size;
  }

  /** Tenants that are remembered. */
  get tenants(): number {
    return this.#accounts.size;
  }

  /** Adds an item behind the others of its tenant. */
  push(tenant: number, item: Item): void {
    const account = this.#account(tenant);
    account.waiting.push(item);
    this.#size += 1;
    if (!account.listed) this.#list(account);
  }

  /** Takes the first item of the tenant that is least far on; it runs now. */
  shift(): Item | undefined {
    const place = this.#pop();
    if (place === undefined) return undefined;
    const { account } = place;
    this.#clock = Math.max(this.#clock, place.virtualTime);
    const item = account.waiting.shift() as Item;
    this.#size -= 1;
    account.listed = false;
    if (account.waiting.length > 0) this.#list(account);
    return item;
  }

  /** Whether a tenant may run now although others wait: it has none that waits itself, and nobody is less far on. */
  overtakes(tenant: number): boolean {
    if (this.#size === 0) return true;
    const account = this.#accounts.get(tenant);
    if (account === undefined) return true;
    const [first] = this.#heap;
    return account.waiting.length === 0 && (first === undefined || account.virtualTime <= first.virtualTime);
  }

  /** Notes that a tenant runs now without having waited. */
  start(tenant: number): void {
    this.#clock = this.#account(tenant).virtualTime;
  }

  /**
   * Notes how much CPU time a tenant of that weight has used.
   *
   * @param maxLeadMs - No more than this of it is remembered beyond the tenant that runs.
   */
  charge(tenant: number, cpuMs: number, weight: number, maxLeadMs: number): void {
    const account = this.#account(tenant);
    const most = Math.max(account.virtualTime, this.#clock + maxLeadMs / weight);
    account.virtualTime = Math.min(account.virtualTime + cpuMs / weight, most);
  }

  /**
   * Forgets tenants that are no further on than anybody who comes new. To be called while none runs: where none waits either, a busy
   * period is over, after which all begin alike.
   */
  prune(): void {
    if (this.#size === 0) return this.#accounts.clear();
    for (const [tenant, account] of this.#accounts) {
      if (!account.listed && account.waiting.length === 0 && account.virtualTime <= this.#clock)
        this.#accounts.delete(tenant);
    }
  }

  /** The account of a tenant, which is nowhere behind the clock. */
  #account(tenant: number): Account {
    const known = this.#accounts.get(tenant);
    if (known === undefined) {
      const account = { tenant, virtualTime: this.#clock, waiting: [], listed: false };
      this.#accounts.set(tenant, account);
      return account;
    }
    if (known.waiting.length === 0) known.virtualTime = Math.max(known.virtualTime, this.#clock);
    return known;
  }

  #list(account: Account): void {
    account.listed = true;
    const heap = this.#heap;
    const place = { account, virtualTime: account.virtualTime };
    let at = heap.push(place) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Place;
      if (above.virtualTime <= place.virtualTime) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = place;
  }

  #pop(): Place | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      const right = child + 1;
      if (right < heap.length && (heap[right] as Place).virtualTime < (heap[child] as Place).virtualTime) child = right;
      const below = heap[child] as Place;
      if (below.virtualTime >= last.virtualTime) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}
