import { describe, expect, it } from 'vitest';
import { ContentChanges, watched } from '../../../src/control/content-changes.ts';
import { MAX_HANDED_BYTES } from '../../../src/control/limits.ts';
import { KerbError } from '../../../src/errors.ts';
import { FolderContents } from '../../../src/control/folder-contents.ts';
import { refuseUngranted } from '../../../src/control/ungranted.ts';
import { parseManifest } from '../../../src/control/manifest.ts';
import { opened, refusal } from '../store/fixtures.ts';
import { ControlHarness, manifestOf, WIDER, deployedAt } from './control-harness.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const NO_CHECK = (): void => undefined;

describe('contents that are watched', () => {
  it('are checked once for each change that may make them more, as they are after it', () => {
    const { store } = opened('a', 'b');
    const checked: string[] = [];
    const check = (tenant: string): void => {
      checked.push(`${tenant} ${[...store.config(tenant, 'config').keys()].join('')}`);
      if (store.config(tenant, 'config').has('bad')) throw new KerbError('too_large', 'no');
    };
    const content = watched(store, NO_CHECK, check);
    content.putConfig('a', 'config', 'k', 'v');
    content.putSecret('b', 'S', Buffer.from('x'));
    content.deleteConfig('a', 'config', 'k');
    content.atomically(() => {
      for (const key of ['x', 'y']) content.putConfig('a', 'config', key, 'v');
      content.deleteConfig('a', 'config', 'x');
    });
    expect(checked).toEqual(['a k', 'b ', 'a y']);
    const change = (): void => {
      content.putConfig('a', 'config', 'z', 'v');
      content.putConfig('a', 'config', 'bad', 'v');
    };
    expect(refusal(() => content.atomically(change)).code).toBe('too_large');
    expect(refusal(() => content.putConfig('a', 'config', 'bad', 'v')).code).toBe('too_large');
    expect([...store.config('a', 'config').keys()]).toEqual(['y']);
    expect(() => content.putConfig('a', 'config', 'fine', 'v')).not.toThrow();
  });

  it('tell of changes of config and secrets, and of no others', () => {
    const told: string[] = [];
    const { store } = opened('a', 'b');
    const content = watched(store, (tenant) => told.push(tenant), NO_CHECK);
    content.putConfig('a', 'config', 'k', 'v');
    content.putSecret('b', 'S', Buffer.from('x'));
    expect([content.deleteConfig('a', 'config', 'k'), content.deleteSecret('b', 'S')]).toEqual([true, true]);
    expect([content.deleteConfig('a', 'config', 'k'), content.deleteSecret('b', 'S')]).toEqual([false, false]);
    content.putKv('a', 's', 'k', { value: Buffer.from('x'), metadata: null, expiresMs: null }, 1);
    expect(told).toEqual(['a', 'b', 'a', 'b']);
  });

  it('tell of none that fails', () => {
    const told: string[] = [];
    const content = watched(opened('a').store, (tenant) => told.push(tenant), NO_CHECK);
    expect(refusal(() => content.putConfig('nobody', 'config', 'k', 'v')).code).toBe('not_found');
    expect(told).toEqual([]);
  });
});

describe('changes', () => {
  it('of one tenant at once are one', async () => {
    const refreshed: string[] = [];
    const changes = new ContentChanges(
      (tenant) => Promise.resolve(void refreshed.push(tenant)),
      () => undefined,
    );
    for (const tenant of ['a', 'a', 'b', 'a']) changes.changed(tenant);
    await turn();
    expect(refreshed).toEqual(['a', 'b']);
    changes.changed('a');
    await turn();
    expect(refreshed).toEqual(['a', 'b', 'a']);
  });

  it('that cannot be put in force are told', async () => {
    const told: unknown[] = [];
    const refused = new Error('no thread');
    const changes = new ContentChanges(
      () => Promise.reject(refused),
      (tenant, error) => told.push(tenant, error),
    );
    changes.changed('a');
    await turn();
    expect(told).toEqual(['a', refused]);
  });
});

