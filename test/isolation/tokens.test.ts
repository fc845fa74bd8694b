/** Attacks on tokens: each begins with what an attacker has, and ends in a refusal that tells nothing. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { externalTokens, readExternalIssuers } from '../../src/auth/external-issuer.ts';
import { fetchJson } from '../../src/auth/fetch-json.ts';
import { IssuerKeys } from '../../src/auth/issuer-keys.ts';
import { keyStoreIn } from '../../src/auth/ports.ts';
import { allows } from '../../src/auth/scopes.ts';
import { bearerChallenge, TOKEN_FAULTS, type TokenFault } from '../../src/auth/token-faults.ts';
import { TokenIssuer } from '../../src/auth/token-issuer.ts';
import { ownTokens, type TokenSource } from '../../src/auth/token-source.ts';
import { TokenVerifier } from '../../src/auth/token-verifier.ts';
import { KerbError } from '../../src/errors.ts';
import { sealerOf, SEALING_KEY_BYTES } from '../../src/store/sealer.ts';
import { openStore } from '../../src/store/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { authority, CLAIMS, type Authority } from '../unit/auth/authority.ts';
import { ed25519, forge, hmac, p256, part } from '../unit/auth/forge.ts';

let all: Authority;
/** The honest token that an attacker got hold of. */
let honest: string;
let HEADER: { alg: string; kid: string; typ: string };

beforeEach(async () => {
  all = await authority();
  honest = all.forged();
  HEADER = { alg: 'EdDSA', kid: all.keys.kid, typ: 'JWT' };
});

/** The honest token still works: what was refused was the attack. */
afterEach(async () => {
  if ((await refusalOf(honest)) !== 'accepted') throw new Error('the honest token does not work');
});

/** Why a token is refused, or that it is not. Throws when the refusal is not `unauthorized`, or its challenge could hold something of it. */
async function refusalOf(
  token: string,
  { verifier }: Pick<Authority, 'verifier'> = all,
): Promise<TokenFault | 'accepted'> {
  try {
    await verifier.verify(token);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof KerbError) || error.code !== 'unauthorized') throw error;
    const fault = FAULTS.find((name) => TOKEN_FAULTS[name] === error.message);
    if (fault === undefined || bearerChallenge(error) !== `${CHALLENGE}"${TOKEN_FAULTS[fault]}"`) throw error;
    return fault;
  }
}

const FAULTS = Object.keys(TOKEN_FAULTS) as TokenFault[];
const CHALLENGE = 'Bearer realm="kerb", error="invalid_token", error_description=';

const WIDER = { ...CLAIMS, scope: 'operator', tenant: undefined };
const parts = (token: string): [string, string, string] => token.split('.') as [string, string, string];

describe('tampering', () => {
  it('with the payload: a tenant’s token does not become the operator’s', async () => {
    const [header, , signature] = parts(honest);
    expect(await refusalOf(`${header}.${part(WIDER)}.${signature}`)).toBe('signature');
  });

  it('with the header: another key id, another type', async () => {
    const [, payload, signature] = parts(honest);
    expect(await refusalOf(`${part({ ...HEADER, typ: 'at+jwt' })}.${payload}.${signature}`)).toBe('signature');
  });

  it('with the signature: no bit of it is free', async () => {
    const [header, payload, signature] = parts(honest);
    const bytes = Buffer.from(signature, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 7) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(await refusalOf(`${header}.${payload}.${part(changed)}`)).toBe('signature');
    }
  });

  it('with the spelling: a revoked token has no second form', async () => {
    const [header, payload, signature] = parts(honest);
    const last = signature.at(-1) ?? '';
    const next = String.fromCharCode(last.charCodeAt(0) + 1);
    for (const text of [`${signature.slice(0, -1)}${next}`, `${signature}=`, `${signature}\n`, ` ${signature}`])
      expect(await refusalOf(`${header}.${payload}.${text}`)).toBe('malformed');
  });

  it('by leaving parts out or adding some', async () => {
    const [header, payload, signature] = parts(honest);
    for (const text of [
      '',
      '.',
      '..',
      header,
      `${header}.${payload}`,
      `${header}.${payload}.`,
      `${honest}.${signature}`,
    ])
      expect(await refusalOf(text)).toBe('malformed');
  });
});

