import { describe, expect, it } from 'vitest';
import type { TokenIssuer } from '../../../src/capability/jwt.ts';
import type { JwtIssuer } from '../../../src/runtime/deployment.ts';
import { tokenIssuers } from '../../../src/server/token-issuers.ts';
import { ed25519, forge } from '../auth/forge.ts';
import { backendAt, serveHttp } from '../upstream/origin.ts';

const pair = ed25519();
const SET = JSON.stringify({ keys: [{ ...pair.publicJwk, kid: 'k' }] });

const token = (kid = 'k'): string =>
  forge({ alg: 'EdDSA', kid }, { iss: 'https://idp', aud: 'app', exp: Date.now() / 1_000 + 60 }, pair.sign);

function issuerWith(keys: JwtIssuer['keys'], url = 'http://127.0.0.1:1'): TokenIssuer {
  const backends = new Map([['idp', backendAt(url)]]);
  const issuer = tokenIssuers(
    [{ name: 'main', issuer: 'https://idp', audience: 'app', keys, sign: null }],
    backends,
  ).get('main');
  if (issuer === undefined) throw new Error('there is no issuer');
  return issuer;
}

async function faultOf(issuer: TokenIssuer): Promise<string> {
  const verdict = await issuer.verify(token());
  return verdict.kind === 'valid' ? 'valid' : verdict.fault;
}

const AT_BACKEND = { kind: 'backend', backend: 'idp', path: '/jwks?a=1' } as const;

describe('keys of the manifest', () => {
  it('verify without a fetch', async () => {
    expect(await faultOf(issuerWith({ kind: 'text', text: SET }))).toBe('valid');
  });

  it('that are none leave nothing to verify with', async () => {
    expect(await faultOf(issuerWith({ kind: 'text', text: '{"keys":[]}' }))).toBe('invalid');
  });
});

describe('keys behind a backend', () => {
  it('are fetched once, for all who wait, and for an unknown kid not at once again', async () => {
    const asked: string[] = [];
    const url = await serveHttp(({ url: target, headers }, response) => {
      asked.push(`${String(target)} ${String(headers['x-forwarded-for'])}`);
      response.end(SET);
    });
    const issuer = issuerWith(AT_BACKEND, url);
    const verdicts = await Promise.all([issuer.verify(token()), issuer.verify(token()), issuer.verify(token())]);
    expect(verdicts.map(({ kind }) => kind)).toEqual(['valid', 'valid', 'valid']);
    for (let i = 0; i < 20; i++) expect((await issuer.verify(token(`k${i}`))).kind).toBe('refused');
    expect(asked).toEqual(['/jwks?a=1 undefined']);
  });

  it.each([
    ['another status', 404, SET],
    ['a redirect', 302, SET],
    ['no JSON', 200, '<html>'],
    ['no key set', 200, '{}'],
    ['a private key', 200, JSON.stringify({ keys: [{ ...pair.privateJwk, kid: 'k' }] })],
    ['a set without end', 200, ' '.repeat(100_000)],
  ])('are not taken from an answer with %s', async (_, status, body) => {
    const url = await serveHttp((_request, response) => {
      response.writeHead(status, { location: '/elsewhere' }).end(body);
    });
    expect(await faultOf(issuerWith(AT_BACKEND, url))).toBe('no_keys');
  });

  it('of a backend that is down, or that is not there, cannot be had', async () => {
    expect(await faultOf(issuerWith(AT_BACKEND))).toBe('no_keys');
    expect(await faultOf(issuerWith({ kind: 'backend', backend: 'none', path: '/' }))).toBe('no_keys');
  });
});
