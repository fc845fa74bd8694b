import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { OPERATOR_TOKEN_RENEWAL_MS, OPERATOR_TOKEN_TTL_S } from '../../../src/auth/limits.ts';
import { ensureOperatorToken, type OperatorToken } from '../../../src/auth/operator-token.ts';
import { authority, NOW_MS, type Authority } from './authority.ts';

/** A data folder, gone after the test. */
function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'kerb-operator-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

function ensure(path: string, { issuer, verifier, log, clock }: Authority): Promise<OperatorToken> {
  return ensureOperatorToken({ folder: path, issuer, verifier, log, now: () => clock.ms });
}

const tokenIn = (path: string): string => readFileSync(join(path, 'operator.token'), 'utf8').trim();

describe('the first start', () => {
  it('writes a token that is the operator’s, for the owner’s eyes only', async () => {
    const [path, all] = [folder(), await authority()];
    expect(await ensure(path, all)).toEqual({ path: join(path, 'operator.token'), isNew: true });
    expect(statSync(join(path, 'operator.token')).mode & 0o777).toBe(0o600);
    expect(readdirSync(path)).toEqual(['operator.token']);
    expect(await all.verifier.verify(tokenIn(path))).toMatchObject({ subject: 'operator', scopes: ['operator'] });
  });
});

describe('a later start', () => {
  it('keeps a token that is good for long', async () => {
    const [path, all] = [folder(), await authority()];
    await ensure(path, all);
    const first = tokenIn(path);
    all.clock.ms += OPERATOR_TOKEN_TTL_S * 1_000 - OPERATOR_TOKEN_RENEWAL_MS - 1;
    expect((await ensure(path, all)).isNew).toBe(false);
    expect(tokenIn(path)).toBe(first);
  });

  it('replaces one that is soon over, which is good until then', async () => {
    const [path, all] = [folder(), await authority()];
    await ensure(path, all);
    const first = tokenIn(path);
    all.clock.ms += OPERATOR_TOKEN_TTL_S * 1_000 - OPERATOR_TOKEN_RENEWAL_MS;
    expect((await ensure(path, all)).isNew).toBe(true);
    expect(tokenIn(path)).not.toBe(first);
    await expect(all.verifier.verify(first)).resolves.toBeDefined();
  });

  it.each<[string, (path: string, all: Authority) => Promise<void> | void]>([
    ['is over', (_, { clock }) => void (clock.ms += OPERATOR_TOKEN_TTL_S * 1_000)],
    ['was revoked', (_, { log }) => [...log.records.keys()].forEach((id) => log.revokeToken(id, NOW_MS))],
    ['is of another server', async (path) => void (await ensure(path, await authority()))],
    ['is no token', (path) => writeFileSync(join(path, 'operator.token'), 'x'.repeat(100_000))],
    ['is empty', (path) => writeFileSync(join(path, 'operator.token'), '')],
    [
      'is not the operator’s',
      (path, { forged }) =>
        writeFileSync(join(path, 'operator.token'), forged({ exp: NOW_MS / 1_000 + OPERATOR_TOKEN_TTL_S })),
    ],
  ])('replaces one that %s', async (_, spoil) => {
    const [path, all] = [folder(), await authority()];
    await ensure(path, all);
    await spoil(path, all);
    const spoiled = tokenIn(path);
    await ensure(path, all);
    expect(tokenIn(path)).not.toBe(spoiled);
    expect(await all.verifier.verify(tokenIn(path))).toMatchObject({ scopes: ['operator'] });
    expect(statSync(join(path, 'operator.token')).mode & 0o777).toBe(0o600);
  });

  it.each([0o604, 0o640, 0o620, 0o777])('revokes and replaces one with mode %o', async (mode) => {
    const [path, all] = [folder(), await authority()];
    await ensure(path, all);
    const exposed = tokenIn(path);
    chmodSync(join(path, 'operator.token'), mode);
    expect((await ensure(path, all)).isNew).toBe(true);
    expect(statSync(join(path, 'operator.token')).mode & 0o777).toBe(0o600);
    await expect(all.verifier.verify(exposed)).rejects.toMatchObject({ message: 'the token has been revoked' });
    await expect(all.verifier.verify(tokenIn(path))).resolves.toBeDefined();
  });
});

describe('a path that somebody has prepared', () => {
  function refusal(what: string): object {
    return { code: 'bad_config', message: expect.stringContaining(what) as unknown };
  }

  it('is refused when it is a link, and nothing is written through it', async () => {
    const [path, all] = [folder(), await authority()];
    const target = join(path, 'target');
    symlinkSync(target, join(path, 'operator.token'));
    await expect(ensure(path, all)).rejects.toMatchObject(refusal('is a symbolic link; remove it'));
    writeFileSync(target, 'precious');
    await expect(ensure(path, all)).rejects.toMatchObject(refusal('is a symbolic link; remove it'));
    expect(readFileSync(target, 'utf8')).toBe('precious');
    expect(readdirSync(path).toSorted()).toEqual(['operator.token', 'target']);
    expect(all.log.records.size).toBe(0);
  });

  it('is refused when it is a folder or a pipe, which nobody waits for', async () => {
    const all = await authority();
    const [one, two] = [folder(), folder()];
    mkdirSync(join(one, 'operator.token'));
    await expect(ensure(one, all)).rejects.toMatchObject(refusal('is not a file'));
    execFileSync('mkfifo', ['-m', '600', join(two, 'operator.token')]);
    await expect(ensure(two, all)).rejects.toMatchObject(refusal('is not a file'));
  });

  it('leaves nothing behind when it cannot be written', async () => {
    const [path, all] = [folder(), await authority()];
    await expect(ensure(join(path, 'missing'), all)).rejects.toThrow('ENOENT');
    expect(readdirSync(path)).toEqual([]);
  });
});
