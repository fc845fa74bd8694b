/** A whole authority in memory, with its clock in the test's hand. */
import { createPrivateKey, type webcrypto } from 'node:crypto';
import { IssuerKeys } from '../../../src/auth/issuer-keys.ts';
import type { KeyStore, TokenLog } from '../../../src/auth/ports.ts';
import { TokenIssuer } from '../../../src/auth/token-issuer.ts';
import { ownTokens, type TokenSource } from '../../../src/auth/token-source.ts';
import { TokenVerifier } from '../../../src/auth/token-verifier.ts';
import type { Json, TokenRecord } from '../../../src/store/records.ts';
import { forge, pairOf, type Pair } from './forge.ts';

/** The time of tests: a whole second. */
export const NOW_MS = 1_800_000_000_000;

/** A {@link KeyStore} that counts how often it was written. */
export class MemoryKeyStore implements KeyStore {
  value: Json | null = null;
  saves = 0;

  load(): Json | null {
    return this.value;
  }

  save(keys: Json): void {
    // Through JSON, as a database would.
    this.value = JSON.parse(JSON.stringify(keys)) as Json;
    this.saves += 1;
  }
}

/** A {@link TokenLog} in a map. */
export class MemoryTokenLog implements TokenLog {
  readonly records = new Map<string, TokenRecord>();

  addToken(token: TokenRecord): void {
    if (this.records.has(token.id)) throw new Error('a token id twice');
    this.records.set(token.id, token);
  }

  token(id: string): TokenRecord | null {
    return this.records.get(id) ?? null;
  }

  revokeToken(id: string, revokedMs: number): boolean {
    const record = this.records.get(id);
    if (record === undefined || record.revokedMs !== null) return false;
    this.records.set(id, { ...record, revokedMs });
    for (const { id: minted, mintedBy } of this.records.values())
      if (mintedBy === id) this.revokeToken(minted, revokedMs);
    return true;
  }
}

/** Everything that a server has. */
export interface Authority {
  readonly clock: { ms: number };
  readonly store: MemoryKeyStore;
  readonly keys: IssuerKeys;
  readonly log: MemoryTokenLog;
  readonly issuer: TokenIssuer;
  readonly verifier: TokenVerifier;
  /** The key that signs, stolen from the store. */
  readonly stolenKey: () => Pair;
  /** A token with exactly these parts, signed by the stolen key and entered in the log. */
  readonly forged: (claims?: Readonly<Record<string, unknown>>, header?: Readonly<Record<string, unknown>>) => string;
}

/** Makes an authority, which believes other sources too. */
export async function authority(others: readonly TokenSource[] = []): Promise<Authority> {
  const clock = { ms: NOW_MS };
  const now = (): number => clock.ms;
  const store = new MemoryKeyStore();
  const log = new MemoryTokenLog();
  const keys = await IssuerKeys.open(store, now());
  const issuer = new TokenIssuer({ keys, log, now });
  const verifier = new TokenVerifier({ sources: [ownTokens(keys, now), ...others], log, now });
  const stolenKey = (): Pair => stolenFrom(store);
  const forged: Authority['forged'] = (claims = {}, header = {}) => {
    logClaims(log, claims);
    return forge({ alg: 'EdDSA', kid: keys.kid, typ: 'JWT', ...header }, { ...CLAIMS, ...claims }, stolenKey().sign);
  };
  return { clock, store, keys, log, issuer, verifier, stolenKey, forged };
}

const NOW_S = NOW_MS / 1_000;

/** Claims of a good token; one set to `undefined` is left out of the JSON. */
export const CLAIMS = {
  iss: 'kerb',
  sub: 'mallory',
  aud: 'kerb',
  iat: NOW_S,
  exp: NOW_S + 600,
  jti: 'forged-1',
  scope: 'tenant:read',
  tenant: 'shop',
} as const;

function logClaims(log: MemoryTokenLog, claims: Readonly<Record<string, unknown>>): void {
  const { jti: id } = { ...CLAIMS, ...claims };
  if (typeof id !== 'string' || log.token(id) !== null) return;
  const record = { subject: 'mallory', tenant: 'shop', scopes: ['tenant:read'], createdMs: NOW_MS };
  log.addToken({ ...record, id, expiresMs: NOW_MS + 600_000, revokedMs: null, mintedBy: null });
}

function stolenFrom(store: MemoryKeyStore): Pair {
  const { keys } = store.value as unknown as { keys: [{ jwk: webcrypto.JsonWebKey }] };
  return pairOf(createPrivateKey({ key: keys[0].jwk, format: 'jwk' }), 'EdDSA');
}
