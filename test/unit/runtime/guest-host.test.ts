import { describe, expect, it } from 'vitest';
import { GuestMemory } from '../../../src/abi/guest-memory.ts';
import { guestHost } from '../../../src/runtime/guest-host.ts';
import { MAX_LOG_CHARS, MAX_LOG_LINES } from '../../../src/runtime/limits.ts';
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
      write: (tenant, level, message) => void lines.push([tenant, level, message]),
    },
    hold: () => undefined,
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
