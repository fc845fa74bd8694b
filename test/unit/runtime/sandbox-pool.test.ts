import { describe, expect, it, vi } from 'vitest';
import type { Deployment } from '../../../src/runtime/deployment.ts';
import { IdleSandboxes } from '../../../src/runtime/idle-sandboxes.ts';
import { MAX_IDLE_SANDBOXES, MAX_REUSE_AGE_MS, MAX_REUSES } from '../../../src/runtime/limits.ts';
import { SandboxPool } from '../../../src/runtime/sandbox-pool.ts';
import type { Sandbox } from '../../../src/runtime/sandbox.ts';
import { guest } from '../../guests.ts';
import { ABI, deploymentOf, exchange, Surroundings } from './harness.ts';

const PAGE = 65_536;
const ONE_PAGE = guest(() => ({ pages: 1 }));

class Bench {
  readonly surroundings = new Surroundings();
  readonly idle: IdleSandboxes;
  readonly pool: SandboxPool;

  constructor(changes: Partial<Deployment> = {}, limit = Number.MAX_SAFE_INTEGER, module = ONE_PAGE) {
    this.idle = new IdleSandboxes({ sandboxes: 1_000, bytes: limit });
    this.pool = new SandboxPool(deploymentOf(module, changes), ABI, this.surroundings, this.idle);
  }

  /** Carries one request through a sandbox, from the pool and back. */
  async serve(): Promise<void> {
    const task = this.surroundings.scheduler.open({ cpuMs: 1000, wallMs: 1000 }, 0);
    const sandbox = this.pool.acquire(task);
    void this.pool.prepare(sandbox);
    await sandbox.guest.handle(sandbox.enter, exchange());
    this.surroundings.scheduler.close(task);
    this.pool.release(sandbox);
  }

  acquire(): Sandbox {
    const task = this.surroundings.scheduler.open({ cpuMs: 1000, wallMs: 1000 }, 0);
    const sandbox = this.pool.acquire(task);
    void this.pool.prepare(sandbox);
    this.surroundings.scheduler.close(task);
    return sandbox;
  }
}

describe('a pool', () => {
  it('lends the sandbox that came back last', () => {
    const { pool, ...bench } = new Bench();
    const acquire = Bench.prototype.acquire.bind({ pool, ...bench });
    const [first, second] = [acquire(), acquire()];
    expect(first).not.toBe(second);
    pool.release(first);
    pool.release(second);
    expect(pool.idle).toBe(2);
    expect(acquire()).toBe(second);
    expect(acquire()).toBe(first);
    expect(pool.idle).toBe(0);
  });

  it('gives each request a fresh instance, or a warm one with "reuse"', () => {
    for (const isolation of ['request', 'reuse'] as const) {
      const bench = new Bench({ isolation });
      const sandbox = bench.acquire();
      bench.pool.release(sandbox);
      expect(sandbox.warm).toBe(isolation === 'reuse');
    }
  });

  it('replaces an instance that has been reused often', () => {
    const bench = new Bench({ isolation: 'reuse' });
    const sandbox = bench.acquire();
    sandbox.uses = MAX_REUSES;
    bench.pool.release(sandbox);
    expect([sandbox.warm, bench.pool.idle]).toEqual([false, 1]);
  });

  it('replaces an instance that has been reused for long', () => {
    const bench = new Bench({ isolation: 'reuse' });
    const now = performance.now();
    const sandbox = bench.acquire();
    const clock = vi.spyOn(performance, 'now').mockReturnValue(now + MAX_REUSE_AGE_MS - 1);
    bench.pool.release(sandbox);
    expect(sandbox.warm).toBe(true);
    expect(bench.acquire()).toBe(sandbox);
    clock.mockReturnValue(now + MAX_REUSE_AGE_MS + 1_000);
    bench.pool.release(sandbox);
    expect(sandbox.warm).toBe(false);
    bench.acquire();
    bench.pool.release(sandbox);
    expect(sandbox.warm).toBe(true);
    clock.mockRestore();
  });

  it.each([
    [9, 1],
    [12, 1],
    [13, 0],
  ])('whose reused memory has grown by %i of 15 pages keeps %i', async (pages, kept) => {
    const module = guest(() => ({ pages: 1, handle: `(drop (memory.grow (i32.const ${pages}))) (i64.const 0)` }));
    const deployment = deploymentOf(module, { isolation: 'reuse' });
    const memory = { initialPages: 1, maximumPages: 16 };
    const bench = new Bench({ isolation: 'reuse', shape: { ...deployment.shape, memory } }, undefined, module);
    await bench.serve();
    expect(bench.pool.idle).toBe(kept);
  });

  it('never lends again what was discarded', () => {
    const bench = new Bench();
    const sandbox = bench.acquire();
    bench.pool.discard(sandbox);
    expect(bench.pool.idle).toBe(0);
    expect(bench.acquire()).not.toBe(sandbox);
  });

  it('drops a sandbox whose memory has grown', async () => {
    const bench = new Bench(
      {},
      undefined,
      guest(() => ({ handle: '(drop (memory.grow (i32.const 1))) (i64.const 0)' })),
    );
    await bench.serve();
    expect(bench.pool.idle).toBe(0);
  });
});

