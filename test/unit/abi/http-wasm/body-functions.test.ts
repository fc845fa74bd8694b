/* oxlint-disable vitest/no-conditional-expect -- each case of a table says what is expected of it */
import { describe, expect, it } from 'vitest';
import { GuestFault } from '../../../../src/abi/guest-fault.ts';
import { MAX_BUFFERED_BODY_BYTES, STREAM_FROM_BYTES } from '../../../../src/abi/http-wasm/limits.ts';
import { BodyError, type BodySource } from '../../../../src/http/body.ts';
import {
  DirectGuest,
  inRequest,
  LateSource,
  NotingBackend,
  readAll,
  whole,
  type TestExchange,
} from './direct-guest.ts';

const REQUEST = 0;
const RESPONSE = 1;
const EOF = 1n << 32n;

/** Runs `code` inside `handle_request` of a new guest. */
async function within(exchange: TestExchange, code: (guest: DirectGuest) => unknown): Promise<void> {
  await inRequest(exchange, code);
}

describe('read_body', () => {
  it('goes on where the last call stopped, and says when the body is exhausted', () =>
    within({ body: 'abcdef' }, (guest) => {
      expect(guest.call('read_body', REQUEST, 0, 4)).toBe(4n);
      expect(guest.memory.readText(0, 4)).toBe('abcd');
      expect(guest.call('read_body', REQUEST, 0, 4)).toBe(EOF | 2n);
      expect(guest.memory.readText(0, 4)).toBe('efcd');
      expect(guest.call('read_body', REQUEST, 0, 4)).toBe(EOF);
    }));

  it('of a request without body is at its end at once', () =>
    within({}, (guest) => {
      expect(guest.call('read_body', REQUEST, 0, 10)).toBe(EOF);
    }));

  it('fills its range from pieces that come late', () =>
    within({ body: new LateSource('ab', 'c', 'defg', 'h') }, async (guest) => {
      expect(await guest.invoke('read_body', REQUEST, 0, 5)).toBe(5n);
      expect(guest.memory.readText(0, 5)).toBe('abcde');
      expect(await guest.invoke('read_body', REQUEST, 8, 10)).toBe(EOF | 3n);
      expect(guest.memory.readText(8, 3)).toBe('fgh');
    }));

  it('of a body in many pieces waits without a chain of promises', () =>
    within({ body: new LateSource(...Array.from({ length: 20_000 }, () => 'x')) }, async (guest) => {
      expect(await guest.invoke('read_body', REQUEST, 0, 20_000)).toBe(20_000n);
    }));

  it('checks its range anew after a wait, in which memory may have grown', () =>
    within({ body: new LateSource('abc') }, async (guest) => {
      const reading = guest.invoke('read_body', REQUEST, 0, 10);
      guest.pages.grow(1);
      expect(await reading).toBe(EOF | 3n);
      expect(guest.memory.readText(0, 3)).toBe('abc');
    }));

  it.each([
    ['a buf_limit of 0', [REQUEST, 0, 0]],
    ['a range that ends outside memory', [REQUEST, 65_530, 7]],
    ['a negative buffer', [REQUEST, -4, 8]],
    ['a negative limit', [REQUEST, 0, -1]],
    ['an unknown kind', [2, 0, 8]],
  ] as const)('ends the guest on %s, and takes nothing of the body', (_, args) =>
    within({ body: 'abc' }, (guest) => {
      expect(() => guest.call('read_body', ...args)).toThrow(GuestFault);
      expect(guest.call('read_body', REQUEST, 0, 8)).toBe(EOF | 3n);
    }),
  );

  it.each(['closed', 'too_large'] as const)('rejects with the fault of a body that is %s', (fault) => {
    const broken: BodySource = { read: () => Promise.reject(new BodyError(fault)), cancel: () => {} };
    return within({ body: broken }, async (guest) => {
      await expect(guest.invoke('read_body', REQUEST, 0, 8)).rejects.toMatchObject({ fault });
    });
  });

  it('of the request after the next handler needs its buffering', async () => {
    for (const features of [0, 1]) {
      const guest = new DirectGuest();
      const run = guest.handle(
        { body: 'abc', origin: new NotingBackend() },
        () => {
          guest.call('enable_features', features);
          return 1n;
        },
        () => void guest.call('read_body', REQUEST, 0, 8),
      );
      if (features === 0) await expect(run).rejects.toThrow(GuestFault);
      else expect((await run).kind).toBe('relay');
    }
  });
});

