import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Diversion } from '../../../../src/abi/proxy-wasm/diversion.ts';
import { NotingBackend } from '../http-wasm/direct-guest.ts';
import { DirectFilter } from './direct-filter.ts';

const NEVER = new Promise<never>(() => undefined);

describe('a wait', () => {
  it('settles as what it waits for', async () => {
    const diversion = new Diversion();
    await expect(diversion.unless(Promise.resolve(7))).resolves.toBe(7);
    await expect(diversion.unless(Promise.reject(new Error('it failed')))).rejects.toThrow('it failed');
  });

  it('rejects when the diversion comes first, before it or while it goes on', async () => {
    const diversion = new Diversion();
    const waits = [diversion.unless(NEVER), diversion.unless(NEVER)];
    diversion.reject(new Error('first'));
    diversion.reject(new Error('second'));
    for (const wait of [...waits, diversion.unless(NEVER), diversion.unless(Promise.resolve())])
      await expect(wait).rejects.toThrow('first');
  });

  it('that lost leaves no rejection that nobody handles', async () => {
    const diversion = new Diversion();
    const lost = Promise.withResolvers<never>();
    const wait = diversion.unless(lost.promise);
    diversion.reject(new Error('first'));
    await expect(wait).rejects.toThrow('first');
    lost.reject(new Error('too late'));
    await setImmediate();
  });
});

describe('a stream', () => {
  it('keeps nothing of the pieces in which a body has passed its filter', async () => {
    const pieces = 20_000;
    const measured: number[] = [];
    const measure = (): void => {
      globalThis.gc?.();
      measured.push(process.memoryUsage().heapUsed);
    };
    let read = 0;
    const body = {
      read: async () => {
        read += 1;
        if (read === 1_000 || read === pieces) measure();
        return read > pieces ? null : Uint8Array.of(0x2e);
      },
      cancel: () => undefined,
    };
    const filter = new DirectFilter({ proxy_on_response_trailers: () => 0 });
    await filter.start();
    await filter.handle({ origin: new NotingBackend({ body }) });
    const [before = 0, after = 0] = measured;
    expect(filter.streamed[0]?.body).toHaveLength(pieces);
    expect((after - before) / pieces).toBeLessThan(100);
  });
});
