/* oxlint-disable vitest/no-conditional-expect -- each case of a table says what is expected of it */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { GuestFault } from '../../../../src/abi/guest-fault.ts';
import { ERRNO, ERRNO_OF_FAULT } from '../../../../src/abi/kerb/errno.ts';
import { MAX_FETCH_BODY_BYTES, MAX_OPEN_FETCHES } from '../../../../src/abi/kerb/limits.ts';
import { BackendError, type BackendFault } from '../../../../src/capability/backend.ts';
import { BodyError, type BodySource } from '../../../../src/http/body.ts';
import { MAX_FIELDS, MAX_TARGET_BYTES } from '../../../../src/http/limits.ts';
import { DirectGuest, LateSource, NotingBackend, readAll, whole } from '../http-wasm/direct-guest.ts';
import { answerOf, Caller, calling, guestAfter, HeldBackend } from './fetch-guest.ts';

describe('request', () => {
  it('answers a handle for a backend of the manifest', () =>
    calling({ backends: { main: new NotingBackend() } }, (call) => {
      expect(call.now('request', 'main', 'GET', '/a?b=%20')).toBeGreaterThan(0);
    }));

  it.each([
    ['an unknown backend', ['other', 'GET', '/'], 'not_granted'],
    ['a name of a prototype', ['constructor', 'GET', '/'], 'not_granted'],
    ['a name longer than any', ['m'.repeat(64), 'GET', '/'], 'not_granted'],
    ['an empty name', ['', 'GET', '/'], 'not_granted'],
    ['a method that is no token', ['main', 'G T', '/'], 'invalid'],
    ['an empty method', ['main', '', '/'], 'invalid'],
    ['a method with a line break', ['main', 'GET / HTTP/1.1\r\nX: y', '/'], 'invalid'],
    ['CONNECT', ['main', 'CONNECT', '/'], 'invalid'],
    ['an absolute target', ['main', 'GET', 'http://evil.example/'], 'invalid'],
    ['a target without a path', ['main', 'GET', '?q'], 'invalid'],
    ['an empty target', ['main', 'GET', ''], 'invalid'],
    ['an authority as target', ['main', 'GET', '@evil.example/'], 'invalid'],
    ['a target with a line break', ['main', 'GET', '/ HTTP/1.1\r\nHost: evil\r\n\r\n'], 'invalid'],
    ['a target with a fragment', ['main', 'GET', '/#x'], 'invalid'],
    ['a target beyond ASCII', ['main', 'GET', '/ü'], 'invalid'],
    ['a target longer than any', ['main', 'GET', `/${'a'.repeat(MAX_TARGET_BYTES)}`], 'too_large'],
  ] as const)('refuses %s', (_, args, errno) =>
    calling({ backends: { main: new NotingBackend() } }, (call) => {
      expect(call.now('request', ...args)).toBe(ERRNO[errno]);
    }),
  );

  it(`answers too_many beyond ${MAX_OPEN_FETCHES}, until one is closed`, () =>
    calling({ backends: { main: new NotingBackend() } }, (call) => {
      const handles = Array.from({ length: MAX_OPEN_FETCHES }, () => call.now('request', 'main', 'GET', '/'));
      expect(new Set(handles).size).toBe(MAX_OPEN_FETCHES);
      for (let i = 0; i < 2_000; i++) expect(call.now('request', 'main', 'GET', '/')).toBe(ERRNO.too_many);
      expect(call.now('close', handles[3] ?? 0)).toBe(0);
      expect(call.now('request', 'main', 'GET', '/')).toBeGreaterThan(Math.max(...handles));
    }));

  it('outside a request answers no_request', () => {
    expect(new Caller(new DirectGuest()).now('request', 'main', 'GET', '/')).toBe(ERRNO.no_request);
  });

  it.each([
    [65_536, 1],
    [-4, 8],
    [0, -1],
  ])('treats %i, %i as what they are', (pointer, length) =>
    calling({ backends: { main: new NotingBackend() } }, ({ guest }) => {
      const run = (): unknown => guest.call('kerb_fetch.request', pointer, length, 'GET', '/');
      if (length === -1) expect(run()).toBe(ERRNO.not_granted);
      else expect(run).toThrow(GuestFault);
    }),
  );
});