describe('write_body to the response', () => {
  it('adds up, and the whole response goes out at the end', async () => {
    const guest = new DirectGuest();
    const reply = await guest.handle({}, () => {
      guest.call('write_body', RESPONSE, 'one ');
      guest.call('write_body', RESPONSE, '');
      guest.call('write_body', RESPONSE, 'two');
    });
    expect(whole(reply).text).toBe('one two');
    expect(guest.streamed).toEqual([]);
  });

  it('can be read back', () =>
    within({}, (guest) => {
      guest.call('write_body', RESPONSE, 'abc');
      expect(guest.call('read_body', RESPONSE, 0, 2)).toBe(2n);
      guest.call('write_body', RESPONSE, 'd');
      expect(guest.call('read_body', RESPONSE, 0, 8)).toBe(EOF | 2n);
      expect(guest.memory.readText(0, 2)).toBe('cd');
    }));

  it('streams from 64 KiB on, with the head as it is then', async () => {
    const guest = new DirectGuest();
    const reply = await guest.handle({}, () => {
      guest.call('set_status_code', 201);
      guest.call('write_body', RESPONSE, 0, STREAM_FROM_BYTES - 1);
      expect(guest.streamed).toHaveLength(0);
      guest.call('write_body', RESPONSE, 0, 1);
      expect(guest.streamed).toHaveLength(1);
      guest.call('write_body', RESPONSE, 'tail');
    });
    expect(reply).toEqual({ kind: 'streamed' });
    expect(guest.streamed[0]?.head.status).toBe(201);
    expect(guest.streamed[0]?.body.length).toBe(STREAM_FROM_BYTES + 4);
  });

  it.each(['text/event-stream', 'Text/Event-Stream; charset=utf-8'])(
    'streams %s from the first write on',
    async (type) => {
      const guest = new DirectGuest();
      const reply = await guest.handle({}, () => {
        guest.call('set_header_value', RESPONSE, 'Content-Type', type);
        guest.call('write_body', RESPONSE, 'data: 1');
        expect(guest.streamed.map(({ body }) => Buffer.from(body).toString())).toEqual(['data: 1']);
      });
      expect(reply).toEqual({ kind: 'streamed' });
    },
  );

  it('holds what is no stream of events, or is buffered', async () => {
    const guest = new DirectGuest();
    await guest.handle({}, () => {
      guest.call('set_header_value', RESPONSE, 'content-type', 'text/event-streams');
      guest.call('write_body', RESPONSE, 'data: 1');
      guest.call('enable_features', 2);
      guest.call('set_header_value', RESPONSE, 'content-type', 'text/event-stream');
      guest.call('write_body', RESPONSE, 'data: 2');
      expect(guest.streamed).toEqual([]);
    });
  });

  it('then carries the backpressure of the client', async () => {
    const guest = new DirectGuest();
    await guest.handle({}, () => {
      guest.backpressure = Promise.resolve();
      expect(guest.call('write_body', RESPONSE, 'small')).toBeUndefined();
      expect(guest.invoke('write_body', RESPONSE, 0, STREAM_FROM_BYTES)).toBeInstanceOf(Promise);
      expect(guest.invoke('write_body', RESPONSE, 'more')).toBeInstanceOf(Promise);
    });
  });

  it('is held with response buffering, however large, up to its cap', async () => {
    const guest = new DirectGuest();
    guest.pages.grow(20);
    const run = guest.handle({}, () => {
      guest.call('enable_features', 2);
      for (let i = 0; i < 16; i++) guest.call('write_body', RESPONSE, 0, MAX_BUFFERED_BODY_BYTES / 16);
      expect(guest.streamed).toEqual([]);
      guest.call('write_body', RESPONSE, 0, 1);
    });
    await expect(run).rejects.toMatchObject({ outcome: 'memory_limit' });
  });

  it.each([
    ['a body outside memory', [RESPONSE, 65_530, 8]],
    ['a negative pointer', [RESPONSE, -1, 1]],
    ['an unknown kind', [7, 0, 1]],
  ] as const)('ends the guest on %s', (_, args) =>
    within({}, (guest) => {
      expect(() => guest.call('write_body', ...args)).toThrow(GuestFault);
    }),
  );

  it('after the next handler needs response buffering', async () => {
    const guest = new DirectGuest();
    const run = guest.handle(
      { origin: new NotingBackend() },
      () => 1n,
      () => void guest.call('write_body', RESPONSE, 'x'),
    );
    await expect(run).rejects.toThrow(/without having enabled its buffering/);
  });
});