describe('choosing the algorithm', () => {
  it.each(['none', 'None', 'NONE', 'nOnE', ''])('alg: %j without a signature, and with one', async (alg) => {
    expect(await refusalOf(`${part({ ...HEADER, alg })}.${part(WIDER)}.`)).toBe('malformed');
    expect(await refusalOf(forge({ ...HEADER, alg }, WIDER, () => Buffer.alloc(64)))).toBe('signature');
  });

  it('HS256 with the public key as the secret, in every form that it is published in', async () => {
    const [jwk] = all.keys.published(0).keys;
    const x = jwk?.x ?? '';
    for (const secret of [x, Buffer.from(x, 'base64url'), JSON.stringify(jwk), JSON.stringify(all.keys.published(0))])
      for (const alg of ['HS256', 'HS512', 'EdDSA'])
        expect(await refusalOf(forge({ ...HEADER, alg }, WIDER, hmac(secret)))).toBe('signature');
  });

  it('ES256 with a key of the attacker, under our key id', async () => {
    expect(await refusalOf(forge({ ...HEADER, alg: 'ES256' }, WIDER, p256().sign))).toBe('signature');
  });

  it('signed by our key, but named otherwise', async () => {
    for (const alg of ['ES256', 'Ed25519', 'eddsa', 'RS256'])
      expect(await refusalOf(all.forged({}, { alg }))).toBe('signature');
  });
});

describe('bringing a key', () => {
  it('in the header, as a JWK, a URL or a certificate, also when we signed it', async () => {
    const attacker = ed25519();
    const url = 'https://attacker.example/';
    for (const key of [{ jwk: attacker.publicJwk }, { jku: url }, { x5u: url }, { x5c: ['MIIB'] }]) {
      expect(await refusalOf(forge({ ...HEADER, ...key }, WIDER, attacker.sign))).toBe('header');
      expect(await refusalOf(all.forged({}, key))).toBe('header');
    }
  });

  it('by a key id that is a path, a query, a prototype or a number', async () => {
    const kids = ['../../dev/null', "' OR 1=1 --", '__proto__', 'constructor', 'toString', '/dev/null', '\u0000', '0'];
    for (const kid of kids) expect(await refusalOf(forge({ ...HEADER, kid }, WIDER, ed25519().sign))).toBe('signature');
    for (const kid of [0, true, null, [all.keys.kid], { kid: 1 }, '', 'x'.repeat(10_000)])
      expect(await refusalOf(all.forged({}, { kid }))).toBe(
        typeof kid === 'string' && kid !== '' ? 'oversize' : 'header',
      );
    expect(await refusalOf(all.forged({}, { kid: undefined }))).toBe('signature');
  });
});

describe('confusing the reader', () => {
  it('a member twice: whoever reads the first and whoever reads the last must not differ', async () => {
    const { sign } = all.stolenKey();
    const claims = JSON.stringify(CLAIMS).slice(1, -1);
    expect(await refusalOf(forge(HEADER, `{"scope":"operator",${claims}}`, sign))).toBe('malformed');
    expect(await refusalOf(forge(HEADER, `{${claims},"\\u0073cope":"operator"}`, sign))).toBe('malformed');
    const header = JSON.stringify(HEADER).slice(1, -1);
    expect(await refusalOf(forge(`{"alg":"none",${header}}`, CLAIMS, sign))).toBe('malformed');
  });

  it('critical extensions, unencoded and compressed payloads', async () => {
    for (const header of [
      { crit: ['b64'], b64: false },
      { crit: ['exp'] },
      { crit: [] },
      { b64: true },
      { zip: 'DEF' },
    ])
      expect(await refusalOf(all.forged({}, header))).toBe('header');
  });

  it('a signed text of another kind', async () => {
    for (const typ of ['JWS', 'JOSE', 'id+jwt', 'dpop+jwt', 'logout+jwt', 'secevent+jwt', undefined])
      expect(await refusalOf(all.forged({}, { typ }))).toBe('type');
    expect(await refusalOf(all.forged({}, { typ: ['JWT'] }))).toBe('header');
  });

  it('a payload that is no object, or hides another', async () => {
    const { sign } = all.stolenKey();
    for (const payload of ['[]', '"x"', 'null', '', '{', `{"__proto__":{"a":1},"__proto__":{}}`])
      expect(await refusalOf(forge(HEADER, payload, sign))).toBe('malformed');
    const inherited = JSON.stringify({ ...CLAIMS, scope: undefined }).replace(
      '{',
      '{"__proto__":{"scope":"operator"},',
    );
    expect(await refusalOf(forge(HEADER, inherited, sign))).toBe('powerless');
  });

  it('a token so large or so deep that reading it is the attack', async () => {
    expect(await refusalOf('.'.repeat(1_000_000))).toBe('oversize');
    expect(await refusalOf(forge(HEADER, `{"a":${'['.repeat(2_500)}${']'.repeat(2_500)}}`, ed25519().sign))).toBe(
      'malformed',
    );
  });
});

