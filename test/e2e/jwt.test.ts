/** Guests that have the bearer tokens of their clients verified, with keys in the manifest and behind a backend. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERRNO } from '../../src/abi/kerb/errno.ts';
import { guest, KERB_JWT, REQUEST, RESPONSE } from '../guests.ts';
import { ed25519, forge, p256 } from '../unit/auth/forge.ts';
import { startEdge, type Edge } from './edge.ts';

const [first, second] = [ed25519(), p256()];
const AUDIENCE = 'app';
let server: Server;
let edge: Edge;
let asked = 0;

/** Verifies the one value of `x-token`: the claims, or 300 and the errno's size as status. */
const GUARD = guest((text) => ({
  imports: KERB_JWT,
  handle: `
    (local.set $l (call $values ${REQUEST} ${text('x-token')} (i32.const 0) (i32.const 8192)))
    (local.set $n (call $verify ${text('idp')}
      (i32.const 0) (i32.sub (i32.wrap_i64 (local.get $l)) (i32.const 1)) (i32.const 8192) (i32.const 8192)))
    (if (i32.lt_s (local.get $n) (i32.const 0))
      (then (call $setStatus (i32.sub (i32.const 300) (local.get $n))))
      (else (call $write ${RESPONSE} (i32.const 8192) (local.get $n))))
    (i64.const 0)`,
}));

function keysOf(...pairs: readonly (typeof first)[]): string {
  return JSON.stringify({ keys: pairs.map(({ publicJwk, alg }) => ({ ...publicJwk, kid: alg })) });
}

function token(pair: typeof first, claims: object = {}): string {
  const all = { iss: 'https://idp', aud: AUDIENCE, exp: Math.floor(Date.now() / 1_000) + 60, sub: 'ada', ...claims };
  return forge({ alg: pair.alg, kid: pair.alg, typ: 'JWT' }, all, pair.sign);
}

function manifest(jwks: string, backends = ''): string {
  return `${backends}\n[jwt.idp]\nissuer = "https://idp"\naudience = "${AUDIENCE}"\njwks = ${jwks}`;
}

const ask = (app: string, text: string): ReturnType<Edge['fetch']> =>
  edge.fetch(app, '/', { headers: { 'x-token': text } });

beforeAll(async () => {
  server = createServer((request, response) => {
    asked += 1;
    if (request.url === '/keys/set.json') response.end(keysOf(first, second));
    else response.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
  const backends = `[backends.idp]\nurl = "${url}"\n[backends.down]\nurl = "http://127.0.0.1:9"`;
  edge = await startEdge({
    flags: ['--allow-backend', '127.0.0.0/8'],
    apps: {
      inline: { module: GUARD, manifest: manifest(`'${keysOf(first)}'`) },
      fetched: { module: GUARD, manifest: manifest('{ backend = "idp", path = "/set.json" }', backends) },
      missing: { module: GUARD, manifest: manifest('{ backend = "idp", path = "/none" }', backends) },
      down: { module: GUARD, manifest: manifest('{ backend = "down", path = "/" }', backends) },
      untrusting: { module: GUARD },
    },
  });
});

afterAll(async () => {
  await edge.stop();
  server.closeAllConnections();
  server.close();
});

describe('a token', () => {
  it('that is valid gives its claims, with keys of the manifest', async () => {
    const { status, text } = await ask('inline', token(first));
    expect([status, JSON.parse(text)]).toEqual([200, expect.objectContaining({ sub: 'ada' })]);
  });

  it('that is valid gives its claims, with keys that are fetched once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) => ask('fetched', token(i % 2 ? first : second))),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    expect(asked).toBe(1);
  });

  it.each([
    ['of a key that the issuer does not have', 'inline', token(second), 'bad_token'],
    ['for another app', 'fetched', token(first, { aud: 'other' }), 'bad_token'],
    ['of another issuer', 'fetched', token(first, { iss: 'https://evil' }), 'bad_token'],
    ['that is over', 'fetched', token(first, { exp: 1 }), 'expired'],
    ['that is none', 'fetched', 'x', 'bad_token'],
    ['whose issuer has no keys', 'missing', token(first), 'no_keys'],
    ['whose issuer is down', 'down', token(first), 'no_keys'],
  ] as const)('%s is refused', async (_, app, text, errno) => {
    expect((await ask(app, text)).status).toBe(300 - ERRNO[errno]);
  });
});

it('a module that verifies without an issuer in its manifest is refused at deploy', async () => {
  await edge.untilSaid(/import kerb_jwt\.verify is not granted; add \[jwt/);
  expect((await edge.fetch('untrusting')).status).toBe(404);
});
