/** Figures of a slot whose name gets another owner. */
import { expect, it } from 'vitest';
import { TenantCounts } from '../../../src/control/tenant-counts.ts';
import { TenantCounters } from '../../../src/runtime/tenant-counters.ts';

const SLOT = 1;

it('the next owner of a name is shown nothing of what was counted before', () => {
  const counters = TenantCounters.create(2);
  const counts = new TenantCounts(counters);
  counters.count(SLOT, 'ok');
  counters.countCache(SLOT, 'hit');
  expect(counts.read(SLOT)).toMatchObject({ outcomes: { ok: 1 }, cache: { hit: 1 } });
  counts.begin(SLOT);
  expect(counts.read(SLOT)).toMatchObject({ outcomes: { ok: 0 }, cache: { hit: 0 } });
  counters.count(SLOT, 'ok');
  counters.countCache(SLOT, 'miss');
  expect(counts.read(SLOT)).toMatchObject({ outcomes: { ok: 1 }, cache: { hit: 0, miss: 1 } });
});