describe('using a token beyond what it is for', () => {
  it('at another place: wrong audience, wrong issuer, none', async () => {
    for (const aud of ['other', '', 'kerb ', 'KERB', [], ['other']])
      expect(await refusalOf(all.forged({ aud }))).toBe('audience');
    for (const iss of ['other', 'kerb ', 'KERB', '__proto__', undefined, null, ['kerb']])
      expect(await refusalOf(all.forged({ iss }))).toBe('signature');
  });

  it('at another time: over, not yet, for ever', async () => {
    expect(await refusalOf(all.forged({ exp: CLAIMS.iat - 1, iat: CLAIMS.iat - 100 }))).toBe('expired');
    expect(await refusalOf(all.forged({ nbf: CLAIMS.iat + 61 }))).toBe('early');
    expect(await refusalOf(all.forged({ iat: CLAIMS.iat + 61 }))).toBe('early');
    expect(await refusalOf(all.forged({ exp: 253_402_300_799 }))).toBe('lifetime');
    for (const name of ['exp', 'iat', 'jti', 'sub'])
      expect(await refusalOf(all.forged({ [name]: undefined }))).toBe('claims');
  });

  it('after it was revoked', async () => {
    const token = all.forged({ jti: 'stolen' });
    await expect(all.verifier.verify(token)).resolves.toBeDefined();
    all.log.revokeToken('stolen', all.clock.ms);
    expect(await refusalOf(token)).toBe('revoked');
  });

  it('with a stolen signing key alone: what was never issued is not known', async () => {
    expect(await refusalOf(forge(HEADER, { ...WIDER, jti: 'never-issued' }, all.stolenKey().sign))).toBe('revoked');
  });

  it('a second time, when it was for one use: also of a hundred at once only one is taken', async () => {
    const token = all.forged({ jti: 'single', once: true });
    const results = await Promise.allSettled(Array.from({ length: 100 }, () => all.verifier.verify(token)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await refusalOf(token)).toBe('used');
  });

  it('for another tenant, or to mint a wider or longer one', async () => {
    const token = all.forged({ jti: 'deployer', scope: 'tenant:deploy' });
    const identity = await all.verifier.verify(token);
    expect([allows(identity, 'tenant:deploy', 'shop'), allows(identity, 'tenant:read', 'bank')]).toEqual([true, false]);
    const request = { subject: 'x', scopes: ['tenant:deploy'], tenant: 'shop', ttlSeconds: 60 } as const;
    for (const change of [{ tenant: 'bank' }, { ttlSeconds: 601 }, { scopes: ['operator'] as const, tenant: null }])
      await expect(all.issuer.mintFor(identity, { ...request, ...change })).rejects.toMatchObject({
        code: 'forbidden',
      });
    const single = { ...identity, once: true };
    await expect(all.issuer.mintFor(single, request)).rejects.toMatchObject({ code: 'forbidden' });
  });
});

describe('waiting for a restart', () => {
  /** A server on the folder's store; to be closed before the next. */
  async function server(folder: string): Promise<{ issuer: TokenIssuer; verifier: TokenVerifier; store: Store }> {
    const store = openStore(join(folder, 'kerb.sqlite'), sealerOf(Buffer.alloc(SEALING_KEY_BYTES, 7)));
    const now = (): number => all.clock.ms;
    const keys = await IssuerKeys.open(keyStoreIn(store), now());
    const verifier = new TokenVerifier({ sources: [ownTokens(keys, now)], log: store, now });
    return { issuer: new TokenIssuer({ keys, log: store, now }), verifier, store };
  }

  it('brings back neither a revoked token nor a used one, and ends no other', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kerb-tokens-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const before = await server(folder);
    const operator = await before.issuer.mintForOperator();
    const identity = await before.verifier.verify(operator.token);
    const request = { subject: 'ci', scopes: ['tenant:deploy'], tenant: 'shop', ttlSeconds: 600 } as const;
    const revoked = await before.issuer.mintFor(identity, request);
    const once = await before.issuer.mintFor(identity, { ...request, once: true });
    before.store.revokeToken(revoked.id, all.clock.ms);
    expect(await before.verifier.verify(once.token)).toMatchObject({ once: true });
    before.store.close();

    const after = await server(folder);
    onTestFinished(() => after.store.close());
    expect(await refusalOf(revoked.token, after)).toBe('revoked');
    expect(await refusalOf(once.token, after)).toBe('used');
    expect(await refusalOf(operator.token, after)).toBe('accepted');
  });

  it('leaves no signing key readable on the disk', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kerb-tokens-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const { store } = await server(folder);
    const { keys } = keyStoreIn(store).load() as unknown as { keys: [{ jwk: { d: string } }] };
    store.close();
    const secret = keys[0].jwk.d;
    const bytes = readdirSync(folder).map((file) => readFileSync(join(folder, file)));
    for (const form of [secret, Buffer.from(secret, 'base64url')])
      expect(bytes.some((content) => content.includes(form))).toBe(false);
  });
});

