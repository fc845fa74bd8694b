import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Diversion } from '../../../../src/abi/proxy-wasm/diversion.ts';
import { NotingBackend } from '../http-wasm/direct-guest.ts';
import { DirectFilter, type Code } from './direct-filter.ts';

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
  const PIECES = 20_000;

  /** Bytes of the heap that are in use after some pieces of a body have been read, and after all. */
  async function heapWhile(code: Code): Promise<{ filter: DirectFilter; perPiece: number }> {
    const measured: number[] = [];
    let read = 0;
    const measure = (): void => {
      globalThis.gc?.();
      measured.push(process.memoryUsage().heapUsed);
    };
    const body = {
      read: async () => {
        read += 1;
        if (read === 1_000 || read === PIECES) measure();
        return read > PIECES ? null : Uint8Array.of(0x2e);
      },
      cancel: () => undefined,
    };
    const filter = new DirectFilter(code);
    // What is tested is what is kept for a piece beside its call.
    filter.called.push = () => 0;
    await filter.start();
    await filter.handle({ origin: new NotingBackend({ body }) });
    const [before = 0, after = 0] = measured;
    return { filter, perPiece: (after - before) / PIECES };
  }

  it('keeps nothing of the pieces in which a body has passed its filter', async () => {
    const { filter, perPiece } = await heapWhile({ proxy_on_response_trailers: () => 0 });
    expect(filter.streamed[0]?.body).toHaveLength(PIECES);
    expect(perPiece).toBeLessThan(100);
  });

  it('keeps nothing but their bytes of the pieces that come while its filter pauses', async () => {
    const paused = (_context: number, _size: number, last: number): number => (last === 1 ? 0 : 1);
    const { perPiece } = await heapWhile({ proxy_on_response_body: paused });
    expect(perPiece).toBeLessThan(100);
  });
});
