/** Linear memories of one data thread: made, counted, grown, and refused before the process runs out of room for them. */
import { Collector } from './collector.ts';
import {
  COLLECTION_REST_MS,
  LEAST_ABANDONED_BYTES,
  MAX_ABANDONED_BYTES,
  MAX_LIVE_MEMORIES,
  MAX_SPARE_BYTES,
  MAX_SPARE_MEMORIES,
} from './limits.ts';
import type { MemoryLedger } from './memory-ledger.ts';
import { CapacityError } from './refusal.ts';
import { SpareMemories, type MemorySize } from './spare-memories.ts';

/** Memories, and bytes of them, made before dead ones are collected, as a share of the limit. */
const COLLECTION_STEP = 1 / 8;

/** Spare memory, as a share of all linear memory: nobody's account has it. */
const SPARE_SHARE = 1 / 32;

const PAGE_BYTES = 65_536;

/** What one memory is accounted for as; outlives it until the collector has reported it. */
export interface Account {
  readonly tenant: number;
  pages: number;
}

/** Why a memory was not grown: its own maximum, or the memory of the process. */
export type GrowthRefusal = 'maximum' | 'capacity';

/** A linear memory on the account of its tenant. */
export class LiveMemory {
  readonly memory: WebAssembly.Memory;
  /** Its size when it was made, and the most that it may become. */
  readonly size: MemorySize;
  /** What it is accounted for as. */
  readonly account: Account;
  readonly #ledger: MemoryLedger;

  constructor(memory: WebAssembly.Memory, size: MemorySize, account: Account, ledger: MemoryLedger) {
    this.memory = memory;
    this.size = size;
    this.account = account;
    this.#ledger = ledger;
  }

  /** Its size now. */
  get bytes(): number {
    return this.account.pages * PAGE_BYTES;
  }

  /** Grows it by a number of pages that a guest named; answers its size in pages before, or why it was refused. */
  grow(pages: number): number | GrowthRefusal {
    const before = this.account.pages;
    if (pages > this.size.maximumPages - before) return 'maximum';
    if (pages === 0) return before;
    if (this.#ledger.grow(this.account.tenant, pages) !== null) return 'capacity';
    try {
      this.memory.grow(pages);
    } catch (error) {
      this.#ledger.shrink(this.account.tenant, pages);
      if (error instanceof RangeError) return 'capacity';
      throw error;
    }
    this.account.pages += pages;
    return before;
  }
}

/**
 * Makes linear memories and counts those that have not been collected yet. Each request that fails leaves a dead one; the
 * collector sees its small object and not its address space, so it is asked to run long before the limit.
 */
export class LiveMemories {
  readonly #ledger: MemoryLedger;
  readonly #step: number;
  readonly #collected = new FinalizationRegistry<Account>(({ tenant, pages }) => {
    this.#alive -= 1;
    this.#ledger.close(tenant, pages);
    this.#collectAt = Math.min(this.#collectAt, this.#alive + this.#step);
  });
  readonly #collector = new Collector(() => {
    this.#abandonedBytes = 0;
    this.#collectedMs = performance.now();
    this.#collectAt = this.#alive + this.#step;
  });
  readonly #spare: SpareMemories;
  #alive = 0;
  readonly #mostAbandonedBytes: number;
  #collectedMs = performance.now();
  /** Of memories that nobody uses, since the last collection. */
  #abandonedBytes = 0;
  /** How many have to be alive for the next collection. */
  #collectAt: number;

  /** @param threads - Data threads that share the ledger: none lets its dead memories take up more than its share. */
  constructor(ledger: MemoryLedger, threads: number) {
    this.#ledger = ledger;
    this.#step = Math.ceil((MAX_LIVE_MEMORIES * COLLECTION_STEP) / threads);
    this.#collectAt = this.#step;
    const all = ledger.ceilingPages * PAGE_BYTES;
    const spareBytes = Math.min(MAX_SPARE_BYTES, (all * SPARE_SHARE) / threads);
    this.#spare = new SpareMemories({ memories: Math.floor(MAX_SPARE_MEMORIES / threads), bytes: spareBytes });
    this.#mostAbandonedBytes = Math.min(MAX_ABANDONED_BYTES, (all * COLLECTION_STEP) / threads);
  }

  /** Memories made and not yet collected. */
  get alive(): number {
    return this.#alive;
  }

  /**
   * A new memory, all zero, on the account of a tenant, given by its slot. Throws {@link CapacityError} when the process has no
   * room for it, and has dead ones collected.
   */
  create(initialPages: number, maximumPages: number, tenant: number): LiveMemory {
    if (this.#alive >= this.#collectAt) this.#collector.insist('regular');
    const refusal = this.#ledger.open(tenant, initialPages);
    if (refusal !== null) throw this.#full(refusal);
    const size = { initialPages, maximumPages };
    const memory = this.#spare.take(size) ?? allocate(size);
    if (memory === null) {
      this.#ledger.close(tenant, initialPages);
      throw this.#full(new CapacityError('the system has no room for a linear memory'));
    }
    const account = { tenant, pages: initialPages };
    this.#alive += 1;
    this.#collected.register(memory, account, memory);
    return new LiveMemory(memory, size, account, this.#ledger);
  }

  /**
   * Takes a memory back for whoever wants one of its size next. It is all zero, has not been grown, and nothing that may still run or be
   * called can reach it. It leaves its tenant's account.
   */
  recycle({ memory, size, account }: LiveMemory): void {
    this.#collected.unregister(memory);
    this.#alive -= 1;
    this.#ledger.close(account.tenant, account.pages);
    // Whoever has a view of it has one of nothing from now on.
    memory.grow(0);
    const goneBytes = this.#spare.put(memory, size);
    if (goneBytes > 0) this.abandon(goneBytes);
  }

  /** Drops those that nobody has; answers how many bytes they were. */
  drain(): number {
    return this.#spare.drain();
  }

  /** Says that nobody will use so much memory again, that of a guest or of the host: enough of it has the collector run. */
  abandon(bytes: number): void {
    this.#abandonedBytes += bytes;
    if (this.#abandonedBytes >= this.#mostAbandonedBytes) this.#collector.ask();
  }

  /** Has the collector run where it has something to collect and has not run for a while. */
  sweep(): void {
    if (this.#abandonedBytes < LEAST_ABANDONED_BYTES) return;
    if (performance.now() - this.#collectedMs >= COLLECTION_REST_MS) this.#collector.ask();
  }

  /** Has what nobody uses collected soon. */
  collect(): void {
    this.#collector.ask();
  }

  /** Has it collected now and given back to the system: the thread stands still meanwhile. */
  giveBack(): void {
    this.#collector.insist('last-resort');
  }

  /** Has nothing collected any more. */
  close(): void {
    this.#collector.close();
  }

  #full(refusal: CapacityError): CapacityError {
    this.#collector.insist('regular');
    return refusal;
  }
}

/**
 * `null` when the system has no room. Made empty and then grown: V8 takes an initial size for memory in use, and collects garbage for
 * milliseconds after every few large ones, also when nobody touches them.
 */
function allocate({ initialPages, maximumPages: maximum }: MemorySize): WebAssembly.Memory | null {
  try {
    const memory = new WebAssembly.Memory({ initial: 0, maximum });
    memory.grow(initialPages);
    return memory;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