describe('a control plane', () => {
  it('takes no more config and secrets than its tenants are served with after the next start', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.deploy('a', 1, '[stores]\nconfig = {}\nsecrets = ["S"]');
    const { content } = harness.control;
    const value = 'x'.repeat(65_000);
    const fits = Math.floor(MAX_HANDED_BYTES / value.length);
    content.atomically(() => {
      for (let key = 0; key < fits; key++) content.putConfig('a', 'config', `k${key}`, value);
    });
    for (const put of [
      () => content.putConfig('a', 'config', 'more', value),
      () => content.putSecret('a', 'S', Buffer.from(value)),
    ]) {
      const { code, message } = refusal(put);
      expect([code, message]).toEqual([
        'too_large',
        expect.stringMatching(/at most 4194304; use a key-value/) as string,
      ]);
    }
    content.putConfig('a', 'another', 'k', value);
    content.putSecret('a', 'UNGRANTED', Buffer.from(value));
    expect([content.config('a', 'config').size, content.secret('a', 'S')]).toEqual([fits, null]);
    await harness.reopen();
    await harness.control.restore();
    expect(harness.serving('a.localhost')?.grants.stores.config?.size).toBe(fits);
  });

  async function untilPublished(harness: ControlHarness, count: number): Promise<void> {
    while (harness.published.length < count) await turn();
  }

  it('publishes changed config and secrets to what serves, and nothing when nothing of it has changed', async () => {
    const harness = await ControlHarness.open(['a', 'idle']);
    await harness.deploy('a', 1, '[stores]\nconfig = {}\nsecrets = ["KEY"]');
    const { content } = harness.control;
    content.atomically(() => {
      content.putConfig('a', 'config', 'k', 'v');
      content.putSecret('a', 'KEY', Buffer.from('hidden'));
    });
    await untilPublished(harness, 2);
    const { grants, id } = deployedAt(harness.control.inForce, 'api a') ?? { grants: null, id: 0 };
    expect(harness.published[1]?.add.map((route) => route.id)).toEqual([id]);
    expect(grants?.stores.config?.get('k')).toBe('v');
    expect(Buffer.from(grants?.stores.secrets.get('KEY') ?? []).toString()).toBe('hidden');
    expect(harness.published[1]?.remove).toEqual([harness.published[0]?.add[0]?.id]);
    content.putSecret('a', 'UNGRANTED', Buffer.from('x'));
    content.putConfig('idle', 'config', 'k', 'v');
    await harness.tenants.refresh('a');
    await harness.tenants.refresh('idle');
    await harness.tenants.refresh('nobody');
    expect(harness.published).toHaveLength(2);
    expect(deployedAt(harness.control.inForce, 'api a')?.id).toBe(id);
    expect(harness.said).not.toContain('hidden');
  });

  it('says so when a change cannot be put in force, and does it with the next', async () => {
    const harness = await ControlHarness.open(['a']);
    await harness.deploy('a', 1, '[stores]\nconfig = {}');
    harness.failPublish('no thread');
    harness.control.content.putConfig('a', 'config', 'k', 'one');
    while (!harness.said.includes('not in force: no thread')) await turn();
    harness.control.content.putConfig('a', 'config', 'k', 'two');
    await untilPublished(harness, 2);
    expect(deployedAt(harness.control.inForce, 'api a')?.grants.stores.config?.get('k')).toBe('two');
  });

  it('answers guests from their own tenant, of the API or the folder, and not from one that is no more', async () => {
    const harness = await ControlHarness.open(['a']);
    const { kv, store } = harness.control;
    const madeMs = store.tenant('a')?.createdMs ?? 0;
    const write = (home: { tenant: string; madeMs: number | null }, text: string): ReturnType<typeof kv.ask> =>
      kv.ask(home, 's', {
        kind: 'put',
        key: 'k',
        put: { value: Buffer.from(text), metadata: null, ttlSeconds: null, condition: { kind: 'any' } },
      });
    expect(await write({ tenant: 'a', madeMs }, 'api')).toEqual({ kind: 'written', generation: 1 });
    expect(await write({ tenant: 'a', madeMs: null }, 'folder')).toEqual({ kind: 'written', generation: 1 });
    expect(await write({ tenant: 'a', madeMs: madeMs - 1 }, 'old')).toEqual({ kind: 'fault', fault: 'unavailable' });
    expect(Buffer.from(store.kv('a', 's', 'k', 0)?.value ?? []).toString()).toBe('api');
    await harness.tenants.deleteTenant('a', WIDER);
    expect(await write({ tenant: 'a', madeMs }, 'late')).toEqual({ kind: 'fault', fault: 'unavailable' });
  });
});

describe('the folder’s contents', () => {
  it('are opened with the first question, and never after the end', () => {
    const { store } = opened();
    let opens = 0;
    const contents = new FolderContents(() => {
      opens += 1;
      return store;
    });
    contents.prune(1);
    expect(opens).toBe(0);
    contents.of('app', 1).putKv('app', 's', 'k', { value: Buffer.from('x'), metadata: null, expiresMs: null }, 1);
    expect(contents.of('app', 2).kvEntry('app', 's', 'k', 0, 2)?.generation).toBe(1);
    expect(contents.of('another', 2).kvEntry('another', 's', 'k', 0, 2)).toBe(null);
    expect(opens).toBe(1);
    contents.prune(3);
    contents.close();
    contents.close();
    expect(refusal(() => contents.of('app', 3)).code).toBe('conflict');
  });
});

describe('imports without their grant', () => {
  const imports = [
    { module: 'http_handler', name: 'log' },
    { module: 'kerb_kv', name: 'get' },
    { module: 'kerb_kv', name: 'put' },
    { module: 'kerb_config', name: 'get' },
    { module: 'kerb_secret', name: 'get' },
    { module: 'kerb_rate', name: 'count' },
  ];
  const manifest = (table: string): Parameters<typeof refuseUngranted>[0] =>
    parseManifest(manifestOf('a', table), 'kerb.toml');

  it('are refused, all of them at once, with what to write', () => {
    const { code, details } = refusal(() => refuseUngranted(manifest(''), imports));
    expect(code).toBe('refused_module');
    expect(details.map((line) => line.split(' ')[1])).toEqual([
      'kerb_kv.get',
      'kerb_kv.put',
      'kerb_config.get',
      'kerb_secret.get',
    ]);
    for (const line of details) expect(line).toContain('[stores]');
  });

  it('are fine with it, also when the config is empty', () => {
    const granted = manifest('[stores]\nkv = ["k"]\nconfig = {}\nsecrets = ["S"]');
    expect(() => refuseUngranted(granted, imports)).not.toThrow();
  });
});