describe('write_body to the request', () => {
  it('replaces the body for the next handler, and says its length', async () => {
    const guest = new DirectGuest();
    const [origin, body] = [new NotingBackend(), new LateSource("the client's")];
    await guest.handle({ body, origin, headers: [['content-length', '12']] }, () => {
      guest.call('write_body', REQUEST, 'new ');
      guest.call('write_body', REQUEST, 'body');
      return 1n;
    });
    expect(origin.asked[0]).toMatchObject({ text: 'new body', contentLength: 8 });
    expect(body.cancelled).toBe(1);
  });

  it('of nothing empties it', async () => {
    const guest = new DirectGuest();
    const origin = new NotingBackend();
    await guest.handle({ body: 'old', origin }, () => {
      guest.call('write_body', REQUEST, '');
      return 1n;
    });
    expect(origin.asked[0]).toMatchObject({ text: '', body: null, contentLength: 0 });
  });

  it('says the length of what it wrote, also when the guest reads with buffering afterwards', async () => {
    const guest = new DirectGuest();
    const origin = new NotingBackend();
    await guest.handle({ body: 'the old body', origin }, () => {
      guest.call('enable_features', 1);
      guest.call('write_body', REQUEST, 'new');
      guest.call('read_body', REQUEST, 0, 100);
      return 1n;
    });
    expect(origin.asked[0]).toMatchObject({ text: 'new', contentLength: 3 });
  });

  it('is bounded', async () => {
    const guest = new DirectGuest();
    guest.pages.grow(300);
    const run = guest.handle({}, () => {
      guest.call('write_body', REQUEST, 0, MAX_BUFFERED_BODY_BYTES);
      guest.call('write_body', REQUEST, 0, 1);
    });
    await expect(run).rejects.toMatchObject({ outcome: 'memory_limit' });
  });

  it('after the next handler ends the guest', async () => {
    const guest = new DirectGuest();
    const run = guest.handle(
      { origin: new NotingBackend() },
      () => 1n,
      () => void guest.call('write_body', REQUEST, 'x'),
    );
    await expect(run).rejects.toThrow(GuestFault);
  });
});

describe('the request body for the next handler', () => {
  const head = [['content-length', '6']] as const;

  it("is the client's own when the guest left it alone", async () => {
    const guest = new DirectGuest();
    const [origin, body] = [new NotingBackend(), new LateSource('abc', 'def')];
    await guest.handle({ body, origin, headers: head }, () => 1n);
    expect(origin.asked[0]).toMatchObject({ text: 'abcdef', contentLength: 6 });
    expect(origin.asked[0]?.body).toBe(body);
  });

  it('is replayed when the guest read it with buffering', async () => {
    const guest = new DirectGuest();
    const origin = new NotingBackend();
    await guest.handle({ body: new LateSource('abc', 'def'), origin, headers: head }, async () => {
      expect(guest.call('enable_features', 1)).toBe(1);
      await guest.invoke('read_body', REQUEST, 0, 4);
      return 1n;
    });
    expect(origin.asked[0]).toMatchObject({ text: 'abcdef', contentLength: 6 });
  });

  it('is the rest, of unknown length, when the guest consumed a part', async () => {
    const guest = new DirectGuest();
    const origin = new NotingBackend();
    await guest.handle({ body: new LateSource('abc', 'def'), origin, headers: head }, async () => {
      await guest.invoke('read_body', REQUEST, 0, 4);
      return 1n;
    });
    expect(origin.asked[0]?.text).toBe('ef');
    expect(origin.asked[0]?.contentLength).toBeUndefined();
  });

  it("has the length of the client's body, not the one that the guest puts into the field", async () => {
    const guest = new DirectGuest();
    const origin = new NotingBackend();
    await guest.handle({ body: 'abcdef', origin, headers: head }, () => {
      guest.call('set_header_value', REQUEST, 'content-length', '9999');
      return 1n;
    });
    expect(origin.asked[0]?.contentLength).toBe(6);
  });

  it('that is replayed can be cancelled as a whole', async () => {
    const guest = new DirectGuest();
    const body = new LateSource('abc', 'def');
    let outgoing: BodySource | null = null;
    await guest.handle(
      {
        body,
        origin: {
          fetch: (request) => {
            outgoing = request.body;
            request.body?.cancel();
            return new NotingBackend().fetch({ ...request, body: null });
          },
        },
      },
      async () => {
        guest.call('enable_features', 1);
        await guest.invoke('read_body', REQUEST, 0, 2);
        return 1n;
      },
    );
    expect(body.cancelled).toBe(1);
    expect((await readAll(outgoing)).includes('ab')).toBe(false);
  });

  it('that is kept for replay is bounded', async () => {
    const guest = new DirectGuest();
    guest.pages.grow(300);
    const endless: BodySource = { read: (most) => new Uint8Array(most), cancel: () => {} };
    const run = guest.handle({ body: endless }, () => {
      guest.call('enable_features', 1);
      guest.call('read_body', REQUEST, 0, MAX_BUFFERED_BODY_BYTES);
      guest.call('read_body', REQUEST, 0, 1);
    });
    await expect(run).rejects.toMatchObject({ outcome: 'memory_limit' });
  });
});
