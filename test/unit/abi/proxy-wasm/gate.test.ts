import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Gate } from '../../../../src/abi/proxy-wasm/gate.ts';

const NEVER = new Promise<void>(() => undefined);

/** Whether a promise has settled by the next turn of the event loop. */
async function isSettled(promise: Promise<void>): Promise<boolean> {
  return Promise.race([promise.then(() => true), setImmediate(false)]);
}

describe('a gate', () => {
  it('that is open holds nobody up', async () => {
    const gate = new Gate();
    for (const wait of [gate.whenOpen(), gate.whenOpenOr(NEVER)]) expect(await isSettled(wait)).toBe(true);
  });

  it('that was shut lets everybody go who waits, when it opens', async () => {
    const gate = new Gate();
    gate.pause();
    const waits = [gate.whenOpen(), gate.whenOpenOr(NEVER), gate.whenOpenOr(NEVER)];
    for (const wait of waits) expect(await isSettled(wait)).toBe(false);
    gate.open();
    for (const wait of waits) expect(await isSettled(wait)).toBe(true);
  });

  it('lets go who waits for something else too, when that has come or has failed', async () => {
    const gate = new Gate();
    gate.pause();
    expect(await isSettled(gate.whenOpenOr(Promise.resolve()))).toBe(true);
    await expect(gate.whenOpenOr(Promise.reject(new Error('it broke off')))).rejects.toThrow('it broke off');
  });

  it('leaves no rejection that nobody handles', async () => {
    const gate = new Gate();
    await gate.whenOpenOr(Promise.reject(new Error('nobody asks')));
    gate.pause();
    const late = Promise.withResolvers<void>();
    const wait = gate.whenOpenOr(late.promise);
    gate.open();
    await expect(wait).resolves.toBeUndefined();
    late.reject(new Error('too late'));
    await setImmediate();
  });
});
