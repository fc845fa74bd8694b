import { describe, expect, it } from 'vitest';
import { NO_STORES } from '../../../src/capability/stores.ts';
import { CanaryWatch, type Pair } from '../../../src/control/canary-watch.ts';
import { Pipeline } from '../../../src/control/pipeline.ts';
import { KerbError } from '../../../src/errors.ts';
import type { Deployment } from '../../../src/runtime/deployment.ts';
import { VersionCounters } from '../../../src/runtime/version-counters.ts';
import { textLog } from '../../../src/telemetry/log.ts';
import { opened } from '../store/fixtures.ts';
import type { Store } from '../../../src/store/store.ts';
import { compiledStub, folderSource, gate, stubCompile } from './control-harness.ts';

let ids = 0;
function deployment(tenant: string, version: number, figuresSlot: number | null): Deployment {
  ids += 1;
  const admitted = { ...folderSource(tenant), granted: [], compiled: compiledStub(), filters: [], compileMs: 0 };
  const place = { id: ids, slot: 0, figuresSlot, version: `${version}`, hosts: [], allowBackends: [] };
  return new Pipeline(stubCompile()).deploymentOf(admitted, place, NO_STORES);
}

class Watched {
  readonly counters = VersionCounters.create(16);
  readonly stopped: [tenant: string, reason: string, revision: number][] = [];
  readonly store: Store;
  readonly pairs: Pair[] = [];
  said = '';
  stopping: (tenant: string) => Promise<unknown> = () => Promise.resolve();
  readonly watch = new CanaryWatch({
    pairs: () => this.pairs,
    figures: this.counters,
    tenant: (name) => this.store.tenant(name),
    stop: (...asked) => {
      this.stopped.push(asked);
      return this.stopping(asked[0]);
    },
    log: textLog('debug', (text) => {
      this.said += text;
    }),
  });

  constructor(...tenants: readonly string[]) {
    this.store = opened(...tenants).store;
    for (const [place, tenant] of tenants.entries()) {
      for (let version = 1; version <= 3; version++) this.#append(tenant);
      this.setCanary(tenant, 2);
      const [primary, canary] = [deployment(tenant, 1, 2 * place), deployment(tenant, 2, 2 * place + 1)];
      this.pairs.push({ tenant, primary, canary });
    }
  }

  #append(tenant: string): void {
    const texts = { manifest: '', abi: 'wasi', note: '', createdBy: 'ann', signedBy: null, report: null };
    this.store.appendVersion({ ...texts, tenant, digest: '0'.repeat(64), size: 1, createdMs: 1, files: {} });
  }

  setCanary(tenant: string, version: number): void {
    const canary = { version, percent: 5, maxCostFactor: 2, startedMs: 1 };
    this.store.changeTenant(tenant, { active: 1, canary }, null);
  }

  fail(slot: number, times = 1): void {
    for (let time = 0; time < times; time++) this.counters.count(slot, 'guest_trap', 0);
  }

  get tenantsStopped(): string[] {
    return this.stopped.map(([tenant]) => tenant);
  }
}

describe('a look at a canary', () => {
  it('takes it back when it fails after it was first seen, with the revision that was looked at', async () => {
    const seen = new Watched('a');
    await seen.watch.look();
    seen.fail(1);
    await seen.watch.look();
    const reason = "1 of its 1 requests failed, of the active version's 0 of 0";
    expect(seen.stopped).toEqual([['a', reason, seen.store.tenant('a')?.revision]]);
    expect(seen.said).toContain(`a: the canary is taken back: ${reason}`);
  });

  it('counts from when the pair was first seen, over wraps', async () => {
    const seen = new Watched('a');
    seen.fail(1, 3);
    seen.counters.share.words[4] = -1;
    await seen.watch.look();
    seen.counters.count(1, 'ok', 0);
    await seen.watch.look();
    expect(seen.stopped).toEqual([]);
    seen.fail(1);
    await seen.watch.look();
    expect(seen.stopped[0]?.[1]).toContain('1 of its 2 requests');
  });

  it('counts anew for another canary in the same place', async () => {
    const seen = new Watched('a');
    await seen.watch.look();
    seen.fail(1);
    const [pair] = seen.pairs.splice(0);
    if (pair === undefined) throw new Error('there is no pair');
    seen.pairs.push({ ...pair, canary: deployment('a', 2, 1) });
    await seen.watch.look();
    expect(seen.stopped).toEqual([]);
  });

  it('compares costs by the factor of its tenant', async () => {
    const seen = new Watched('a');
    await seen.watch.look();
    for (let request = 0; request < 100; request++) {
      seen.counters.count(0, 'ok', 1_000);
      seen.counters.count(1, 'ok', 2_001);
    }
    await seen.watch.look();
    expect(seen.stopped[0]?.[1]).toContain('2001 us');
  });

  it('leaves alone what is about to change: its figures say nothing about the next version', async () => {
    const seen = new Watched('a');
    await seen.watch.look();
    seen.fail(1);
    seen.setCanary('a', 3);
    await seen.watch.look();
    seen.setCanary('a', 2);
    seen.store.changeTenant('a', { active: 3 }, null);
    await seen.watch.look();
    seen.store.changeTenant('a', { canary: null }, null);
    await seen.watch.look();
    seen.store.deleteTenant('a');
    await seen.watch.look();
    expect(seen.stopped).toEqual([]);
  });

  it('without figures says nothing', async () => {
    const seen = new Watched('a');
    const [pair] = seen.pairs.splice(0);
    if (pair === undefined) throw new Error('there is no pair');
    seen.pairs.push({ ...pair, canary: deployment('a', 2, null) });
    await seen.watch.look();
    await seen.watch.look();
    expect(seen.stopped).toEqual([]);
  });
});

describe('a canary that has to go', () => {
  it('is asked to once, however long that takes, and others do not wait for it', async () => {
    const seen = new Watched('a', 'b');
    const stop = gate();
    seen.stopping = (tenant) => (tenant === 'a' ? stop.passed : Promise.resolve());
    await seen.watch.look();
    seen.fail(1);
    const first = seen.watch.look();
    seen.fail(3);
    await seen.watch.look();
    expect(seen.tenantsStopped).toEqual(['a', 'b']);
    stop.open();
    await first;
    await seen.watch.look();
    expect(seen.tenantsStopped.filter((tenant) => tenant === 'a')).toHaveLength(2);
  });

  it('but cannot is told of and tried again', async () => {
    const seen = new Watched('a', 'b');
    seen.stopping = () => Promise.reject(new KerbError('conflict', 'somebody was quicker'));
    await seen.watch.look();
    seen.fail(1);
    seen.fail(3);
    await seen.watch.look();
    expect(seen.said).toMatch(/a: the canary should be taken back \(1 of.*but cannot: somebody was quicker/);
    await seen.watch.look();
    expect(seen.tenantsStopped).toEqual(['a', 'b', 'a', 'b']);
  });

  it('is no reason to hide a bug of Kerb', async () => {
    const seen = new Watched('a');
    seen.stopping = () => Promise.reject(new TypeError('a bug'));
    await seen.watch.look();
    seen.fail(1);
    await expect(seen.watch.look()).rejects.toThrow('a bug');
  });
});