describe('idle memory', () => {
  it('is counted while it waits', () => {
    const bench = new Bench();
    const sandbox = bench.acquire();
    expect(bench.idle.bytes).toBe(0);
    bench.pool.release(sandbox);
    expect(bench.idle.bytes).toBe(PAGE);
    bench.acquire();
    expect(bench.idle.bytes).toBe(0);
  });

  it('has a limit for all pools of the thread', () => {
    const bench = new Bench({}, 2 * PAGE);
    const sandboxes = [bench.acquire(), bench.acquire(), bench.acquire()];
    for (const sandbox of sandboxes) bench.pool.release(sandbox);
    expect([bench.pool.idle, bench.idle.bytes]).toEqual([2, 2 * PAGE]);
  });

  it('has a limit for each pool', () => {
    const bench = new Bench();
    const sandboxes = Array.from({ length: MAX_IDLE_SANDBOXES + 2 }, () => bench.acquire());
    for (const sandbox of sandboxes) bench.pool.release(sandbox);
    expect(bench.pool.idle).toBe(MAX_IDLE_SANDBOXES);
  });
});

describe('a sandbox that was idle for long', () => {
  it('is dropped from its pool, the least recently used first', () => {
    const bench = new Bench();
    const [stale, used] = [bench.acquire(), bench.acquire()];
    bench.pool.release(stale);
    bench.pool.release(used);
    bench.idle.sweep(performance.now(), 1);
    expect([bench.pool.idle, bench.idle.bytes]).toEqual([1, PAGE]);
    expect(bench.acquire()).toBe(used);
  });
});

describe('the memory of a sandbox', () => {
  it('goes to others when it has been idle for long, is one too many, or its pool is closed', () => {
    const drops: readonly ((bench: Bench, sandbox: Sandbox) => void)[] = [
      ({ idle }) => idle.sweep(performance.now(), 1),
      ({ pool }) => pool.close(),
    ];
    for (const drop of drops) {
      const bench = new Bench({ isolation: 'reuse' });
      const sandbox = bench.acquire();
      bench.pool.release(sandbox);
      drop(bench, sandbox);
      expect(bench.surroundings.memories.drain()).toBe(PAGE);
    }
    const bench = new Bench({ isolation: 'reuse' }, 0);
    bench.pool.release(bench.acquire());
    expect(bench.surroundings.memories.drain()).toBe(PAGE);
  });

  it('goes to nobody after a failure, or when memory is short', () => {
    const bench = new Bench();
    bench.pool.discard(bench.acquire());
    bench.pool.release(bench.acquire());
    bench.pool.drain();
    expect(bench.surroundings.memories.drain()).toBe(0);
  });
});

describe('a closed pool', () => {
  it('drops everything idle now and later', () => {
    const bench = new Bench();
    const [idle, busy] = [bench.acquire(), bench.acquire()];
    bench.pool.release(idle);
    bench.pool.close();
    expect([bench.pool.idle, bench.idle.bytes]).toEqual([0, 0]);
    bench.pool.release(busy);
    expect([bench.pool.idle, bench.idle.bytes]).toEqual([0, 0]);
  });
});
