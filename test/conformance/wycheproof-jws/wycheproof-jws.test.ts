import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ed25519, forge, hmac, p256, part } from '../../unit/auth/forge.ts';
import type { Totals } from '../suite.ts';
import { readExpectations } from './expectations.ts';
import { runWycheproofJws, wycheproofJws } from './wycheproof-jws.ts';

const EC = p256();
const KEY = { ...EC.publicJwk, kid: 'k', alg: 'ES256' };
const SECRET = { kty: 'oct', alg: 'HS256', kid: 'k', k: part('secret') };
const GOOD = forge({ alg: 'ES256', kid: 'k' }, 'payload', EC.sign);
const MAC = forge({ alg: 'HS256', kid: 'k' }, 'payload', hmac('secret'));

/** A vector of a group. */
function test(jws: unknown, result: string): object {
  return { tcId: 1, comment: 'a comment', jws, result, flags: [] };
}

function group(key: object, tests: readonly object[]): object {
  return { type: 'JsonWebSignature', ...key, tests };
}

/** A run over one file with these groups. */
async function run(groups: unknown, expectations?: unknown): Promise<Totals & { readonly lines: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'wycheproof-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'a_test.json'), JSON.stringify({ testGroups: groups }));
  writeFileSync(join(folder, 'e.json'), JSON.stringify(expectations ?? null));
  const lines: string[] = [];
  const given = expectations === undefined ? [] : [join(folder, 'e.json')];
  const totals = await runWycheproofJws(folder, ['a_test.json'], (line) => void lines.push(line), ...given);
  return { ...totals, lines: lines.join('\n') };
}

describe('a vector', () => {
  it('passes when Kerb says what it says', async () => {
    const stranger = forge({ alg: 'ES256', kid: 'k' }, 'payload', p256().sign);
    const tests = [
      test(GOOD, 'valid'),
      test(stranger, 'invalid'),
      test('x', 'invalid'),
      test({ payload: 'x' }, 'invalid'),
    ];
    expect(await run([group({ public: KEY }, tests)])).toMatchObject({ passed: 4, failed: 0, skipped: 0, lines: '' });
    expect(await run([group({ public: { keys: [KEY] } }, tests)])).toMatchObject({ passed: 4, failed: 0 });
  });

  it('fails when Kerb accepts what is invalid, or refuses what is valid', async () => {
    const { lines, ...totals } = await run([group({ public: KEY }, [test(GOOD, 'invalid'), test('x', 'valid')])]);
    expect(totals).toEqual({ passed: 0, failed: 2, skipped: 0 });
    expect(lines).toContain('FAILED a_test.json#1 (a comment) is invalid, and accepted');
    expect(lines).toContain('FAILED a_test.json#1 (a comment) is valid, and refused');
  });

  it('is skipped, with a reason, when no key of it is taken', async () => {
    const secret = group({ private: SECRET }, [test(MAC, 'valid'), test('x', 'invalid')]);
    const { lines, ...totals } = await run([secret]);
    expect(totals).toEqual({ passed: 0, failed: 0, skipped: 2 });
    expect(lines).toContain('2 skipped, and refused: secret keys');
    const mixed = group({ private: { keys: [SECRET, KEY] } }, [test(MAC, 'invalid')]);
    expect(await run([mixed])).toMatchObject({ passed: 1, failed: 0, skipped: 0 });
  });

  it('fails when it is skipped and passes', async () => {
    const expectations = { skipped: [{ kind: '^EC ', reason: 'x' }] };
    const { lines, failed } = await run([group({ public: KEY }, [test(GOOD, 'valid')])], expectations);
    expect(failed).toBe(1);
    expect(lines).toContain('is accepted, but is skipped because of x: remove the skip');
  });
});

describe('a file', () => {
  it('about something else has no vectors, and a run without any fails', async () => {
    expect(await run([{ type: 'EcdsaVerify', tests: [test(GOOD, 'valid')] }])).toMatchObject({ passed: 0, failed: 1 });
    expect(await run([group({ public: KEY }, [{ tcId: 1, jwe: 'x', result: 'valid' }])])).toMatchObject({ failed: 1 });
  });

  it('that is none, or has a result that is unknown, is a failure', async () => {
    expect((await run('x')).lines).toContain('FAILED a_test.json: it has no testGroups');
    const odd = group({ public: ed25519().publicJwk }, [test(GOOD, 'acceptable')]);
    expect((await run([odd])).lines).toContain('neither valid nor invalid');
  });
});

describe('the expectations', () => {
  it('each have a reason', async () => {
    const path = new URL('expectations.json', import.meta.url);
    for (const { reason } of readExpectations(path)) expect(reason).not.toBe('');
    for (const skipped of [undefined, [{ kind: '^RSA' }], [{ reason: 'x' }], [null]])
      await expect(run([], { skipped })).rejects.toThrow(TypeError);
  });
});

describe('the suite', () => {
  it('says where its files come from', () => {
    expect(wycheproofJws.obtain).toContain(wycheproofJws.files);
  });
});
