import { describe, expect, it } from 'vitest';
import { AuditTrail } from '../../../src/control/audit-trail.ts';
import type { AuditRecord } from '../../../src/store/records.ts';
import { refusalOf } from './control-harness.ts';
import { opened } from '../store/fixtures.ts';

/** No listener is to fail. */
function fail(error: unknown): never {
  throw error;
}

const ALL = { limit: 100, cursor: null };

describe('the audit trail', () => {
  it('keeps who did what, newest first, and tells whoever listens the same', () => {
    const { store } = opened();
    const trail = new AuditTrail(store, fail);
    const heard: AuditRecord[] = [];
    const before = Date.now();
    trail.listen((entry) => heard.push(entry));
    trail.note('ann', 'tenant.create', 'constructor');
    trail.note('bob', 'token.revoke', null, { id: 'x' });
    const { items } = store.audit(ALL);
    expect(items).toEqual(heard.toReversed());
    expect(items.map(({ actor, action, tenant, detail }) => [actor, action, tenant, detail])).toEqual([
      ['bob', 'token.revoke', null, { id: 'x' }],
      ['ann', 'tenant.create', 'constructor', {}],
    ]);
    for (const { timeMs } of items) expect(timeMs).toBeGreaterThanOrEqual(before);
  });

  it('has reached the file when the note is made', () => {
    const { store, reopen } = opened();
    new AuditTrail(store, fail).note('ann', 'x', null);
    expect(reopen().audit(ALL).items).toHaveLength(1);
  });

  it('tells each listener until that one stops, also one that is there twice', () => {
    const trail = new AuditTrail(opened().store, fail);
    let heard = 0;
    const listener = (): void => void (heard += 1);
    const [stop] = [trail.listen(listener), trail.listen(listener)];
    trail.note('ann', 'x', null);
    expect(heard).toBe(2);
    stop?.();
    stop?.();
    trail.note('ann', 'x', null);
    expect(heard).toBe(3);
  });

  it('lets a listener stop while it hears', () => {
    const trail = new AuditTrail(opened().store, fail);
    const heard: string[] = [];
    const stop = trail.listen(() => {
      heard.push('once');
      stop();
    });
    trail.listen(() => void heard.push('always'));
    trail.note('ann', 'x', null);
    trail.note('ann', 'x', null);
    expect(heard).toEqual(['once', 'always', 'always']);
  });

  it('tells nobody of what could not be stored', async () => {
    const trail = new AuditTrail(opened().store, fail);
    let heard = 0;
    trail.listen(() => void (heard += 1));
    expect((await refusalOf(() => trail.note('ann\ud800', 'x', null))).code).toBe('bad_request');
    expect((await refusalOf(() => trail.note('ann', 'x', null, 'x'.repeat(100_000)))).code).toBe('too_large');
    expect(heard).toBe(0);
  });

  it('tells of a change once it is stored, and never of one that is not', () => {
    const { store } = opened();
    const trail = new AuditTrail(store, fail);
    const heard: string[] = [];
    trail.listen(({ action }) => void heard.push(action));
    const answer = trail.atomically(() => {
      trail.note('ann', 'one', null);
      trail.note('ann', 'two', null);
      expect(heard).toEqual([]);
      return 7;
    });
    expect([answer, heard]).toEqual([7, ['one', 'two']]);
    const failing = (): never => {
      trail.note('ann', 'three', null);
      throw new TypeError('no');
    };
    expect(() => trail.atomically(failing)).toThrow('no');
    trail.note('ann', 'four', null);
    expect(heard).toEqual(['one', 'two', 'four']);
    expect(store.audit(ALL).items.map(({ action }) => action)).toEqual(['four', 'two', 'one']);
  });

  it('does not depend on its listeners', () => {
    const faults: unknown[] = [];
    const trail = new AuditTrail(opened().store, (error) => faults.push(error));
    let heard = 0;
    trail.listen(() => {
      throw new TypeError('deaf');
    });
    trail.listen(() => void (heard += 1));
    trail.note('ann', 'x', null);
    expect([heard, faults.length]).toEqual([1, 1]);
  });
});
