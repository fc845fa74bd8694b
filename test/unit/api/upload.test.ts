import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BODY_LIMITS } from '../../../src/api/limits.ts';
import { ApiServer, WASM, WASM_TYPE, type Reply } from './api-server.ts';

let server: ApiServer;
beforeAll(async () => {
  server = await ApiServer.start();
});
afterAll(() => server.stop());

const base64url = (text: string): string => Buffer.from(text).toString('base64url');
const deploy = (headers: Record<string, string>, body: unknown = WASM, query = ''): Promise<Reply> =>
  server.send(`POST /v1/tenants/a/versions${query}`, { token: server.deployer, body, headers });

describe('an upload', () => {
  it('of a module comes with its manifest and signature', async () => {
    const manifest = 'name = "a"\n# ünïcode\n';
    const fields = { 'kerb-manifest': base64url(manifest), 'kerb-signature': 'eyJhIjoxfQ..c2ln' };
    const { status } = await deploy({ ...WASM_TYPE, ...fields });
    expect(status).toBe(201);
    expect(server.plane.deployed.at(-1)).toMatchObject({
      tenant: 'a',
      actor: 'ci',
      ifRevision: null,
      activate: true,
      acceptWider: false,
      note: '',
      upload: { kind: 'module', manifest, signature: 'eyJhIjoxfQ..c2ln' },
    });
    expect(server.plane.deployed.at(-1)?.upload.bytes).toEqual(WASM);
  });

  it.each(['application/gzip', 'application/x-gzip'])('of %s is an archive', async (type) => {
    const { status } = await deploy({ 'content-type': type }, Uint8Array.of(0x1f, 0x8b));
    expect([status, server.plane.deployed.at(-1)?.upload]).toMatchObject([201, { kind: 'archive', manifest: null }]);
  });

  it('may wait with serving, be accepted as wider, and be noted', async () => {
    const { json } = await deploy(WASM_TYPE, WASM, '?activate=false&accept=wider&note=a+b%21');
    expect(json).toMatchObject({ active: false, version: { state: 'idle', note: 'a b!' } });
    expect(server.plane.deployed.at(-1)).toMatchObject({ activate: false, acceptWider: true });
  });

  it('that may do more than the active version is refused with what it is, until it is accepted', async () => {
    const headers = { ...WASM_TYPE, 'kerb-manifest': base64url('[backends.site]\nurl = "http://example.com"') };
    const { status, json } = await deploy(headers);
    expect([status, json]).toMatchObject([409, { code: 'wider_capabilities', errors: ['backend site'] }]);
    expect((await deploy(headers, WASM, '?accept=wider')).json).toMatchObject({
      capabilities: { added: ['backend site'], removed: [] },
    });
  });

  it('that does not fit is 422 with every fault, and is checked without a trace', async () => {
    const before = server.plane.deployed.length;
    const { status, json } = await server.send('POST /v1/check', { body: 'text', headers: WASM_TYPE });
    expect([status, json]).toMatchObject([422, { code: 'bad_module', errors: [expect.stringContaining('byte 0')] }]);
    expect(server.plane.deployed).toHaveLength(before);
  });

  it.each([
    ['of unnamed bytes', { 'content-type': 'application/octet-stream' }, 415],
    ['of a zip', { 'content-type': 'application/zip' }, 415],
    ['of a form', { 'content-type': 'multipart/form-data; boundary=x' }, 415],
    ['with a manifest that is not base64url', { ...WASM_TYPE, 'kerb-manifest': 'name = "a"' }, 400],
    ['with a padded manifest', { ...WASM_TYPE, 'kerb-manifest': 'YQ==' }, 400],
    ['with a manifest of stray bits', { ...WASM_TYPE, 'kerb-manifest': 'YR' }, 400],
    ['with an empty manifest', { ...WASM_TYPE, 'kerb-manifest': '' }, 400],
    ['with a manifest that is not UTF-8', { ...WASM_TYPE, 'kerb-manifest': '_w' }, 400],
    ['with a manifest beside an archive', { 'content-type': 'application/gzip', 'kerb-manifest': 'YQ' }, 400],
    ['with a manifest that is too long', { ...WASM_TYPE, 'kerb-manifest': 'a'.repeat(48 * 1024 + 4) }, 413],
    ['with a signature that is not detached', { ...WASM_TYPE, 'kerb-signature': 'a.b.c' }, 400],
    ['with two signatures in one', { ...WASM_TYPE, 'kerb-signature': 'a..c, a..c' }, 400],
  ])('%s is refused', async (_, headers, expected) => {
    const before = server.plane.deployed.length;
    const { status, json } = await deploy(headers);
    expect([status, server.plane.deployed.length]).toEqual([expected, before]);
    expect(json?.['detail']).toMatch(/[;:]/);
  });

  it('of nothing is 400', async () => {
    expect((await deploy(WASM_TYPE, '')).status).toBe(400);
  });

  it.each(['?activate=yes', '?activate=', '?accept=all', '?note=a%0Ab', `?note=${'n'.repeat(501)}`, '?force=true'])(
    'with %s is 400',
    async (query) => {
      expect((await deploy(WASM_TYPE, WASM, query)).status).toBe(400);
    },
  );

  it('of the largest size that a module has is taken, and one byte more is 413', async () => {
    const { status, json } = await deploy(WASM_TYPE, Buffer.alloc(BODY_LIMITS.upload, 1));
    expect([status, json]).toMatchObject([201, { version: { size: BODY_LIMITS.upload } }]);
    expect((await deploy(WASM_TYPE, Buffer.alloc(BODY_LIMITS.upload + 1))).status).toBe(413);
  });
});
