import { expect, test } from 'vitest';
import type { TenantChange } from '../../../src/store/records.ts';
import { cursorAfter } from '../../../src/store/pages.ts';
import { first, newVersion, opened, refusal } from './fixtures.ts';

test('a new tenant has nothing in force', () => {
  const { store } = opened();
  const tenant = store.createTenant('shop', 5);
  expect(tenant).toEqual({
    name: 'shop',
    createdMs: 5,
    revision: 1,
    active: null,
    previous: null,
    canary: null,
    nextVersion: 1,
    requiredKeys: [],
    signingKeys: [],
    limits: {},
    allowBackends: [],
  });
  expect(store.tenant('shop')).toEqual(tenant);
  expect(store.tenant('blog')).toBeNull();
});

test('a name is taken once, and only when it is one', () => {
  const { store } = opened('shop');
  expect(refusal(() => store.createTenant('shop', 1)).code).toBe('conflict');
  expect(refusal(() => store.createTenant('../shop', 1)).code).toBe('bad_request');
  expect(() => store.createTenant('blog', 1.5)).toThrow(TypeError);
  expect(store.tenants(first(10)).items).toHaveLength(1);
});

test('a change sets what it names, keeps the rest, and counts the revision', () => {
  const { store, reopen } = opened('shop', 'blog');
  store.appendVersion(newVersion('shop'));
  store.appendVersion(newVersion('shop'));
  const change: TenantChange = {
    active: 2,
    previous: 1,
    canary: { version: 1, percent: 2.5, maxCostFactor: 1.5, startedMs: 7 },
    requiredKeys: ['thumb'],
    signingKeys: [{ kty: 'OKP', crv: 'Ed25519', x: 'AA' }],
    limits: { cpu_ms: 20, cpu_weight: 3 },
    allowBackends: ['10.0.0.0/8'],
  };
  expect(store.changeTenant('shop', change, 1)).toMatchObject({ ...change, revision: 2 });
  expect(store.changeTenant('shop', { canary: null }, null)).toMatchObject({ ...change, canary: null, revision: 3 });
  expect(store.changeTenant('shop', {}, null).revision).toBe(4);
  expect(reopen().tenant('shop')).toMatchObject({ ...change, canary: null, revision: 4 });
  expect(reopen().tenant('blog')).toMatchObject({ revision: 1, active: null, limits: {} });
});

test('a change meant for another revision is refused, and changes nothing', () => {
  const { store } = opened('shop');
  store.changeTenant('shop', { limits: { cpu_ms: 1 } }, 1);
  const { code, message } = refusal(() => store.changeTenant('shop', { limits: { cpu_ms: 2 } }, 1));
  expect(code).toBe('precondition_failed');
  expect(message).toContain('is at revision 2, and the change was meant for 1');
  expect(store.tenant('shop')).toMatchObject({ revision: 2, limits: { cpu_ms: 1 } });
});

test.each([{ active: 2 }, { previous: 2 }, { canary: { version: 2, percent: 5, maxCostFactor: 2, startedMs: 0 } }])(
  'a version that is not there cannot be in force: %j',
  (change) => {
    const { store } = opened('shop', 'blog');
    store.appendVersion(newVersion('shop'));
    store.appendVersion(newVersion('blog'));
    store.appendVersion(newVersion('blog'));
    expect(refusal(() => store.changeTenant('shop', change, null)).code).toBe('not_found');
    expect(store.tenant('shop')?.revision).toBe(1);
  },
);

test('a tenant that is not there is neither changed nor deleted', () => {
  const { store } = opened('shop');
  expect(refusal(() => store.changeTenant('blog', {}, null)).code).toBe('not_found');
  expect(refusal(() => store.deleteTenant('blog')).code).toBe('not_found');
});

test('lists larger than a tenant record holds are refused', () => {
  const { store } = opened('shop');
  const change = { allowBackends: ['x'.repeat(256 * 1024)] };
  expect(refusal(() => store.changeTenant('shop', change, null))).toMatchObject({
    code: 'too_large',
    message: expect.stringContaining('tenantTextBytes') as string,
  });
});

test('the list goes through all tenants by name, in parts', () => {
  const names = Array.from({ length: 25 }, (_, index) => `t-${String(index).padStart(2, '0')}`);
  const { store } = opened(...names.toReversed());
  const seen: string[] = [];
  for (let cursor: string | null = null, more = true; more; more = cursor !== null) {
    const page = store.tenants({ limit: 10, cursor });
    seen.push(...page.items.map(({ name }) => name));
    cursor = page.next;
  }
  expect(seen).toEqual(names);
  expect(refusal(() => store.tenants({ limit: 10, cursor: cursorAfter('audit', 't-00') })).code).toBe('bad_request');
  expect(refusal(() => store.tenants({ limit: 0, cursor: null })).code).toBe('bad_request');
});

test('what is deleted is gone with all that belongs to it, and the others are as they were', () => {
  const { store, behind } = opened('shop', 'blog');
  for (const name of ['shop', 'blog']) {
    store.appendVersion(newVersion(name));
    store.addDomain({ host: `${name}.test`, tenant: name, createdMs: 1, createdBy: 'operator' });
    store.putKv(name, 'kv', 'key', { value: Uint8Array.of(1), metadata: null, expiresMs: null }, 0);
    store.putConfig(name, 'config', 'key', 'value');
    store.putSecret(name, 'secret', Uint8Array.of(2));
    store.addUsage([{ tenant: name, hourMs: 0, requests: 1, cpuUs: 2, outcomes: {} }]);
    store.appendAudit({ timeMs: 1, actor: 'operator', action: 'tenant.create', tenant: name, detail: null });
    const life = { createdMs: 0, expiresMs: 10, revokedMs: null, mintedBy: null };
    store.addToken({ id: `token-${name}`, subject: 'ci', tenant: name, scopes: ['tenant:read'], ...life });
  }
  store.deleteTenant('shop');
  for (const table of ['versions', 'domains', 'kv', 'kv_usage', 'config', 'secrets', 'usage']) {
    expect(behind(`SELECT tenant FROM ${table}`)).toEqual([expect.objectContaining({ tenant: 'blog' })]);
  }
  expect(store.tenant('shop')).toBeNull();
  expect(store.audit(first(10)).items.map(({ tenant }) => tenant)).toEqual(['blog', 'shop']);
  expect(store.token('token-shop')?.revokedMs).toBeTypeOf('number');
  expect(store.token('token-blog')?.revokedMs).toBeNull();
});

test('a name that comes back begins anew', () => {
  const { store } = opened('shop');
  store.appendVersion(newVersion('shop'));
  store.putSecret('shop', 'secret', Uint8Array.of(2));
  store.deleteTenant('shop');
  expect(store.createTenant('shop', 9)).toMatchObject({ revision: 1, nextVersion: 1 });
  expect(store.secretNames('shop')).toEqual([]);
  expect(store.appendVersion(newVersion('shop')).version).toBe(1);
});
