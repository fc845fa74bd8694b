import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TailBatch, TailEntry } from '../../../src/telemetry/tail-entry.ts';
import { MAX_TAIL_CHARS, MAX_TAIL_ENTRIES, TailQueue } from '../../../src/telemetry/tail-queue.ts';

let sent: (readonly TailBatch[])[];
let queue: TailQueue;
beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  queue = new TailQueue((batches) => void sent.push(batches));
});
afterEach(() => {
  vi.useRealTimers();
});

function line(tenant: string, text = 'x'): TailEntry {
  return { kind: 'guest', tenant, timeMs: 1, version: 'v', level: 'info', text };
}

function texts(batch: TailBatch | undefined): (string | null)[] | undefined {
  return batch?.entries.map((entry) => (entry.kind === 'guest' ? entry.text : null));
}

describe('a tenant', () => {
  it('that nobody follows costs nothing: no entry, no timer, no message', () => {
    queue.add(line('acme'));
    expect([queue.active, queue.follows('acme'), vi.getTimerCount()]).toEqual([false, false, 0]);
    vi.runAllTimers();
    expect(sent).toEqual([]);
  });

  it('that is followed is told of in batches, in order, apart from others', () => {
    queue.follow('acme');
    queue.follow('other');
    for (const entry of [line('acme', '1'), line('other', '2'), line('third', '3'), line('acme', '4')])
      queue.add(entry);
    vi.runAllTimers();
    expect(sent.map((batches) => batches.map(({ tenant }) => tenant))).toEqual([['acme', 'other']]);
    expect([texts(sent[0]?.[0]), texts(sent[0]?.[1])]).toEqual([['1', '4'], ['2']]);
  });

  it('is followed by its name and nothing else', () => {
    queue.follow('acme');
    expect([queue.follows('acme'), queue.follows('acm'), queue.follows('__proto__'), queue.follows(null)]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  it('that is followed no longer is forgotten, with what has gathered', () => {
    queue.follow('acme');
    queue.add(line('acme'));
    queue.unfollow('acme');
    vi.runAllTimers();
    expect([sent, queue.active]).toEqual([[], false]);
  });

  it('that is followed twice keeps what has gathered', () => {
    queue.follow('acme');
    queue.add(line('acme', 'kept'));
    queue.follow('acme');
    vi.runAllTimers();
    expect(texts(sent[0]?.[0])).toEqual(['kept']);
  });
});

describe('a batch', () => {
  it('has so many entries and no more; the rest is counted', () => {
    queue.follow('acme');
    for (let i = 0; i < MAX_TAIL_ENTRIES + 7; i++) queue.add(line('acme', String(i)));
    vi.runAllTimers();
    expect([sent[0]?.[0]?.entries.length, sent[0]?.[0]?.dropped]).toEqual([MAX_TAIL_ENTRIES, 7]);
  });

  it('has so many characters and no more, and after a gap nothing until the next', () => {
    queue.follow('acme');
    const long = 'x'.repeat(MAX_TAIL_CHARS / 4);
    for (let i = 0; i < 4; i++) queue.add(line('acme', long));
    queue.add(line('acme', 'short'));
    vi.runAllTimers();
    expect([sent[0]?.[0]?.entries.length, sent[0]?.[0]?.dropped]).toEqual([3, 2]);
    queue.taken();
    queue.add(line('acme', 'later'));
    vi.runAllTimers();
    expect([texts(sent[1]?.[0]), sent[1]?.[0]?.dropped]).toEqual([['later'], 0]);
  });

  it('says that it dropped an entry that is too long for any', () => {
    queue.follow('acme');
    queue.add(line('acme', 'x'.repeat(MAX_TAIL_CHARS)));
    vi.runAllTimers();
    expect([sent[0]?.[0]?.entries, sent[0]?.[0]?.dropped]).toEqual([[], 1]);
  });

  it('of one tenant that is full leaves room for another', () => {
    queue.follow('loud');
    queue.follow('quiet');
    for (let i = 0; i < 2 * MAX_TAIL_ENTRIES; i++) queue.add(line('loud'));
    queue.add(line('quiet'));
    vi.runAllTimers();
    expect(sent[0]?.map(({ tenant, entries, dropped }) => [tenant, entries.length, dropped])).toEqual([
      ['loud', MAX_TAIL_ENTRIES, MAX_TAIL_ENTRIES],
      ['quiet', 1, 0],
    ]);
  });

  it('waits until the one before was taken: a main thread that is busy finds one', () => {
    queue.follow('acme');
    queue.add(line('acme', 'first'));
    vi.runAllTimers();
    for (let i = 0; i < 3 * MAX_TAIL_ENTRIES; i++) queue.add(line('acme', String(i)));
    vi.runAllTimers();
    expect([sent.length, vi.getTimerCount()]).toEqual([1, 0]);
    queue.taken();
    vi.runAllTimers();
    expect([sent.length, sent[1]?.[0]?.entries.length, sent[1]?.[0]?.dropped]).toEqual([
      2,
      MAX_TAIL_ENTRIES,
      2 * MAX_TAIL_ENTRIES,
    ]);
    queue.taken();
    vi.runAllTimers();
    expect([sent.length, vi.getTimerCount()]).toEqual([2, 0]);
  });

  it('goes out at once at the end, whatever is on its way', () => {
    queue.follow('acme');
    queue.add(line('acme', 'first'));
    queue.flush();
    queue.add(line('acme', 'last'));
    queue.flush();
    queue.flush();
    expect(sent.map((batches) => texts(batches[0]))).toEqual([['first'], ['last']]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
