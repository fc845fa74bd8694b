import { describe, expect, it } from 'vitest';
import { NO_STORES } from '../../../src/capability/stores.ts';
import { MAX_HANDED_BYTES } from '../../../src/control/limits.ts';
import { parseManifest, type ManifestStores } from '../../../src/control/manifest.ts';
import { CONFIG_STORE, digestOf, grantsOf, type TenantContents } from '../../../src/control/store-grants.ts';
import type { Store } from '../../../src/store/store.ts';
import { opened, refusal } from '../store/fixtures.ts';
import { manifestOf } from './control-harness.ts';

const TENANT = { name: 'a', createdMs: 1_000 };

function storesOf(table: string): ManifestStores {
  return parseManifest(manifestOf('a', `[stores]\n${table}`), 'kerb.toml').stores;
}

function contents(fill: (store: Store) => void = () => undefined): TenantContents {
  const { store } = opened('a', 'b');
  fill(store);
  return { content: store, tenant: TENANT };
}

describe('grants', () => {
  it('are nothing without a table', () => {
    expect(grantsOf(storesOf(''), contents())).toEqual({ ...NO_STORES, madeMs: 1_000 });
  });

  it('have the config of the manifest under that of the tenant', () => {
    const given = contents((store) => {
      store.putConfig('a', CONFIG_STORE, 'theme', 'light');
      store.putConfig('a', CONFIG_STORE, 'more', 'x');
      store.putConfig('a', 'another', 'theme', 'blue');
      store.putConfig('b', CONFIG_STORE, 'theme', 'theirs');
    });
    const { config } = grantsOf(storesOf('config = { theme = "dark", lang = "en" }'), given);
    expect(Object.fromEntries(config ?? [])).toEqual({ theme: 'light', lang: 'en', more: 'x' });
  });

  it('have no config that the manifest does not ask for', () => {
    const given = contents((store) => store.putConfig('a', CONFIG_STORE, 'theme', 'light'));
    expect(grantsOf(storesOf('kv = ["k"]'), given)).toMatchObject({ kv: ['k'], config: null });
  });

  it('have the secrets that the manifest names, and of those the tenant’s', () => {
    const given = contents((store) => {
      store.putSecret('a', 'KEY', Buffer.from('mine'));
      store.putSecret('a', 'OTHER', Buffer.from('not asked for'));
      store.putSecret('b', 'UNSET', Buffer.from('theirs'));
    });
    const { secrets } = grantsOf(storesOf('secrets = ["KEY", "UNSET"]'), given);
    expect([...secrets].map(([name, value]) => [name, value && Buffer.from(value).toString()])).toEqual([
      ['KEY', 'mine'],
      ['UNSET', null],
    ]);
    const value = secrets.get('KEY');
    expect(value?.buffer.byteLength).toBe(4);
  });

  it('have the keys that it signs with, which are no secrets that it reads', () => {
    const given = contents((store) => store.putSecret('a', 'KEY', Buffer.from('mine')));
    const table = '[jwt.x]\nissuer = "i"\naudience = "a"\nsign = { secret = "KEY" }';
    const { secrets, signingKeys } = grantsOf(parseManifest(manifestOf('a', table), 'kerb.toml').stores, given);
    expect([...signingKeys].map(([name, value]) => [name, String(value && Buffer.from(value))])).toEqual([
      ['KEY', 'mine'],
    ]);
    expect(secrets.size).toBe(0);
  });

  it('of an app of the folder are those of its manifest alone', () => {
    const { secrets, config, madeMs } = grantsOf(storesOf('config = { a = "b" }\nsecrets = ["KEY"]'), null);
    expect([secrets.get('KEY'), config?.get('a'), madeMs]).toEqual([null, 'b', null]);
  });

  it('are refused when every thread would have to keep too much', () => {
    const given = contents((store) => {
      for (let key = 0; key * 65_536 <= MAX_HANDED_BYTES; key++)
        store.putConfig('a', CONFIG_STORE, `k${key}`, 'x'.repeat(65_536));
    });
    expect(refusal(() => grantsOf(storesOf('config = {}'), given)).code).toBe('too_large');
  });
});

describe('the digest of grants', () => {
  it('differs with every value, and holds none', () => {
    const given = contents((store) => store.putSecret('a', 'KEY', Buffer.from('hunter2')));
    const tables = [
      '',
      'kv = ["k"]',
      'config = {}',
      'config = { a = "b" }',
      'secrets = ["KEY"]',
      'secrets = ["OTHER"]',
    ];
    const digests = tables.map((table) => digestOf(grantsOf(storesOf(table), given)));
    given.content.secret('a', 'KEY');
    expect(new Set(digests).size).toBe(tables.length);
    for (const digest of digests) expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(digestOf(grantsOf(storesOf('kv = ["k"]'), given))).toBe(digests[1]);
  });
});
