/** Two versions of a tenant at once: who gets which, what is counted, and how the second one comes and goes. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Deployment, Split } from '../../src/runtime/deployment.ts';
import { ECHO_GUEST, guest } from '../guests.ts';
import { DataPlane, saying, version } from './data-plane.ts';
import { RawClient } from './raw-client.ts';

const CLIENTS = Array.from({ length: 60 }, (_, i) => `127.0.${i}.${i + 1}`);

let plane: DataPlane;
let primary: Deployment;
let canary: Deployment;
beforeEach(async () => {
  plane = await DataPlane.start();
  primary = version(saying('old'), { version: 'v1', figuresSlot: 0 });
  canary = version(saying('new'), { version: 'v2', figuresSlot: 1 });
});
afterEach(() => plane.close());

function split(percent: number): Split {
  return { primary: primary.id, canary: canary.id, percent };
}

/** Which of the clients get the canary. */
async function onCanary(): Promise<string[]> {
  const texts = await plane.textsFor(CLIENTS);
  return CLIENTS.filter((_, i) => texts[i] === 'new');
}

describe('a canary', () => {
  it('gets its part of the clients, each on every thread and time after time the same', async () => {
    await plane.threads.publish([primary, canary], [], [split(50)]);
    const first = await onCanary();
    expect(first.length).toBeGreaterThan(15);
    expect(first.length).toBeLessThan(45);
    // More connections from each address: they spread over the threads.
    const again = await Promise.all(Array.from({ length: 4 }, () => onCanary()));
    for (const clients of again) expect(clients).toEqual(first);
  });

  it('only gains clients while its percentage grows, and has them all when it is promoted', async () => {
    await plane.threads.publish([primary, canary], [], [split(5)]);
    let before = new Set(await onCanary());
    for (const percent of [30, 60, 95]) {
      await plane.threads.publish([], [], [split(percent)]);
      const now = new Set(await onCanary());
      expect(now.isSupersetOf(before)).toBe(true);
      expect(now.size).toBeGreaterThan(before.size);
      before = now;
    }
    await plane.threads.publish([], [primary.id]);
    expect(await onCanary()).toEqual(CLIENTS);
  });

  it('that is taken back leaves every request to the version before', async () => {
    await plane.threads.publish([primary, canary], [], [split(50)]);
    await plane.threads.publish([], [canary.id]);
    expect(await onCanary()).toEqual([]);
  });

  it('has its name in the receipt and its requests in its own figures, and those of the tenant have all', async () => {
    await plane.threads.publish([primary, canary], [], [split(50)]);
    const answers = await Promise.all(CLIENTS.map((ip) => plane.fetch(ip)));
    for (const { text, receipt } of answers) {
      expect(receipt).toContain(text === 'new' ? 'version="v2"' : 'version="v1"');
    }
    const share = answers.filter(({ text }) => text === 'new').length;
    await plane.idle();
    const [old, young] = [plane.versions.read(0), plane.versions.read(1)];
    expect([old.requests, young.requests]).toEqual([CLIENTS.length - share, share]);
    expect([old.guestFaults, young.guestFaults]).toEqual([0, 0]);
    expect(Math.min(old.cpuUs, young.cpuUs)).toBeGreaterThan(0);
    expect(plane.counters.read(0).outcomes.ok).toBe(CLIENTS.length);
  });

  it('that traps shows in its figures', async () => {
    canary = version(
      guest(() => ({ handle: 'unreachable' })),
      { figuresSlot: 1 },
    );
    await plane.threads.publish([primary, canary], [], [split(50)]);
    const statuses = await Promise.all(CLIENTS.map(async (ip) => (await plane.fetch(ip)).status));
    const failed = statuses.filter((status) => status === 500).length;
    expect(failed).toBeGreaterThan(0);
    await plane.idle();
    expect([plane.versions.read(0).guestFaults, plane.versions.read(1).guestFaults]).toEqual([0, failed]);
  });
});

describe('a tenant', () => {
  it('of which nothing is served any more is told by every thread, once', async () => {
    await plane.threads.publish([primary, canary], [], [split(50)]);
    await plane.textsFor(CLIENTS);
    await plane.threads.publish([], [canary.id]);
    expect(plane.unserved).toEqual([]);
    await plane.threads.publish([], [primary.id]);
    await expect.poll(() => plane.unserved).toEqual([HOME, HOME]);
  });
});

const HOME = { tenant: 'app', madeMs: null };

