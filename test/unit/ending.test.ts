import { describe, expect, it } from 'vitest';
import { Ending } from '../../src/ending.ts';

describe('an ending', () => {
  it('that does not come leaves what is waited for as it is', async () => {
    const ending = new Ending();
    expect(await ending.before(Promise.resolve(7))).toBe(7);
    await expect(ending.before(Promise.reject(new TypeError('own')))).rejects.toThrow('own');
    expect(ending.isOver).toBe(false);
  });

  it('ends everybody who waits, now and later, with the first error', async () => {
    const ending = new Ending();
    const never = new Promise<never>(() => undefined);
    const waiting = [ending.before(never), ending.before(never)];
    ending.end(new Error('first'));
    ending.end(new Error('second'));
    for (const one of waiting) await expect(one).rejects.toThrow('first');
    await expect(ending.before(Promise.resolve(1))).rejects.toThrow('first');
    expect(ending.isOver).toBe(true);
  });

  it('does not change what was settled before it, nor lets a later failure go unhandled', async () => {
    const ending = new Ending();
    const { promise, reject } = Promise.withResolvers<never>();
    const settled = ending.before(Promise.resolve(1));
    expect(await settled).toBe(1);
    const waiting = ending.before(promise);
    ending.end(new Error('over'));
    await expect(waiting).rejects.toThrow('over');
    reject(new Error('too late'));
    expect(await settled).toBe(1);
  });
});