describe('header', () => {
  it('adds fields in order, repeated ones too', async () => {
    const backend = new NotingBackend();
    await calling({ backends: { main: backend } }, async (call) => {
      const handle = call.now('request', 'main', 'GET', '/');
      expect(call.now('header', handle, 'X-A', 'grün')).toBe(0);
      expect(call.now('header', handle, 'x-a', '')).toBe(0);
      await call.late('wait', call.now('send', handle), -1);
    });
    expect(backend.asked[0]?.headers.getAll('x-a')).toEqual(['grün', '']);
  });

  it.each([
    'Host',
    'content-length',
    'CDN-Loop',
    'Expect',
    'forwarded',
    'X-Forwarded-For',
    'x-forwarded-host',
    'x-forwarded-proto',
    'Connection',
    'keep-alive',
    'TE',
    'trailer',
    'Transfer-Encoding',
    'upgrade',
    'Sec-WebSocket-Key',
    'sec-websocket-version',
    'sec-websocket-extensions',
    'sec-websocket-accept',
    'proxy-connection',
    'Proxy-Authorization',
  ])('refuses %s, which is the host’s', (name) =>
    calling({ backends: { main: new NotingBackend() } }, (call) => {
      expect(call.now('header', call.now('request', 'main', 'GET', '/'), name, '1')).toBe(ERRNO.forbidden);
    }),
  );

  it.each([
    ['a value with CR LF', 'x', 'a\r\nHost: evil'],
    ['a value with NUL', 'x', 'a\0b'],
    ['a name with a colon', 'x:', 'a'],
    ['a name with a line break', 'x\r\ny', 'a'],
    ['an empty name', '', 'a'],
  ])('refuses %s', (_, name, value) =>
    calling({ backends: { main: new NotingBackend() } }, (call) => {
      expect(call.now('header', call.now('request', 'main', 'GET', '/'), name, value)).toBe(ERRNO.invalid);
    }),
  );

  it('refuses more fields, and more bytes of them, than a message may have', () =>
    calling({ backends: { main: new NotingBackend() } }, (call) => {
      const [many, large] = [call.now('request', 'main', 'GET', '/'), call.now('request', 'main', 'GET', '/')];
      for (let i = 0; i < MAX_FIELDS; i++) expect(call.now('header', many, 'x', 'y')).toBe(0);
      expect(call.now('header', many, 'x', 'y')).toBe(ERRNO.too_large);
      for (let i = 0; i < 3; i++) expect(call.now('header', large, 'x', 'v'.repeat(20_000))).toBe(0);
      expect(call.now('header', large, 'x', 'v'.repeat(20_000))).toBe(ERRNO.too_large);
    }));
});

describe('body', () => {
  it('adds up, is copied at once, and goes out with its length', async () => {
    const backend = new NotingBackend();
    await calling({ backends: { main: backend } }, async (call) => {
      const handle = call.now('request', 'main', 'POST', '/');
      expect([call.now('body', handle, 'one '), call.now('body', handle, ''), call.now('body', handle, 'two')]).toEqual(
        [0, 0, 0],
      );
      call.guest.memory.write(40_000, Buffer.from('xxxxxxxx'));
      await call.late('wait', call.now('send', handle), -1);
    });
    expect(backend.asked[0]).toMatchObject({ text: 'one two', contentLength: 7, method: 'POST' });
  });

  it('that is too large is refused before it is copied', async () => {
    await calling({ backends: { main: new NotingBackend() } }, (call) => {
      call.guest.pages.grow(300);
      const handle = call.now('request', 'main', 'POST', '/');
      const before = call.guest.held;
      expect(call.guest.call('kerb_fetch.body', handle, 0, MAX_FETCH_BODY_BYTES)).toBe(0);
      expect(call.guest.held - before).toBe(MAX_FETCH_BODY_BYTES / 65_536);
      expect(call.guest.call('kerb_fetch.body', handle, 0, 1)).toBe(ERRNO.too_large);
      expect(call.guest.call('kerb_fetch.body', handle, 0, -1)).toBe(ERRNO.too_large);
      expect(call.now('close', handle)).toBe(0);
      expect(call.guest.held).toBe(0);
    });
  });

  it('outside memory ends the guest', () =>
    calling({ backends: { main: new NotingBackend() } }, (call) => {
      const handle = call.now('request', 'main', 'POST', '/');
      expect(() => call.guest.call('kerb_fetch.body', handle, 65_530, 7)).toThrow(GuestFault);
    }));
});

