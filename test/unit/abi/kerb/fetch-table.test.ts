/** The end of fetches: nothing outlives its request, reaches another one, or stays on the account. */
import { describe, expect, it } from 'vitest';
import { ERRNO } from '../../../../src/abi/kerb/errno.ts';
import { ANSWER_PAGES, FETCH_PAGES } from '../../../../src/abi/kerb/limits.ts';
import { DirectGuest, LateSource, NotingBackend } from '../http-wasm/direct-guest.ts';
import { answerOf, Caller, calling, guestAfter, HeldBackend } from './fetch-guest.ts';

/** A body that never gives anything, and notes that it was given up. */
class SilentSource extends LateSource {
  #end: ((chunk: null) => void) | null = null;

  override read(): Promise<Uint8Array | null> {
    return new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  override cancel(): void {
    super.cancel();
    this.#end?.(null);
  }
}

describe('close', () => {
  it('gives up what is under way, and its numbers name nothing any more', async () => {
    const backend = new HeldBackend();
    await calling({ backends: { main: backend } }, (call) => {
      const { handle, ticket } = call.sent();
      expect(call.now('close', handle)).toBe(0);
      expect(backend.givenUp).toBe(1);
      expect(call.now('close', handle)).toBe(ERRNO.bad_handle);
      expect(call.now('wait', ticket, 0)).toBe(ERRNO.bad_handle);
      expect(call.now('read', handle, 0, 8)).toBe(ERRNO.bad_handle);
      expect(call.now('header', handle, 'x', 'y')).toBe(ERRNO.bad_handle);
    });
  });

  it('gives an answer up that was not read, also one that comes too late', async () => {
    const backend = new HeldBackend();
    const [read, late] = [new LateSource('x'), new LateSource('y')];
    await calling({ backends: { main: backend } }, async (call) => {
      const [one, two] = [call.sent(), call.sent()];
      backend.answer(0, answerOf(200, read));
      await call.late('wait', one.ticket, -1);
      call.now('close', one.handle);
      call.now('close', two.handle);
      backend.answer(1, answerOf(200, late));
    });
    await Promise.resolve();
    expect([read.cancelled, late.cancelled]).toEqual([1, 1]);
  });

  it('takes it off the account, whatever its state', async () => {
    const backend = new HeldBackend();
    const guest = await guestAfter({ backends: { main: backend } }, async (call) => {
      const draft = call.now('request', 'main', 'GET', '/');
      const [sent, failed] = [call.sent(), call.sent()];
      expect(call.guest.held).toBe(3 * FETCH_PAGES + 2 * ANSWER_PAGES);
      backend.answer(1, new Error('a bug'));
      expect(await call.late('wait', failed.ticket, -1)).toBe(ERRNO.unreachable);
      for (const handle of [draft, sent.handle, failed.handle]) call.now('close', handle);
    });
    expect(guest.held).toBe(0);
  });
});

describe('the end of the request', () => {
  it('gives up what is open, whatever its state', async () => {
    const backend = new HeldBackend();
    const body = new LateSource('x');
    const guest = await guestAfter({ backends: { main: backend } }, async (call) => {
      call.now('request', 'main', 'GET', '/');
      const { ticket } = call.sent();
      call.sent();
      backend.answer(0, answerOf(200, body));
      await call.late('wait', ticket, -1);
    });
    expect([backend.givenUp, body.cancelled]).toEqual([0, 0]);
    guest.guest.reset('exchange');
    expect([backend.givenUp, body.cancelled]).toEqual([1, 1]);
  });

  it('that comes from outside ends a wait, and no late answer wakes anybody', async () => {
    const backend = new HeldBackend();
    const end = new AbortController();
    await calling({ backends: { main: backend }, signal: end.signal }, async (call) => {
      const tickets = [call.sent().ticket, call.sent().ticket];
      const waiting = call.waitAny(tickets);
      end.abort();
      expect(await waiting).toBe(ERRNO.cancelled);
      expect(backend.givenUp).toBe(2);
      backend.answer(0, answerOf());
      expect(call.now('wait', tickets[0] ?? 0, 0)).toBe(ERRNO.bad_handle);
    });
  });

  it('that comes before a send keeps it from going out', async () => {
    const backend = new HeldBackend();
    const end = new AbortController();
    const guest = await guestAfter({ backends: { main: backend }, signal: end.signal }, (call) => {
      end.abort();
      const { handle, ticket } = call.sent();
      expect(call.now('wait', ticket, 0)).toBe(ERRNO.cancelled);
      call.now('close', handle);
    });
    expect([backend.asked.length, guest.held]).toEqual([0, 0]);
  });

  it('during a read leaves guest memory alone: it may be somebody else’s by then', async () => {
    const backend = new HeldBackend();
    const guest = new DirectGuest();
    const gate = Promise.withResolvers<Uint8Array | null>();
    const readings: Promise<number>[] = [];
    await calling(
      { backends: { main: backend } },
      async (call) => {
        const { handle, ticket } = call.sent();
        backend.answer(0, answerOf(200, { read: () => gate.promise, cancel: () => {} }));
        await call.late('wait', ticket, -1);
        readings.push(call.late('read', handle, 0, 8));
      },
      guest,
    );
    guest.guest.reset('instance');
    gate.resolve(Buffer.from('leak'));
    expect(await Promise.all(readings)).toEqual([ERRNO.cancelled]);
    expect(guest.memory.readText(0, 4)).toBe('\0\0\0\0');
  });

  it('settles a read that waits for a silent backend', async () => {
    const backend = new HeldBackend();
    const end = new AbortController();
    const silent = new SilentSource();
    await calling({ backends: { main: backend }, signal: end.signal }, async (call) => {
      const { handle, ticket } = call.sent();
      backend.answer(0, answerOf(200, silent));
      await call.late('wait', ticket, -1);
      const reading = call.late('read', handle, 0, 8);
      end.abort();
      expect(await reading).toBe(ERRNO.cancelled);
    });
    expect(silent.cancelled).toBe(1);
  });

  it('leaves no timer and no listener behind', async () => {
    const backend = new HeldBackend();
    const end = new AbortController();
    let listeners = 0;
    const add = end.signal.addEventListener.bind(end.signal);
    const remove = end.signal.removeEventListener.bind(end.signal);
    end.signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    end.signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    const guest = await guestAfter({ backends: { main: backend }, signal: end.signal }, async (call) => {
      for (let i = 0; i < 10; i++) await call.late('wait', call.sent().ticket, 1);
      expect(listeners).toBe(1);
    });
    guest.guest.reset('exchange');
    expect(listeners).toBe(0);
  });
});

describe('another request of a warm guest', () => {
  it('finds nothing under the numbers of the one before', async () => {
    const guest = new DirectGuest();
    const backends = { main: new NotingBackend() };
    let old = { handle: 0, ticket: 0 };
    await calling({ backends }, (call) => void (old = call.sent()), guest);
    guest.guest.reset('exchange');
    await calling(
      { backends },
      (call) => {
        const { handle, ticket } = call.sent();
        expect([handle, ticket]).not.toEqual([old.handle, old.ticket]);
        expect(call.now('close', old.handle)).toBe(ERRNO.bad_handle);
        expect(call.now('wait', old.ticket, 0)).toBe(ERRNO.bad_handle);
        expect(call.now('close', handle)).toBe(0);
      },
      guest,
    );
  });

  it('reaches its own backends, not those of the one before', async () => {
    const guest = new DirectGuest();
    await calling({ backends: { main: new NotingBackend() } }, (call) => void call.sent(), guest);
    guest.guest.reset('exchange');
    expect(new Caller(guest).now('request', 'main', 'GET', '/')).toBe(ERRNO.no_request);
    await calling({}, (call) => expect(call.now('request', 'main', 'GET', '/')).toBe(ERRNO.not_granted), guest);
  });
});
