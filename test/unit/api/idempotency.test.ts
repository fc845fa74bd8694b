import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KerbError } from '../../../src/errors.ts';
import { done } from '../../../src/api/answer.ts';
import { fingerprintOf, Idempotency } from '../../../src/api/idempotency.ts';
import { ApiServer, WASM, WASM_TYPE, type Asked, type Reply } from './api-server.ts';

let server: ApiServer;
beforeAll(async () => {
  server = await ApiServer.start();
});
afterAll(() => server.stop());

const create = (name: string, key: string, more: Asked = {}): Promise<Reply> =>
  server.send('POST /v1/tenants', { body: { name }, ...more, headers: { 'idempotency-key': key } });

const deploy = (key: string, more: Asked = {}): Promise<Reply> =>
  server.send('POST /v1/tenants/a/versions', {
    body: WASM,
    ...more,
    headers: { ...WASM_TYPE, 'idempotency-key': key, ...more.headers },
  });

const count = (): number => server.plane.versions('a', { limit: 1_000, cursor: null }).items.length;

describe('a change with a key', () => {
  it('is done once, and answered the same each time', async () => {
    const first = await create('once', 'k1');
    const again = await create('once', 'k1');
    expect([first.status, again.status, again.text]).toEqual([201, 201, first.text]);
    expect(again.headers).toMatchObject({ etag: '"1"', location: '/v1/tenants/once', 'idempotent-replayed': 'true' });
    expect(first.headers['idempotent-replayed']).toBeUndefined();
  });

  it('that was refused is refused the same way', async () => {
    const first = await create('a', 'k2');
    const again = await create('a', 'k2');
    expect([first.status, again.status, again.text]).toEqual([409, 409, first.text]);
    expect(again.headers).toMatchObject({ 'content-type': 'application/problem+json', 'idempotent-replayed': 'true' });
  });

  it('that answers nothing answers nothing again', async () => {
    await create('gone', 'k3');
    const headers = { 'idempotency-key': 'k4' };
    const statuses = [];
    for (let round = 0; round < 2; round++) statuses.push(await server.send('DELETE /v1/tenants/gone', { headers }));
    expect(statuses.map(({ status, text }) => [status, text])).toEqual([
      [204, ''],
      [204, ''],
    ]);
  });

  it('that failed on the server is tried again', async () => {
    server.plane.beforeDeploy = () => Promise.reject(new Error('disk'));
    expect((await deploy('k5')).status).toBe(500);
    server.plane.beforeDeploy = () => Promise.reject(new KerbError('unsupported', 'not yet'));
    expect((await deploy('k5')).status).toBe(501);
    server.plane.beforeDeploy = () => Promise.resolve();
    expect((await deploy('k5')).status).toBe(201);
  });

  it('that is malformed does not use its key up', async () => {
    expect((await create('Bad Name', 'k6')).status).toBe(400);
    expect((await create('good-name', 'k6')).status).toBe(201);
  });
});

describe('a key that comes with another request', () => {
  it.each([
    ['another body', 'POST /v1/tenants/a/versions', { body: Uint8Array.of(0, 1) }],
    ['another query', 'POST /v1/tenants/a/versions?activate=false', { body: WASM }],
    ['another path', 'POST /v1/tenants/b/versions', { body: WASM }],
    ['another route', 'POST /v1/check', { body: WASM }],
    ['another type', 'POST /v1/tenants/a/versions', { body: WASM, type: 'application/gzip' }],
    ['a manifest', 'POST /v1/tenants/a/versions', { body: WASM, manifest: 'YQ' }],
    ['a condition', 'POST /v1/tenants/a/versions', { body: WASM, condition: '"1"' }],
  ])(
    'is a mistake: %s',
    async (what, line, { body, type, manifest, condition }: Record<string, unknown> & { body: unknown }) => {
      const key = `other-${what.replaceAll(' ', '-')}`;
      expect((await deploy(key)).status).toBe(201);
      const before = count();
      const headers = {
        'content-type': (type as string | undefined) ?? 'application/wasm',
        'idempotency-key': key,
        ...(manifest === undefined ? {} : { 'kerb-manifest': manifest as string }),
        ...(condition === undefined ? {} : { 'if-match': condition as string }),
      };
      const { status, json } = await server.send(line, { body, headers });
      // A check stores nothing, so it does not look at the key.
      const expected = line.includes('check') ? [200, undefined] : [422, 'idempotency_mismatch'];
      expect([status, json?.['code']]).toEqual(expected);
      expect(count()).toBe(before);
    },
  );

  it('is the key of its actor only', async () => {
    const token = server.authority.mint('other', ['operator']);
    expect((await create('mine', 'shared')).status).toBe(201);
    expect((await create('theirs', 'shared', { token })).status).toBe(201);
    // The same subject, but tokens of two tenants.
    const upload = { body: WASM, headers: { ...WASM_TYPE, 'idempotency-key': 'same' } };
    expect((await server.send('POST /v1/tenants/a/versions', { ...upload, token: server.deployer })).status).toBe(201);
    expect((await server.send('POST /v1/tenants/b/versions', { ...upload, token: server.stranger })).status).toBe(201);
  });

  it('opens nothing to a token that may not ask', async () => {
    const writer = server.authority.mint('same', ['tenant:deploy'], 'a');
    const reader = server.authority.mint('same', ['tenant:read'], 'a');
    expect((await deploy('mine', { token: writer })).status).toBe(201);
    expect((await deploy('mine', { token: reader })).status).toBe(403);
  });
});