describe('after send', () => {
  it('nothing can be changed, and it cannot be sent again', () =>
    calling({ backends: { main: new HeldBackend() } }, (call) => {
      const { handle } = call.sent();
      expect(call.now('header', handle, 'x', 'y')).toBe(ERRNO.wrong_state);
      expect(call.now('body', handle, 'y')).toBe(ERRNO.wrong_state);
      expect(call.now('send', handle)).toBe(ERRNO.wrong_state);
      expect(call.now('response_header_names', handle, 0, 0)).toBe(ERRNO.wrong_state);
      expect(call.now('read', handle, 0, 8)).toBe(ERRNO.wrong_state);
      expect(call.now('respond', handle)).toBe(ERRNO.wrong_state);
    }));

  it('who asks is what the host knows', async () => {
    const backend = new NotingBackend();
    await calling({ backends: { main: backend }, ip: '192.0.2.9' }, async (call) => {
      await call.late('wait', call.sent().ticket, -1);
    });
    expect(backend.asked[0]?.forwarded?.for).toBe('192.0.2.9');
  });
});

describe('wait', () => {
  it('answers the status, and again at once', () =>
    calling({ backends: { main: new NotingBackend({ status: 418 }) } }, async (call) => {
      const { ticket } = call.sent();
      expect(await call.late('wait', ticket, -1)).toBe(418);
      expect(call.now('wait', ticket, 0)).toBe(418);
    }));

  it.each(Object.keys(ERRNO_OF_FAULT) as BackendFault[])('answers why there is no answer: %s', async (fault) => {
    const guest = await guestAfter(
      { backends: { main: new NotingBackend(new BackendError(fault, 'why')) } },
      async (call) => {
        const { ticket, handle } = call.sent();
        expect(await call.late('wait', ticket, -1)).toBe(ERRNO_OF_FAULT[fault]);
        expect(call.now('read', handle, 0, 8)).toBe(ERRNO.wrong_state);
      },
    );
    expect(guest.lines).toEqual([['warn', 'kerb_fetch: why']]);
  });

  it('with a timeout of 0 looks, and after a timeout can be called again', async () => {
    const backend = new HeldBackend();
    await calling({ backends: { main: backend } }, async (call) => {
      const { ticket } = call.sent();
      expect(call.now('wait', ticket, 0)).toBe(ERRNO.timeout);
      expect(await call.late('wait', ticket, 1)).toBe(ERRNO.timeout);
      expect(backend.givenUp).toBe(0);
      const waiting = call.late('wait', ticket, -1);
      backend.answer(0, answerOf(204));
      expect(await waiting).toBe(204);
    });
  });

  it.each([-1, -2, 0x7fff_ffff, -0x8000_0000])(
    'with a timeout of %i, which no timer can hold, goes on',
    async (timeout) => {
      const backend = new HeldBackend();
      await calling({ backends: { main: backend } }, async (call) => {
        const { ticket } = call.sent();
        vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
        onTestFinished(() => void vi.useRealTimers());
        const waiting = call.late('wait', ticket, timeout);
        // Long enough for a timer that was set too short by an overflow.
        await vi.advanceTimersByTimeAsync(60_000);
        backend.answer(0, answerOf(204));
        expect(await waiting).toBe(204);
      });
    },
  );

  it('knows its tickets: no handle, nothing forged, no draft', () =>
    calling({ backends: { main: new HeldBackend() } }, (call) => {
      const draft = call.now('request', 'main', 'GET', '/');
      const { handle } = call.sent();
      for (const forged of [draft, draft + 1, handle, handle + 3, 0, -1, 1, 0x7fff_ffff, -0x8000_0000])
        expect(call.now('wait', forged, 0)).toBe(ERRNO.bad_handle);
      expect(call.now('wait', handle + 1, 0)).toBe(ERRNO.timeout);
    }));
});

describe('wait_any', () => {
  it('answers the first in the list that is ready, however late', async () => {
    const backend = new HeldBackend();
    await calling({ backends: { main: backend } }, async (call) => {
      const tickets = [call.sent().ticket, call.sent().ticket, call.sent().ticket];
      const waiting = call.waitAny(tickets);
      backend.answer(2, answerOf(203));
      expect(await waiting).toBe(2);
      backend.answer(0, new BackendError('connect', 'gone'));
      expect(await call.late('wait', tickets[0] ?? 0, -1)).toBe(ERRNO.unreachable);
      expect(await call.waitAny(tickets)).toBe(0);
      expect(await call.waitAny(tickets.slice(1, 2), 0)).toBe(ERRNO.timeout);
    });
  });

  it('refuses none, too many, and a list with anything else', () =>
    calling({ backends: { main: new HeldBackend() } }, async (call) => {
      const { ticket, handle } = call.sent();
      expect(await call.waitAny([])).toBe(ERRNO.invalid);
      expect(await call.waitAny(Array.from({ length: MAX_OPEN_FETCHES + 1 }, () => ticket))).toBe(ERRNO.invalid);
      expect(await call.waitAny([ticket, handle])).toBe(ERRNO.bad_handle);
      expect(() => call.now('wait_any', 65_533, 1, 0)).toThrow(GuestFault);
    }));
});

