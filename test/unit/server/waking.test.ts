import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Route } from '../../../src/runtime/deployment.ts';
import { Refusal } from '../../../src/runtime/refusal.ts';
import { MAX_WAITING_FOR_TENANTS, UNWOKEN_MS, WAKE_DEADLINE_MS } from '../../../src/server/limits.ts';
import { Waking } from '../../../src/server/waking.ts';

let asked: [string, number][];
let waking: Waking;

beforeEach(() => {
  vi.useFakeTimers();
  // The clock of what is remembered for a time takes 0 for no time.
  vi.advanceTimersByTime(1);
  asked = [];
  waking = new Waking((tenant, id) => asked.push([tenant, id]));
});
afterEach(() => vi.useRealTimers());

function route(id: number): Route {
  return { id, tenant: `t${id}`, hosts: [`t${id}.test`], path: '/' };
}

describe('requests for a tenant that rests', () => {
  it('ask once, and all look again when the table has changed', async () => {
    const waits = [waking.wait(route(1)), waking.wait(route(1)), waking.wait(route(2))];
    expect([asked, waking.size]).toEqual([
      [
        ['t1', 1],
        ['t2', 2],
      ],
      3,
    ]);
    waking.changed([7, 1]);
    expect(await Promise.all(waits.slice(0, 2))).toEqual([null, null]);
    expect(waking.size).toBe(1);
  });

  it('hear why it cannot be woken, and those that come next too, without asking again for a while', async () => {
    const refusal = new Refusal('internal_error', 'its module is lost');
    const wait = waking.wait(route(1));
    waking.fail(1, refusal);
    expect([await wait, await waking.wait(route(1)), asked.length]).toEqual([refusal, refusal, 1]);
    vi.advanceTimersByTime(UNWOKEN_MS + 1);
    void waking.wait(route(1));
    expect(asked).toHaveLength(2);
  });

  it('are capacity when it takes too long', async () => {
    const wait = waking.wait(route(1));
    vi.advanceTimersByTime(WAKE_DEADLINE_MS);
    expect(await wait).toMatchObject({ outcome: 'capacity' });
    expect(waking.size).toBe(0);
    waking.fail(1, new Refusal('internal_error', 'late'));
    void waking.wait(route(1));
    expect(asked).toHaveLength(2);
  });

  it('are capacity when too many wait already, and none of those that wait is lost', async () => {
    const waits = Array.from({ length: MAX_WAITING_FOR_TENANTS }, (_, id) => waking.wait(route(id)));
    expect(await waking.wait(route(0))).toMatchObject({ outcome: 'capacity' });
    waking.changed(waits.map((_, id) => id));
    expect((await Promise.all(waits)).every((woken) => woken === null)).toBe(true);
    expect(waking.size).toBe(0);
  });

  it('end as draining when the thread ends', async () => {
    const wait = waking.wait(route(1));
    waking.close();
    expect(await wait).toMatchObject({ outcome: 'draining' });
  });
});