describe('changes with one key at the same time', () => {
  it('are one change, and all get its answer', async () => {
    const before = count();
    const entered = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    server.plane.beforeDeploy = () => (entered.resolve(), gate.promise);
    const first = deploy('c1');
    await entered.promise;
    const others = [deploy('c1'), deploy('c1')];
    const mismatch = await deploy('c1', { body: Uint8Array.of(0) });
    expect(mismatch.status).toBe(422);
    gate.resolve();
    const replies = await Promise.all([first, ...others]);
    expect(replies.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1);
    expect(count()).toBe(before + 1);
    server.plane.beforeDeploy = () => Promise.resolve();
  });

  it('go on when the first one fails', async () => {
    const before = count();
    const entered = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    let calls = 0;
    server.plane.beforeDeploy = async () => {
      if (calls++ > 0) return;
      entered.resolve();
      await gate.promise;
      throw new Error('disk');
    };
    const first = deploy('c2');
    await entered.promise;
    const second = deploy('c2');
    gate.resolve();
    expect([(await first).status, (await second).status]).toEqual([500, 201]);
    expect(count()).toBe(before + 1);
  });

  it('end although the sender of the first one has left', async () => {
    const before = count();
    const entered = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    server.plane.beforeDeploy = () => (entered.resolve(), gate.promise);
    const controller = new AbortController();
    const url = `http://127.0.0.1:${server.port}/v1/tenants/a/versions`;
    const headers = { ...WASM_TYPE, 'idempotency-key': 'c3', authorization: `Bearer ${server.operator}` };
    const left = fetch(url, { method: 'POST', body: WASM, headers, signal: controller.signal });
    await entered.promise;
    controller.abort();
    await expect(left).rejects.toThrow(/abort/);
    gate.resolve();
    server.plane.beforeDeploy = () => Promise.resolve();
    expect((await deploy('c3')).status).toBe(201);
    expect(count()).toBe(before + 1);
  });
});

describe('a token that is issued with a key', () => {
  const body = { subject: 'ci', scopes: ['tenant:read'], tenant: 'a', ttlSeconds: 60 };
  const issue = (more: object = {}): Promise<Reply> =>
    server.send('POST /v1/tokens', { body: { ...body, ...more }, headers: { 'idempotency-key': 't1' } });

  it('is issued once and never kept', async () => {
    const { status, json } = await issue();
    expect(status).toBe(201);
    expect(await issue()).toMatchObject({ status: 409, json: { code: 'conflict' } });
    expect((await issue({ ttlSeconds: 61 })).status).toBe(422);
    expect(JSON.stringify(server.store.answer('/op', 't1', 0))).not.toContain(json?.['token'] as string);
  });
});

describe('an answer that cannot be kept', () => {
  it('is given all the same, since the change is done', async () => {
    const faults: unknown[] = [];
    const full = new Error('database or disk is full');
    const ledger = {
      answer: () => null,
      putAnswer: () => {
        throw full;
      },
    };
    const idempotency = new Idempotency(
      ledger,
      () => 0,
      (error) => faults.push(error),
    );
    const keyed = { actor: 'x', key: 'k', fingerprint: 'f', repeated: 'replay' } as const;
    expect(await idempotency.once(keyed, async () => done())).toEqual(done());
    expect(faults).toEqual([full]);
  });
});

describe('an answer that is kept', () => {
  it('is looked for in the last 24 hours', async () => {
    let since = 0;
    const ledger = {
      answer: (_actor: string, _key: string, sinceMs: number) => ((since = sinceMs), null),
      putAnswer: () => undefined,
    };
    const keyed = { actor: 'x', key: 'k', fingerprint: 'f', repeated: 'replay' } as const;
    await new Idempotency(
      ledger,
      () => 100_000_000,
      () => undefined,
    ).once(keyed, async () => done());
    expect(since).toBe(100_000_000 - 86_400_000);
  });
});

describe('a fingerprint', () => {
  it('tells parts from each other', () => {
    const prints = [['ab', 'c'], ['a', 'bc'], ['abc'], ['abc', ''], ['1:a']].map((parts) => fingerprintOf(parts));
    expect(new Set(prints).size).toBe(prints.length);
    expect(fingerprintOf(['a', 'b'])).toBe(fingerprintOf(['a', Buffer.from('b')]));
  });
});