describe('the answer', () => {
  const fields = [
    ['Content-Type', 'text/x'],
    ['Set-Cookie', 'a=1'],
    ['set-cookie', 'b=2'],
    ['X-Empty', ''],
  ] as const;

  it('has its fields, and its body in pieces', async () => {
    const backend = new HeldBackend();
    await calling({ backends: { main: backend } }, async (call) => {
      const { handle, ticket } = call.sent();
      backend.answer(0, answerOf(200, new LateSource('abc', 'defgh'), fields));
      await call.late('wait', ticket, -1);
      expect(call.texts('response_header_names', handle)).toEqual(['content-type', 'set-cookie', 'x-empty']);
      expect(call.texts('response_header', handle, 'Set-Cookie')).toEqual(['a=1', 'b=2']);
      expect(call.texts('response_header', handle, 'x-empty')).toEqual(['']);
      expect(call.now('response_header', handle, 'none', 0, 100)).toBe(0);
      expect(call.now('response_header', handle, 'no token', 0, 100)).toBe(ERRNO.invalid);
      expect(await call.late('read', handle, 0, 2)).toBe(2);
      expect(await call.body(handle)).toBe('cdefgh');
      expect(await call.late('read', handle, 0, 2)).toBe(0);
    });
  });

  it('is not written where it does not fit', () =>
    calling({ backends: { main: new NotingBackend({ headers: answerOf(200, '', fields).headers }) } }, async (call) => {
      const { handle, ticket } = call.sent();
      await call.late('wait', ticket, -1);
      expect(call.now('response_header', handle, 'set-cookie', 0, 7)).toBe(8);
      expect(call.guest.memory.read(0, 8).every((byte) => byte === 0)).toBe(true);
    }));

  it('that breaks off says so, after what came before', async () => {
    const pieces = [Buffer.from('half'), new BodyError('closed')];
    const broken: BodySource = {
      read: () => {
        const piece = pieces.shift() ?? new BodyError('closed');
        return piece instanceof Error ? Promise.reject(piece) : piece;
      },
      cancel: () => {},
    };
    const backend = new HeldBackend();
    await calling({ backends: { main: backend } }, async (call) => {
      const { handle, ticket } = call.sent();
      backend.answer(0, answerOf(200, broken));
      await call.late('wait', ticket, -1);
      expect(await call.body(handle)).toBe(`half!${ERRNO.broken}`);
    });
  });

  it.each([
    ['an empty buffer', [0, 0], ERRNO.invalid],
    ['a buffer outside memory', [65_530, 7], null],
    ['a negative limit', [0, -1], null],
  ] as const)('is not read into %s', (_, args, errno) =>
    calling({ backends: { main: new NotingBackend() } }, async (call) => {
      const { handle, ticket } = call.sent();
      await call.late('wait', ticket, -1);
      if (errno === null) expect(() => call.now('read', handle, ...args)).toThrow(GuestFault);
      else expect(call.now('read', handle, ...args)).toBe(errno);
    }),
  );
});

