import { describe, expect, it } from 'vitest';
import { KEY_SET_COOL_DOWN_MS, KEY_SET_FRESH_MS, KEY_SET_STALE_MS } from '../../../src/auth/limits.ts';
import { RemoteKeys } from '../../../src/auth/remote-keys.ts';
import { KerbError } from '../../../src/errors.ts';
import { ed25519 } from './forge.ts';

const A = { ...ed25519().publicJwk, kid: 'a' };
const B = { ...ed25519().publicJwk, kid: 'b' };

/** An issuer in the test's hand: what it answers, how often it was asked, and the time. */
function remote(): { keys: RemoteKeys; issuer: { answer: unknown; asked: number; nowMs: number }; faults: string[] } {
  const issuer = { answer: { keys: [A] } as unknown, asked: 0, nowMs: 0 };
  const faults: string[] = [];
  const keys = new RemoteKeys(new URL('https://issuer.example/keys?secret'), {
    fetchJson: async () => {
      issuer.asked += 1;
      await Promise.resolve();
      if (issuer.answer instanceof Error) throw issuer.answer;
      return issuer.answer;
    },
    clock: () => issuer.nowMs,
    report: (fault) => void faults.push(fault),
  });
  return { keys, issuer, faults };
}

const idOf = async (keys: RemoteKeys, kid: string): Promise<string | null> => (await keys.key(kid))?.kid ?? null;

describe('a key set', () => {
  it('is asked for when it is needed first, and again when it is old', async () => {
    const { keys, issuer } = remote();
    expect(issuer.asked).toBe(0);
    expect(await idOf(keys, 'a')).toBe('a');
    issuer.nowMs = KEY_SET_FRESH_MS - 1;
    expect(await idOf(keys, 'a')).toBe('a');
    expect(issuer.asked).toBe(1);
    issuer.nowMs = KEY_SET_FRESH_MS;
    issuer.answer = { keys: [B] };
    expect(await idOf(keys, 'a')).toBeNull();
    expect(issuer.asked).toBe(2);
    expect(await idOf(keys, 'b')).toBe('b');
  });

  it('is asked for once for all who wait', async () => {
    const { keys, issuer } = remote();
    const answers = await Promise.all(Array.from({ length: 100 }, () => idOf(keys, 'a')));
    expect(new Set(answers)).toEqual(new Set(['a']));
    expect(issuer.asked).toBe(1);
  });

  it('is not asked for a second time while the first is under way, however long that takes', async () => {
    const { keys, issuer } = remote();
    const answer = Promise.withResolvers<unknown>();
    issuer.answer = answer.promise;
    const first = keys.key('a');
    issuer.nowMs = KEY_SET_COOL_DOWN_MS * 2;
    const second = keys.key('a');
    expect(issuer.asked).toBe(1);
    answer.resolve({ keys: [A] });
    expect((await Promise.all([first, second])).map((key) => key?.kid)).toEqual(['a', 'a']);
  });

  it('is asked for again for a new key id, so that an issuer can rotate', async () => {
    const { keys, issuer } = remote();
    await keys.key('a');
    issuer.answer = { keys: [A, B] };
    issuer.nowMs = KEY_SET_COOL_DOWN_MS;
    expect(await idOf(keys, 'b')).toBe('b');
    expect(issuer.asked).toBe(2);
  });

  it('is not asked for again and again by invented key ids', async () => {
    const { keys, issuer } = remote();
    for (let count = 0; count < 1_000; count++) {
      issuer.nowMs = count * 100;
      expect(await idOf(keys, `invented-${count}`)).toBeNull();
    }
    expect(issuer.asked).toBe(Math.ceil(100_000 / KEY_SET_COOL_DOWN_MS));
    expect(await idOf(keys, 'a')).toBe('a');
  });
});

describe('an issuer that cannot be asked', () => {
  const down = new KerbError('conflict', 'connection refused');

  it('has its keys used on for a bounded time, and is not asked more than before', async () => {
    const { keys, issuer, faults } = remote();
    await keys.key('a');
    issuer.answer = down;
    issuer.nowMs = KEY_SET_STALE_MS - 1;
    expect(await idOf(keys, 'a')).toBe('a');
    expect(await idOf(keys, 'a')).toBe('a');
    expect(issuer.asked).toBe(2);
    expect(faults).toEqual(['keys of https://issuer.example: connection refused']);
    issuer.nowMs = KEY_SET_STALE_MS;
    expect(await idOf(keys, 'a')).toBeNull();
    issuer.answer = { keys: [A] };
    issuer.nowMs += KEY_SET_COOL_DOWN_MS;
    expect(await idOf(keys, 'a')).toBe('a');
  });

  it('has none from the beginning, and is asked again after a while', async () => {
    const { keys, issuer } = remote();
    issuer.answer = down;
    for (let count = 0; count < 10; count++) expect(await idOf(keys, 'a')).toBeNull();
    expect(issuer.asked).toBe(1);
    issuer.answer = { keys: [A] };
    issuer.nowMs = KEY_SET_COOL_DOWN_MS;
    expect(await idOf(keys, 'a')).toBe('a');
  });

  it('that answers with something else is as one that does not answer', async () => {
    for (const answer of [null, {}, { keys: 'a' }, { keys: [{ ...ed25519().privateJwk, kid: 'p' }, A] }]) {
      const { keys, issuer, faults } = remote();
      issuer.answer = answer;
      expect(await idOf(keys, 'a')).toBeNull();
      expect(faults).toHaveLength(1);
    }
  });

  it('does not hide a fault of our own', async () => {
    const { keys, issuer } = remote();
    issuer.answer = new RangeError('ours');
    await expect(keys.key('a')).rejects.toThrow('ours');
  });
});
