/** `kerb_config`, `kerb_secret`, `kerb_rate` and `kerb_log`: what answers at once. */
import { describe, expect, it } from 'vitest';
import { GuestFault } from '../../../../src/abi/guest-fault.ts';
import { signaturesOf } from '../../../../src/abi/host-function.ts';
import { ERRNO } from '../../../../src/abi/kerb/errno.ts';
import { MAX_LINE_BYTES, MAX_RATE_OPERATIONS, MAX_WINDOW_SECONDS, SIZES } from '../../../../src/abi/kerb/limits.ts';
import { KERB_MODULES } from '../../../../src/abi/kerb/table.ts';
import { BUFFER, KerbHost } from './kerb-host.ts';

/** What may make a guest wait. */
const WAITING: Readonly<Record<string, readonly string[]>> = {
  kerb_cache: ['delete', 'get', 'lookup', 'purge', 'put'],
  kerb_kv: ['delete', 'generation', 'get', 'list', 'metadata', 'put'],
  kerb_fetch: ['read', 'wait', 'wait_any'],
  kerb_jwt: ['sign', 'verify'],
};

describe('the modules', () => {
  it('have names of their own, results that hold an errno, and wait only where somebody else is asked', () => {
    for (const [module, functions] of KERB_MODULES) {
      expect(module).toMatch(/^kerb_[a-z]+$/);
      for (const signature of signaturesOf(functions).values()) expect(signature).toMatch(/^[iI]+->[iI]$/);
      const waits = Object.entries(functions).filter(([, { suspends }]) => suspends === true);
      expect(waits.map(([name]) => name).toSorted()).toEqual(WAITING[module] ?? []);
    }
  });

  it('have errors of one closed list, each with a number of its own', () => {
    const numbers = Object.values(ERRNO);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(numbers).toEqual(numbers.map((_, index) => -1 - index));
  });
});

describe('kerb_config', () => {
  it('writes the text of a key if it fits', async () => {
    const host = new KerbHost({ config: new Map([['theme', 'dark é']]) });
    expect(await host.call('kerb_config.get', ...host.text('theme'), BUFFER, 6)).toBe(7);
    expect(host.at(BUFFER, 1)).toBe('\0');
    expect(await host.call('kerb_config.get', ...host.text('theme'), BUFFER, 7)).toBe(7);
    expect(host.at(BUFFER, 7)).toBe('dark é');
  });

  it('has nothing but the keys of the config', async () => {
    const host = new KerbHost({ config: new Map([['theme', 'dark']]) });
    for (const key of ['other', 'constructor', '__proto__', 'size'])
      expect(await host.call('kerb_config.get', ...host.text(key), BUFFER, 9)).toBe(ERRNO.absent);
    const without = new KerbHost();
    expect(await without.call('kerb_config.get', ...without.text('theme'), BUFFER, 9)).toBe(ERRNO.absent);
  });

  it('refuses names that are none, and ends the guest for memory that is not its own', async () => {
    const host = new KerbHost({ config: new Map([['theme', 'dark']]) });
    expect(await host.call('kerb_config.get', 0, 0, BUFFER, 9)).toBe(ERRNO.invalid);
    expect(await host.call('kerb_config.get', 0, SIZES.name + 1, BUFFER, 9)).toBe(ERRNO.too_large);
    await expect(host.call('kerb_config.get', 65_536, 1, BUFFER, 9)).rejects.toThrow(GuestFault);
    await expect(host.call('kerb_config.get', 0, -1, BUFFER, 9)).rejects.toThrow(GuestFault);
    await expect(host.call('kerb_config.get', ...host.text('theme'), 65_535, 9)).rejects.toThrow(GuestFault);
  });
});

