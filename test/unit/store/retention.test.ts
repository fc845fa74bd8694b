import { expect, test } from 'vitest';
import { ANSWERS_KEPT_MS, AUDIT_KEPT_MS, AUDIT_ROWS, PRUNED_ROWS, USAGE_KEPT_MS } from '../../../src/store/limits.ts';
import { first, opened } from './fixtures.ts';

const NOW = 2_000 * 24 * 3_600_000;

test('what has been kept long enough is forgotten, what is a moment younger is not', () => {
  const { store, behind } = opened('shop');
  const answer = { fingerprint: 'f', status: 200, headers: {}, body: '' };
  const token = { subject: 'ci', tenant: null, scopes: [], createdMs: 0, revokedMs: null, mintedBy: null };
  for (const age of [0, 1]) {
    store.putAnswer('ci', `k${age}`, answer, NOW - ANSWERS_KEPT_MS - age + 1);
    store.appendAudit({
      timeMs: NOW - AUDIT_KEPT_MS - age + 1,
      actor: 'ci',
      action: `a${age}`,
      tenant: null,
      detail: 1,
    });
    store.addToken({ ...token, id: `t${age}`, expiresMs: NOW - age + 1 });
    const write = { value: new Uint8Array(1), metadata: null, expiresMs: NOW - age + 1 };
    store.putKv('shop', 'cart', `e${age}`, write, 0);
    const hourMs = NOW - USAGE_KEPT_MS + (1 - age) * 3_600_000;
    store.addUsage([{ tenant: 'shop', hourMs, requests: age, cpuUs: 0, outcomes: {} }]);
  }
  store.putKv('shop', 'cart', 'for ever', { value: new Uint8Array(1), metadata: null, expiresMs: null }, 0);
  store.prune(NOW);
  expect(behind('SELECT key FROM answers').map(({ key }) => key)).toEqual(['k0']);
  expect(store.audit(first(10)).items.map(({ action }) => action)).toEqual(['a0']);
  expect(behind('SELECT requests FROM usage').map(({ requests }) => requests)).toEqual([0]);
  expect(behind('SELECT id FROM tokens').map(({ id }) => id)).toEqual(['t0']);
  expect(behind('SELECT CAST(key AS TEXT) AS key FROM kv ORDER BY key').map(({ key }) => key)).toEqual([
    'e0',
    'for ever',
  ]);
});

test('more audit records than are kept go in parts, the oldest first', () => {
  const { store, behind } = opened();
  const count = AUDIT_ROWS + PRUNED_ROWS + 5;
  behind(`WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
    INSERT INTO audit (time_ms, actor, action, detail) SELECT ${NOW}, 'ci', 'x', 'null' FROM n`);
  const ids = () => behind('SELECT min(id) AS oldest, max(id) AS newest FROM audit')[0];
  expect(store.prune(NOW)).toBe(true);
  expect(ids()).toMatchObject({ oldest: PRUNED_ROWS + 1, newest: count });
  expect(store.prune(NOW)).toBe(false);
  expect(ids()).toMatchObject({ oldest: PRUNED_ROWS + 6, newest: count });
  expect(store.prune(NOW)).toBe(false);
  expect(ids()).toMatchObject({ oldest: PRUNED_ROWS + 6, newest: count });
});

test('pruning nothing is fine', () => {
  const { store } = opened();
  expect(() => store.prune(NOW)).not.toThrow();
  expect(() => store.prune(0)).not.toThrow();
});