describe('respond', () => {
  it('makes the answer the response, with what the guest has set beside it', async () => {
    const guest = new DirectGuest();
    const backend = new NotingBackend({
      status: 203,
      text: 'theirs',
      headers: answerOf(200, '', [['x', 'b']]).headers,
    });
    const reply = await guest.handle({ backends: { main: backend } }, async () => {
      const call = new Caller(guest);
      guest.call('set_header_value', 1, 'x', 'guest');
      guest.call('set_header_value', 1, 'y', 'guest');
      guest.call('write_body', 1, 'ours, ');
      const { handle, ticket } = call.sent();
      await call.late('wait', ticket, -1);
      expect(call.now('respond', handle)).toBe(0);
      expect(call.now('respond', handle)).toBe(ERRNO.wrong_state);
      expect(call.now('read', handle, 0, 8)).toBe(ERRNO.wrong_state);
    });
    guest.guest.reset('instance');
    if (reply.kind !== 'relay') throw new Error(`the reply is ${reply.kind}`);
    expect([reply.head.status, reply.head.headers.get('x'), reply.head.headers.get('y')]).toEqual([203, 'b', 'guest']);
    expect(await readAll(reply.body)).toBe('ours, theirs');
  });

  it('a second time gives the first answer up; a write replaces it', async () => {
    const guest = new DirectGuest();
    const [first, second] = [new LateSource('1'), new LateSource('2')];
    const backend = new HeldBackend();
    const reply = await guest.handle({ backends: { main: backend } }, async () => {
      const call = new Caller(guest);
      for (const [place, body] of [first, second].entries()) {
        const { handle, ticket } = call.sent();
        backend.answer(place, answerOf(200, body));
        await call.late('wait', ticket, -1);
        expect(call.now('respond', handle)).toBe(0);
      }
      expect([first.cancelled, second.cancelled]).toEqual([1, 0]);
      guest.call('write_body', 1, 'mine');
    });
    expect([first.cancelled, second.cancelled]).toEqual([1, 1]);
    expect(whole(reply).text).toBe('mine');
  });

  it('a second time drops the fields of the first answer, and brings back what they stood in for', async () => {
    const guest = new DirectGuest();
    const backend = new HeldBackend();
    const first: [string, string][] = [
      ['set-cookie', 'session=theirs'],
      ['set-cookie', 'a=1'],
      ['content-type', 'text/html'],
      ['x-changed', 'first'],
      ['etag', '"1"'],
    ];
    const reply = await guest.handle({ backends: { main: backend } }, async () => {
      const call = new Caller(guest);
      guest.call('set_header_value', 1, 'Content-Type', 'text/plain');
      guest.call('set_header_value', 1, 'set-cookie', 'a=1');
      for (const [place, fields] of [first, [['x', 'second'] as [string, string]]].entries()) {
        const { handle, ticket } = call.sent();
        backend.answer(place, answerOf(200, 'body', fields));
        await call.late('wait', ticket, -1);
        expect(call.now('respond', handle)).toBe(0);
        if (place === 0) guest.call('set_header_value', 1, 'x-changed', 'mine');
      }
    });
    if (reply.kind !== 'relay') throw new Error(`the reply is ${reply.kind}`);
    const fields: [string, string][] = [];
    reply.head.headers.forEach((name, value) => fields.push([name, value]));
    expect(fields).toEqual([
      ['x', 'second'],
      ['x-changed', 'mine'],
      ['set-cookie', 'a=1'],
      ['Content-Type', 'text/plain'],
    ]);
  });

  it.each(['nothing', 'a body of its own'])('then "next", with %s between, leaves nothing of it', async (between) => {
    const guest = new DirectGuest();
    const body = new LateSource('theirs');
    const theirs = answerOf(200, body, [['set-cookie', 'session=theirs']]);
    const origin = new NotingBackend({ headers: answerOf(200, '', [['x', 'origin']]).headers });
    const backend = new HeldBackend();
    const reply = await guest.handle({ backends: { main: backend }, origin }, async () => {
      const call = new Caller(guest);
      const { handle, ticket } = call.sent();
      backend.answer(0, theirs);
      await call.late('wait', ticket, -1);
      expect(call.now('respond', handle)).toBe(0);
      if (between !== 'nothing') guest.call('write_body', 1, '');
      return 1n;
    });
    if (reply.kind !== 'relay') throw new Error(`the reply is ${reply.kind}`);
    expect([reply.head.headers.names(), body.cancelled]).toEqual([['x'], 1]);
  });

  it('after "next" and without an answer is refused', async () => {
    const guest = new DirectGuest();
    const call = new Caller(guest);
    let handle = 0;
    const backend = new NotingBackend();
    await guest.handle(
      { backends: { main: backend }, origin: new NotingBackend() },
      async () => {
        const sent = call.sent();
        ({ handle } = sent);
        await call.late('wait', sent.ticket, -1);
        return 1n;
      },
      () => {
        expect(call.now('respond', handle)).toBe(ERRNO.wrong_state);
      },
    );
    expect(handle).toBeGreaterThan(0);
  });

  it('of an answer to HEAD announces no body that never comes', async () => {
    const guest = new DirectGuest();
    const headers = answerOf(200, '', [['content-length', '99']]).headers;
    const reply = await guest.handle({ backends: { main: new NotingBackend({ headers, text: '' }) } }, async () => {
      const call = new Caller(guest);
      const { handle, ticket } = call.sent('main', 'HEAD');
      await call.late('wait', ticket, -1);
      expect(call.now('respond', handle)).toBe(0);
    });
    expect(reply.kind !== 'streamed' && reply.head.headers.has('content-length')).toBe(false);
  });
});