describe('an issuer in the network', () => {
  const PAIR = p256();
  const ISSUER = { alg: 'ES256', kid: 'k1', typ: 'JWT' };

  /** A real issuer on loopback, and how often it was asked for its keys. */
  async function issuer(
    answer: unknown,
  ): Promise<{ source: TokenSource; asked: () => number; advance: (ms: number) => void }> {
    let [asked, nowMs] = [0, 0];
    const server = createServer((_, response) => {
      asked += 1;
      response.end(JSON.stringify(answer));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const given = {
      name: 'ci',
      issuer: 'https://ci',
      jwksUrl,
      audience: 'edge',
      scopes: ['tenant:read'],
      tenants: ['shop'],
    };
    const [config] = readExternalIssuers([given]);
    if (config === undefined) throw new TypeError('no issuer');
    const source = externalTokens(config, { fetchJson, clock: () => nowMs, report: () => {} });
    return { source, asked: () => asked, advance: (ms) => void (nowMs += ms) };
  }

  const CLAIMED = { ...CLAIMS, iss: 'https://ci', aud: 'edge', jti: 'j' };

  it('is not hammered by invented key ids, and not asked at all for tokens of others', async () => {
    const { source, asked, advance } = await issuer({ keys: [{ ...PAIR.publicJwk, kid: 'k1' }] });
    const here = await authority([source]);
    expect(await refusalOf(forge({ ...ISSUER, kid: 'x' }, { ...CLAIMED, iss: 'kerb' }, PAIR.sign), here)).toBe(
      'signature',
    );
    expect(asked()).toBe(0);
    const flood = Array.from({ length: 200 }, (_, index) =>
      forge({ ...ISSUER, kid: `k-${index}` }, CLAIMED, PAIR.sign),
    );
    for (const token of flood) expect(await refusalOf(token, here)).toBe('signature');
    expect(asked()).toBe(1);
    advance(30_000);
    const faults = await Promise.all(flood.map((token) => refusalOf(token, here)));
    expect(new Set(faults)).toEqual(new Set(['signature']));
    expect(asked()).toBe(2);
    expect(await here.verifier.verify(forge(ISSUER, CLAIMED, PAIR.sign))).toMatchObject({ subject: 'ci:mallory' });
    expect(asked()).toBe(2);
  });

  it('that was taken over does not become the operator, another tenant, or one of ours', async () => {
    const { source } = await issuer({ keys: [{ ...PAIR.publicJwk, kid: 'k1' }] });
    const here = await authority([source]);
    const say = (claims: object): string => forge(ISSUER, { ...CLAIMED, ...claims }, PAIR.sign);
    expect(await refusalOf(say({ scope: 'operator', tenant: undefined }), here)).toBe('powerless');
    expect(await refusalOf(say({ tenant: 'bank' }), here)).toBe('powerless');
    expect(await refusalOf(say({ iss: 'kerb', aud: 'kerb' }), here)).toBe('signature');
    expect(await here.verifier.verify(say({ sub: 'operator' }))).toMatchObject({ subject: 'ci:operator' });
  });

  it('that publishes a secret or weak key does not make it one of ours', async () => {
    const weak = { kty: 'OKP', crv: 'Ed25519', x: Buffer.alloc(32).fill(1, 0, 1).toString('base64url'), kid: 'k1' };
    const oct = { kty: 'oct', k: part('secret'), kid: 'k1', alg: 'HS256' };
    for (const key of [weak, oct, { ...PAIR.privateJwk, kid: 'k1' }]) {
      const { source } = await issuer({ keys: [key] });
      const here = await authority([source]);
      const forgeries = [
        forge({ ...ISSUER, alg: 'EdDSA' }, CLAIMED, () => Buffer.alloc(64).fill(1, 0, 1)),
        forge({ ...ISSUER, alg: 'HS256' }, CLAIMED, hmac('secret')),
        forge(ISSUER, CLAIMED, PAIR.sign),
      ];
      for (const token of forgeries) expect(await refusalOf(token, here)).toBe('signature');
    }
  });

  it('whose signatures have the wrong length or form', async () => {
    const { source } = await issuer({ keys: [{ ...PAIR.publicJwk, kid: 'k1' }] });
    const here = await authority([source]);
    const shapes: ((right: Uint8Array) => Uint8Array)[] = [
      (right) => right.subarray(1),
      (right) => right.subarray(0, 63),
      (right) => Buffer.concat([right, Buffer.alloc(1)]),
      (right) => Buffer.concat([Buffer.alloc(2), right]),
      () => Buffer.alloc(64),
      () => Buffer.alloc(64, 0xff),
      () => Buffer.from([0x30, 6, 2, 1, 1, 2, 1, 1]),
    ];
    for (const shape of shapes)
      expect(
        await refusalOf(
          forge(ISSUER, CLAIMED, (input) => shape(PAIR.sign(input))),
          here,
        ),
      ).toBe('signature');
  });
});