describe('a canary whose clients are shown a page when it traps', () => {
  it('shows in its figures all the same', async () => {
    const page = { bytes: Buffer.from('sorry'), type: 'text/plain', status: 200 };
    const onFailure = [{ path: '/', on: ['trap'] as const, serve: ['page'] as const, page }];
    canary = version(
      guest(() => ({ handle: 'unreachable' })),
      { figuresSlot: 1, onFailure },
    );
    await plane.threads.publish([primary, canary], [], [split(50)]);
    const answers = await Promise.all(CLIENTS.map((ip) => plane.fetch(ip)));
    const shown = answers.filter(({ status, text }) => status === 200 && text === 'sorry').length;
    expect(shown).toBeGreaterThan(0);
    await plane.idle();
    expect([plane.versions.read(0).guestFaults, plane.versions.read(1).guestFaults]).toEqual([0, shown]);
    expect(plane.counters.read(0).outcomes.guest_trap).toBe(shown);
  });
});

describe('a change of the percentage', () => {
  it('leaves warm instances as they are, and so does a promotion', async () => {
    [primary, canary] = [primary, canary].map((one) => ({ ...one, isolation: 'reuse' as const })) as [
      Deployment,
      Deployment,
    ];
    await plane.threads.publish([primary, canary], [], [split(50)]);
    const warm = new Set<string>();
    const client = (await onCanary())[0];
    while (warm.size < 20) warm.add((await plane.fetch(client)).receipt);
    await plane.threads.publish([], [], [split(90)]);
    expect((await plane.fetch(client)).receipt).toMatch(/version="v2", instance=reused/);
    await plane.threads.publish([], [primary.id]);
    expect((await plane.fetch(client)).receipt).toMatch(/version="v2", instance=reused/);
  });

  it('that cannot be is refused, and changes nothing', async () => {
    await plane.threads.publish([primary, canary], [], [split(50)]);
    const before = await onCanary();
    expect(() => plane.threads.publish([], [primary.id], [split(10)])).toThrow(TypeError);
    expect(() => plane.threads.publish([], [], [split(100)])).toThrow(/100 percent/);
    expect(() => plane.threads.publish([version(saying('x'), { figuresSlot: 99 })], [])).toThrow(/place 99/);
    const unsafe = version(saying('x'), { allowBackends: ['everything'] });
    expect(() => plane.threads.publish([unsafe], [])).toThrow(/not an address range/);
    expect(await onCanary()).toEqual(before);
  });
});

/** Sends half a request; settles when a guest has it. */
async function beginUpload(): Promise<RawClient> {
  const client = await RawClient.open(plane);
  client.send('POST / HTTP/1.1\r\nHost: app.localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n');
  while (plane.counters.inFlight(0) === 0) await new Promise(setImmediate);
  return client;
}

describe('a request in flight', () => {
  it.each(['primary', 'canary'] as const)('on a %s that is removed ends there', async (which) => {
    const echo = version(ECHO_GUEST, { budgets: { ...primary.budgets, requestBodyBytes: 1e6 } });
    if (which === 'primary') primary = echo;
    else canary = echo;
    await plane.threads.publish([primary], []);
    // All that it takes is that this client is on the version in question, which nearly all or nearly none give.
    const percent = which === 'primary' ? 1e-6 : 100 - 1e-6;
    await plane.threads.publish([canary], [], [split(percent)]);
    const client = await beginUpload();
    await plane.threads.publish([], [echo.id]);
    expect(plane.counters.read(0).inFlight).toBe(1);
    const others = new Set(await plane.textsFor(CLIENTS));
    expect(others).toEqual(new Set([which === 'primary' ? 'new' : 'old']));
    client.send('6\r\nsecond\r\n0\r\n\r\n');
    await client.until((text) => text.includes('firstsecond') || text.endsWith('0\r\n\r\n'));
    expect(client.statuses).toEqual([200]);
    expect(client.received).toMatch(/first[^]*second/);
    client.leave();
  });

  it('counts for the concurrency of the tenant, whichever version it is on', async () => {
    const budgets = { ...primary.budgets, concurrency: 1, requestBodyBytes: 1e6 };
    [primary, canary] = [version(ECHO_GUEST, { budgets }), { ...canary, budgets }];
    await plane.threads.publish([primary, canary], [], [split(1e-6)]);
    const client = await beginUpload();
    await plane.threads.publish([], [], [split(100 - 1e-6)]);
    expect((await plane.fetch()).status).toBe(429);
    client.leave();
    while ((await plane.fetch()).text !== 'new');
  });
});
