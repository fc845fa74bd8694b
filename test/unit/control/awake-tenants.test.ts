import { beforeEach, describe, expect, it } from 'vitest';
import { AwakeTenants } from '../../../src/control/awake-tenants.ts';
import { AWAKE_MODULE_BYTES, AWAKE_TENANT_BYTES, CODE_FACTOR, RELIEF_SETTLES_MS } from '../../../src/control/limits.ts';
import type { Deployment } from '../../../src/runtime/deployment.ts';
import { guest } from '../../guests.ts';

const CODE = 1_000;
const MODULE_BYTES = AWAKE_MODULE_BYTES + CODE_FACTOR * CODE;

let requests: Map<number, number>;
let busy: Set<number>;
let rested: string[];

beforeEach(() => {
  [requests, busy, rested] = [new Map<number, number>(), new Set<number>(), []];
});

function awake(maxBytes: number): AwakeTenants {
  return new AwakeTenants({
    maxBytes,
    activity: { requests: (slot) => requests.get(slot) ?? 0, isBusy: (slot) => busy.has(slot) },
    codeBytes: () => CODE,
    rest: (tenants) => void rested.push(...tenants),
  });
}

/** A module that is nobody else's. */
function module(): WebAssembly.Module {
  return new WebAssembly.Module(guest(() => ({ pages: 1 })));
}

function deployment(slot: number, of: WebAssembly.Module, imageBytes = 0): Deployment {
  const image = imageBytes === 0 ? null : { bytes: imageBytes };
  return { slot, module: of, image } as unknown as Deployment;
}

describe('tenants that are awake', () => {
  it('count a module once, however many have it, until the last of them goes', () => {
    const all = awake(Infinity);
    const [shared, own] = [module(), module()];
    all.set('a', [deployment(0, shared)]);
    all.set('b', [deployment(1, shared)]);
    all.set('c', [deployment(2, own, 500)]);
    expect([all.size, all.bytes]).toEqual([3, 3 * AWAKE_TENANT_BYTES + 2 * MODULE_BYTES + 500]);
    all.set('a', []);
    expect(all.bytes).toBe(2 * AWAKE_TENANT_BYTES + 2 * MODULE_BYTES + 500);
    all.set('b', []);
    all.set('c', []);
    all.set('c', []);
    expect([all.size, all.bytes]).toEqual([0, 0]);
  });

  it('that nobody has asked for longest rest when another needs their room', () => {
    const shared = module();
    const all = awake(MODULE_BYTES + 100 * AWAKE_TENANT_BYTES);
    for (let slot = 0; slot < 100; slot++) all.set(`t${slot}`, [deployment(slot, shared)]);
    requests.set(1, 1);
    all.look();
    expect(rested).toEqual([]);
    all.set('new', [deployment(100, shared)]);
    expect([rested.slice(0, 3), all.size + rested.length]).toEqual([['t0', 't2', 't3'], 101]);
    expect(all.bytes).toBeLessThan(MODULE_BYTES + 97 * AWAKE_TENANT_BYTES);
    const before = rested.length;
    all.set('newer', [deployment(101, shared)]);
    expect(rested).toHaveLength(before);
  });

  it('stay while they are busy or have a canary, even where that is too much', () => {
    const shared = module();
    const all = awake(MODULE_BYTES);
    busy.add(0);
    all.set('a', [deployment(0, shared)]);
    all.set('split', [deployment(1, shared), deployment(1, shared)]);
    all.set('c', [deployment(2, shared)]);
    expect(rested).toEqual([]);
    busy.clear();
    all.set('d', [deployment(3, shared)]);
    expect(rested).toEqual(['a', 'c']);
  });

  it('rest in part when the process is short of memory', () => {
    const shared = module();
    const all = awake(Infinity);
    for (let slot = 0; slot < 80; slot++) all.set(`t${slot}`, [deployment(slot, shared)]);
    all.free(Infinity, 0);
    const first = rested.length;
    expect([first > 5, first < 20, rested.slice(0, 3)]).toEqual([true, true, ['t0', 't1', 't2']]);
    expect(all.size).toBe(80 - first);
    all.free(Infinity, RELIEF_SETTLES_MS - 1);
    expect(rested).toHaveLength(first);
    all.free(AWAKE_TENANT_BYTES, RELIEF_SETTLES_MS);
    expect(rested).toHaveLength(first + 1);
  });

  it('rest for what resident memory grows by, and not again for what it does not give back', () => {
    const shared = module();
    const all = awake(Infinity);
    for (let slot = 0; slot < 80; slot++) all.set(`t${slot}`, [deployment(slot, shared)]);
    const one = AWAKE_TENANT_BYTES;
    const step = RELIEF_SETTLES_MS;
    expect([all.relieve(2 * one, 0), rested.length]).toEqual([true, 2]);
    expect([all.relieve(3 * one, step - 1), rested.length]).toEqual([false, 2]);
    expect([all.relieve(2 * one, step), all.relieve(one, 2 * step), rested.length]).toEqual([false, false, 2]);
    expect([all.relieve(3 * one, 3 * step), rested.length]).toEqual([true, 3]);
    // It was lower for a while, or nobody would have been silent.
    expect([all.relieve(one, 5 * step), rested.length]).toEqual([true, 4]);
    all.free(Infinity, 5 * step);
    expect(rested.length).toBeGreaterThan(8);
  });
});