describe('kerb_secret', () => {
  const secrets = new Map([
    ['API_KEY', Uint8Array.of(0, 255, 7)],
    ['UNSET', null],
  ]);

  it('writes the bytes of a secret that is granted', async () => {
    const host = new KerbHost({ secrets });
    expect(await host.call('kerb_secret.get', ...host.text('API_KEY'), BUFFER, 3)).toBe(3);
    expect([...host.memory.read(BUFFER, 3)]).toEqual([0, 255, 7]);
  });

  it('tells a name that is not granted from one that is not set', async () => {
    const host = new KerbHost({ secrets });
    expect(await host.call('kerb_secret.get', ...host.text('UNSET'), BUFFER, 3)).toBe(ERRNO.absent);
    for (const name of ['OTHER', 'api_key', 'constructor'])
      expect(await host.call('kerb_secret.get', ...host.text(name), BUFFER, 3)).toBe(ERRNO.not_granted);
  });

  it('says nothing of a value in its faults', async () => {
    const host = new KerbHost({ secrets: new Map([['S', Buffer.from('hidden')]]) });
    const fault = await host.call('kerb_secret.get', ...host.text('S'), 65_535, 99).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(GuestFault);
    expect(String(fault)).not.toContain('hidden');
  });
});

describe('kerb_rate', () => {
  it('counts and penalizes by key', async () => {
    const host = new KerbHost();
    const key = host.text('kerb_rate test 1');
    expect(await host.call('kerb_rate.count', ...key, 60, 1)).toBe(1);
    expect(await host.call('kerb_rate.count', ...key, 60, 4)).toBe(5);
    expect(await host.call('kerb_rate.count', ...key, 60, 0)).toBe(5);
    expect(await host.call('kerb_rate.is_penalized', ...key)).toBe(0);
    expect(await host.call('kerb_rate.penalize', ...key, 60)).toBe(0);
    expect(await host.call('kerb_rate.is_penalized', ...key)).toBe(1);
  });

  it('refuses windows, amounts and keys that are none', async () => {
    const host = new KerbHost();
    const key = host.text('k');
    for (const [seconds, amount] of [
      [0, 1],
      [-1, 1],
      [MAX_WINDOW_SECONDS + 1, 1],
      [1, -1],
    ] as const)
      expect(await host.call('kerb_rate.count', ...key, seconds, amount)).toBe(ERRNO.invalid);
    expect(await host.call('kerb_rate.penalize', ...key, -1)).toBe(ERRNO.invalid);
    expect(await host.call('kerb_rate.count', 0, 0, 1, 1)).toBe(ERRNO.invalid);
    expect(await host.call('kerb_rate.is_penalized', 0, SIZES.key + 1)).toBe(ERRNO.too_large);
    await expect(host.call('kerb_rate.count', 65_536, 1, 1, 1)).rejects.toThrow(GuestFault);
  });

  it('may be called so often by a request', async () => {
    const host = new KerbHost();
    for (let call = 0; call < MAX_RATE_OPERATIONS; call++) host.state.takeRateOperation();
    expect(await host.call('kerb_rate.count', ...host.text('k'), 1, 1)).toBe(ERRNO.quota);
    host.state.reset();
    expect(await host.call('kerb_rate.is_penalized', ...host.text('k'))).toBe(0);
  });
});

describe('kerb_log', () => {
  it('writes a line for an endpoint', async () => {
    const host = new KerbHost();
    expect(await host.call('kerb_log.write', ...host.text('audit.v1'), ...host.text('hello'))).toBe(0);
    expect(host.lines).toEqual([['info', 'audit.v1: hello']]);
  });

  it('takes the beginning of a long line', async () => {
    const host = new KerbHost();
    expect(await host.call('kerb_log.write', ...host.text('a'), 2_000, MAX_LINE_BYTES + 1)).toBe(0);
    expect(host.lines[0]?.[1]).toHaveLength(MAX_LINE_BYTES + 3);
  });

  it('refuses names that could be taken for something else, and memory that is not the guest’s', async () => {
    const host = new KerbHost();
    for (const name of ['', 'a b', 'a\n', 'é', 'x'.repeat(64)])
      expect(await host.call('kerb_log.write', ...host.text(name), ...host.text('t'))).toBe(ERRNO.invalid);
    await expect(host.call('kerb_log.write', ...host.text('a'), 65_535, 2)).rejects.toThrow(GuestFault);
    expect(host.lines).toEqual([]);
  });
});
