/** Guests that sign tokens with a key that they never see, and verify what they have signed. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ERRNO } from '../../src/abi/kerb/errno.ts';
import { guest, KERB_JWT, REQUEST, RESPONSE } from '../guests.ts';
import { ed25519 } from '../unit/auth/forge.ts';
import { Admin } from './admin.ts';
import { startEdge, type Edge } from './edge.ts';

const MANIFEST = `[jwt.session]
issuer = "https://me"
audience = "app"
sign = { secret = "SIGNING_KEY", ttl_s = 60 }`;

/** Signs the request's body and answers the token; with a token in `x-token`, answers its claims. An error is 300 and its size. */
const SIGNER = guest((text) => ({
  imports: `${KERB_JWT}
    (import "kerb_jwt" "sign" (func $sign (param i32 i32 i32 i32 i32 i32 i32) (result i32)))`,
  handle: `
    (local.set $l (call $values ${REQUEST} ${text('x-token')} (i32.const 0) (i32.const 8192)))
    (if (i64.eqz (local.get $l))
      (then
        (local.set $l (call $read ${REQUEST} (i32.const 0) (i32.const 8192)))
        (local.set $n (call $sign ${text('session')} (i32.const 0) (i32.wrap_i64 (local.get $l)) (i32.const 0)
          (i32.const 8192) (i32.const 8192))))
      (else (local.set $n (call $verify ${text('session')}
        (i32.const 0) (i32.sub (i32.wrap_i64 (local.get $l)) (i32.const 1)) (i32.const 8192) (i32.const 8192)))))
    (if (i32.lt_s (local.get $n) (i32.const 0))
      (then (call $setStatus (i32.sub (i32.const 300) (local.get $n))))
      (else (call $write ${RESPONSE} (i32.const 8192) (local.get $n))))
    (i64.const 0)`,
}));

let edge: Edge;
let admin: Admin;

beforeAll(async () => {
  edge = await startEdge({ apps: { folder: { module: SIGNER, manifest: MANIFEST } } });
  admin = await Admin.of(edge);
  await admin.change('POST', '/tenants', { json: { name: 'signer' } });
  const manifest = `name = "signer"\nmain = "handler.wasm"\n${MANIFEST}\n`;
  const headers = { 'kerb-manifest': Buffer.from(manifest).toString('base64url') };
  await admin.change('POST', '/tenants/signer/versions', { module: SIGNER, headers });
});
afterAll(() => edge.stop());

const ask = (claims: string): ReturnType<Edge['fetch']> => edge.fetch('signer', '/', { method: 'POST', body: claims });

it('without a key nothing is signed, and the log says what to do', async () => {
  expect((await ask('{}')).status).toBe(300 - ERRNO.no_keys);
  await edge.untilLogged(({ message }) =>
    String(message).includes('SIGNING_KEY is not set; set it with kerb secret put'),
  );
});

it('with the key a token is signed, and verified by the same issuer', async () => {
  const key = Buffer.from(JSON.stringify(ed25519().privateJwk));
  const headers = { 'content-type': 'application/octet-stream' };
  await admin.change('PUT', '/tenants/signer/secrets/SIGNING_KEY', { archive: key, headers });
  let token = await ask('{"sub":"ada"}');
  while (token.status !== 200) token = await ask('{"sub":"ada"}');
  const { text } = await edge.fetch('signer', '/', { headers: { 'x-token': token.text } });
  const claims = JSON.parse(text) as Record<string, number>;
  expect(claims).toMatchObject({ iss: 'https://me', aud: 'app', sub: 'ada' });
  expect(Number(claims['exp']) - Number(claims['iat'])).toBe(60);
  expect((await ask('{"exp":9999999999}')).status).toBe(300 - ERRNO.forbidden);
});

it('an app of the tenants folder that would sign is refused', async () => {
  await edge.untilSaid(
    /\[jwt\.session\] sign: an app of the tenants folder has no secrets.*; deploy it with kerb deploy/,
  );
  expect((await edge.fetch('folder')).status).toBe(404);
});
