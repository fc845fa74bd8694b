import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LineBatch } from '../../../src/telemetry/line-batch.ts';

let sent: string[];
let batch: LineBatch;
beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  batch = new LineBatch((text) => void sent.push(text));
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a batch', () => {
  it('gathers lines and goes out whole after a moment', () => {
    batch.add('one');
    batch.add('two');
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(50);
    expect(sent).toEqual(['one\ntwo\n']);
  });

  it('goes out at once when it is long', () => {
    const line = 'x'.repeat(1023);
    for (let i = 0; i < 31; i++) batch.add(line);
    expect(sent).toEqual([]);
    batch.add(line);
    expect(sent.map((text) => text.length)).toEqual([32 * 1024]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('goes out when asked to, and never empty', () => {
    batch.flush();
    batch.add('x');
    batch.flush();
    batch.flush();
    vi.advanceTimersByTime(1000);
    expect(sent).toEqual(['x\n']);
  });

  it('waits no longer for later lines', () => {
    batch.add('a');
    vi.advanceTimersByTime(49);
    batch.add('b');
    vi.advanceTimersByTime(1);
    expect(sent).toEqual(['a\nb\n']);
  });
});
