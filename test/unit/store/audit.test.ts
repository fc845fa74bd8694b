import { expect, test } from 'vitest';
import { first, opened, refusal } from './fixtures.ts';

const entry = (action: string) => ({ timeMs: 5, actor: 'operator', action, tenant: 'shop', detail: { version: 1 } });

test('records are numbered upwards and listed newest first, in parts', () => {
  const { store, reopen } = opened();
  const one = store.appendAudit(entry('one'));
  expect(one).toEqual({ id: 1, ...entry('one') });
  store.appendAudit({ ...entry('two'), tenant: null, detail: null });
  store.appendAudit(entry('three'));
  const again = reopen();
  const page = again.audit(first(2));
  expect(page.items.map(({ action }) => action)).toEqual(['three', 'two']);
  expect(page.items[1]).toEqual({ id: 2, ...entry('two'), tenant: null, detail: null });
  expect(again.audit({ limit: 2, cursor: page.next })).toEqual({ items: [one], next: null });
});

test('a number is not given again, even when its record is forgotten', () => {
  const { store, behind } = opened();
  store.appendAudit(entry('one'));
  behind('DELETE FROM audit');
  expect(store.appendAudit(entry('two')).id).toBe(2);
});

test('a detail beyond the limit, a time that is none and a cursor of another list are refused', () => {
  const { store } = opened();
  const large = { ...entry('one'), detail: 'x'.repeat(65_536) };
  expect(refusal(() => store.appendAudit(large)).message).toContain('auditDetailBytes');
  expect(() => store.appendAudit({ ...entry('one'), timeMs: NaN })).toThrow(TypeError);
  expect(refusal(() => store.audit({ limit: 1, cursor: 'YQ' })).code).toBe('bad_request');
  expect(store.audit(first(1)).items).toEqual([]);
});
