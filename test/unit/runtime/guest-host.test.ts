import { describe, expect, it } from 'vitest';
import { NO_GEO } from '../../../src/capability/geo.ts';
import { NO_OBJECTS } from '../../../src/capability/object-cache.ts';
import { GuestMemory } from '../../../src/abi/guest-memory.ts';
import { NO_STORES } from '../../../src/capability/stores.ts';
import { NO_KV } from '../../../src/capability/kv.ts';
import { guestHost } from '../../../src/runtime/guest-host.ts';
import { MAX_LOG_CHARS, MAX_LOG_LINES } from '../../../src/runtime/limits.ts';
import { ownRates } from '../../../src/runtime/rate-table.ts';
import { Task } from '../../../src/runtime/task.ts';
import { guest } from '../../guests.ts';
import { deploymentOf } from './harness.ts';

const DEPLOYMENT = deploymentOf(
  guest(() => ({})),
  { tenant: 'acme' },
);

function host(): { host: ReturnType<typeof guestHost>; task: Task; lines: string[][]; keep: { on: boolean } } {
  const task = new Task({ cpuMs: 1, wallMs: 1 }, 250.5, 0);
  const lines: string[][] = [];
  const keep = { on: true };
  const memory = new GuestMemory(new WebAssembly.Memory({ initial: 1 }));
  const made = guestHost(DEPLOYMENT, memory, () => task, {
    log: {
      keeps: () => keep.on,
      write: (tenant, level, message, _, endpoint) =>
        void lines.push(endpoint === undefined ? [tenant, level, message] : [tenant, level, message, endpoint]),
    },
    hold: () => undefined,
    charge: () => undefined,
    kv: NO_KV,
    rates: (slot, madeMs) => ownRates().of(slot, madeMs),
    geo: NO_GEO,
    objects: NO_OBJECTS,
  });
  return { host: made, task, lines, keep };
}

describe('the log', () => {
  it("goes out under the tenant's name", () => {
    const { host: services, lines } = host();
    services.log('warn', 'message');
    expect(lines).toEqual([['acme', 'warn', 'message']]);
  });

  it('is bounded in the length of a line and in lines per request', () => {
    const { host: services, lines } = host();
    services.log('info', 'x'.repeat(MAX_LOG_CHARS + 1));
    expect(lines[0]?.[2]).toBe(`${'x'.repeat(MAX_LOG_CHARS)}…`);
    for (let i = 0; i < MAX_LOG_LINES + 50; i++) services.log('info', 'again');
    expect(lines).toHaveLength(MAX_LOG_LINES);
  });

  it('drops levels that are not kept, without counting them', () => {
    const { host: services, task, lines, keep } = host();
    keep.on = false;
    services.log('debug', 'dropped');
    expect([services.logs('debug'), lines.length, task.logLines]).toEqual([false, 0, 0]);
  });
});

describe('lines for an endpoint', () => {
  it('go out under its name, and have the bounds of all lines', () => {
    const { host: services, lines } = host();
    services.logTo('audit', 'x'.repeat(MAX_LOG_CHARS + 1));
    expect(lines[0]).toEqual(['acme', 'info', `${'x'.repeat(MAX_LOG_CHARS)}…`, 'audit']);
    for (let i = 0; i < MAX_LOG_LINES + 50; i++) services.logTo('audit', 'again');
    expect(lines).toHaveLength(MAX_LOG_LINES);
  });
});

describe('key-value stores', () => {
  it('are those that the deployment was granted, of its tenant, for the request at hand', () => {
    const asked: unknown[] = [];
    const stores = { ...NO_STORES, kv: ['main'], madeMs: 7 };
    const grants = { ...DEPLOYMENT.grants, stores };
    const task = new Task({ cpuMs: 1, wallMs: 1 }, 0, 0);
    const memory = new GuestMemory(new WebAssembly.Memory({ initial: 1 }));
    const services = guestHost({ ...DEPLOYMENT, grants }, memory, () => task, {
      log: { keeps: () => true, write: () => undefined },
      hold: () => undefined,
      charge: () => undefined,
      kv: (...question) => {
        asked.push(question);
        return NO_KV(...question);
      },
      rates: (slot, madeMs) => ownRates().of(slot, madeMs),
      geo: NO_GEO,
      objects: NO_OBJECTS,
    });
    expect([services.kv('other'), services.kv('')]).toEqual([null, null]);
    expect(services.kv('main')).not.toBe(null);
    expect(asked).toEqual([[{ tenant: 'acme', madeMs: 7 }, 'main', task.signal]]);
  });
});

it('a charge ends the guest whose request has then used what it may', () => {
  const task = new Task({ cpuMs: 1, wallMs: 1 }, 0, 0);
  const services = guestHost(DEPLOYMENT, new GuestMemory(new WebAssembly.Memory({ initial: 1 })), () => task, {
    log: { keeps: () => true, write: () => undefined },
    hold: () => undefined,
    charge: (of, cpuMs) => {
      of.cpuMs += cpuMs;
      if (of.cpuMs >= 1) of.condemn('cpu_limit');
    },
    kv: NO_KV,
    rates: (slot, madeMs) => ownRates().of(slot, madeMs),
    objects: NO_OBJECTS,
    geo: NO_GEO,
  });
  services.charge(0.6);
  expect(() => services.charge(0.6)).toThrow(expect.objectContaining({ outcome: 'cpu_limit' }));
});

it('rate counters are those of the tenant as it was made', () => {
  const asked: unknown[] = [];
  const grants = { ...DEPLOYMENT.grants, stores: { ...NO_STORES, madeMs: 7 } };
  const memory = new GuestMemory(new WebAssembly.Memory({ initial: 1 }));
  guestHost({ ...DEPLOYMENT, grants }, memory, () => new Task({ cpuMs: 1, wallMs: 1 }, 0, 0), {
    log: { keeps: () => true, write: () => undefined },
    hold: () => undefined,
    charge: () => undefined,
    kv: NO_KV,
    objects: NO_OBJECTS,
    geo: NO_GEO,
    rates: (slot, madeMs) => {
      asked.push([slot, madeMs]);
      return ownRates().of(slot, madeMs);
    },
  });
  expect(asked).toEqual([[DEPLOYMENT.slot, 7]]);
});

describe('the clocks', () => {
  it('stand still while a guest computes: nothing can be timed with them', () => {
    const { host: services, task } = host();
    const [wall, up] = [services.wallClockNs(), services.monotonicNs()];
    expect(services.wallClockNs()).toBe(wall);
    expect(up).toBe(250_500_000n);
    task.clockMs += 1.25;
    expect(services.monotonicNs() - up).toBe(1_250_000n);
    expect(services.wallClockNs() - wall).toBe(1_250_000n);
  });

  it('show the time of day', () => {
    const { host: services, task } = host();
    task.clockMs = performance.now();
    expect(Math.abs(Number(services.wallClockNs() / 1_000_000n) - Date.now())).toBeLessThan(60_000);
  });
});
