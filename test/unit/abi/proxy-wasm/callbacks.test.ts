import { promiseHooks } from 'node:v8';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Callbacks } from '../../../../src/abi/proxy-wasm/callbacks.ts';

/** A guest that runs until it is let go; `entered` are its calls. */
class Guest {
  readonly entered: string[] = [];
  readonly callbacks: Callbacks;
  #running: PromiseWithResolvers<number> | null = null;

  constructor(isOver?: () => boolean) {
    const enter = (name: string, ...args: unknown[]): Promise<number> => {
      this.entered.push([name, ...args].join(' '));
      this.#running = Promise.withResolvers<number>();
      return this.#running.promise;
    };
    this.callbacks = new Callbacks(enter, new Set(['call']), () => undefined, isOver);
  }

  call(context: number, apply?: (result: number) => void): Promise<void> {
    return this.callbacks.call({ name: 'call', prepare: () => [context], ...(apply === undefined ? {} : { apply }) });
  }

  /** Ends the call that runs, and lets the next one begin. */
  async finish(result: number | Error = 0): Promise<void> {
    if (result instanceof Error) this.#running?.reject(result);
    else this.#running?.resolve(result);
    await setImmediate();
  }
}

describe('calls of a guest', () => {
  it('begin at once where nobody is before them', () => {
    const guest = new Guest();
    void guest.call(1);
    expect(guest.entered).toEqual(['call 1']);
  });

  it('come one after the other, in the order in which they were asked for', async () => {
    const guest = new Guest();
    const results: string[] = [];
    for (const context of [1, 2, 3]) void guest.call(context, (result) => results.push(`${context}: ${result}`));
    expect(guest.entered).toEqual(['call 1']);
    await guest.finish(7);
    expect([guest.entered.at(-1), results]).toEqual(['call 2', ['1: 7']]);
    // Who comes between two turns does not jump the queue.
    void guest.call(4);
    await guest.finish();
    expect(guest.entered.at(-1)).toBe('call 3');
    await guest.finish();
    expect(guest.entered.at(-1)).toBe('call 4');
  });

  it('of exports that there are not are nothing, also while another runs', async () => {
    const guest = new Guest();
    void guest.call(1);
    await guest.callbacks.call({ name: 'missing', prepare: () => expect.unreachable('it is not called') });
  });

  it('that wait when one fails fail as it did, and those that come later', async () => {
    const guest = new Guest();
    const calls = [1, 2, 3].map((context) => guest.call(context));
    const ended = Promise.allSettled([...calls, guest.callbacks.end()]);
    await guest.finish(new Error('it trapped'));
    for (const result of await ended)
      expect(result).toMatchObject({ status: 'rejected', reason: { message: 'it trapped' } });
    await expect(guest.call(4)).rejects.toThrow('it trapped');
    expect(guest.entered).toEqual(['call 1']);
  });

  it('that wait at the end go on without the guest, which has then come to rest', async () => {
    const guest = new Guest();
    const calls = [1, 2].map((context) => guest.call(context));
    let isAtRest = false;
    const end = guest.callbacks.end().then(() => (isAtRest = true));
    await setImmediate();
    expect(isAtRest).toBe(false);
    await guest.finish();
    await Promise.all([...calls, end, guest.call(3)]);
    expect(guest.entered).toEqual(['call 1']);
  });

  it('of a request that is over enter no guest', async () => {
    const guest = new Guest(() => true);
    await Promise.all([guest.call(1), guest.call(2)]);
    expect(guest.entered).toEqual([]);
  });

  it('that wait are not woken at the turns of others', async () => {
    const [count, enter] = [1_000, async (): Promise<number> => 0];
    const callbacks = new Callbacks(enter, new Set(['call']), () => undefined);
    let woken = 0;
    const stop = promiseHooks.onBefore(() => (woken += 1)) as () => void;
    await Promise.all(Array.from({ length: count }, () => callbacks.call({ name: 'call', prepare: () => [1] })));
    stop();
    expect(woken / count).toBeLessThan(30);
  });
});
