/* oxlint-disable vitest/no-conditional-expect -- each case of a table says what is expected of it */
import { describe, expect, it } from 'vitest';
import { GuestExit, GuestFault } from '../../../../src/abi/guest-fault.ts';
import { HTTP_HANDLER } from '../../../../src/abi/http-wasm/functions.ts';
import { HTTP_WASM } from '../../../../src/abi/http-wasm/http-wasm.ts';
import { BackendError } from '../../../../src/capability/backend.ts';
import { HeaderList } from '../../../../src/http/headers.ts';
import { DirectGuest, inRequest, LateSource, NotingBackend, readAll, whole } from './direct-guest.ts';

const REQUEST = 0;
const RESPONSE = 1;

const EXCHANGE = { method: 'POST', target: '/a?b=c', ip: '192.0.2.7' };

/** Runs `code` inside `handle_request`. */
async function within(code: (guest: DirectGuest) => unknown): Promise<void> {
  await inRequest(EXCHANGE, code);
}

describe('the import module', () => {
  it('has the 19 functions of the specification, with its types', () => {
    const types = Object.fromEntries(Object.entries(HTTP_HANDLER).map(([name, { signature }]) => [name, signature]));
    expect(types).toEqual({
      get_config: 'ii->i',
      enable_features: 'i->i',
      log: 'iii->',
      log_enabled: 'i->i',
      get_header_names: 'iii->I',
      get_header_values: 'iiiii->I',
      set_header_value: 'iiiii->',
      add_header_value: 'iiiii->',
      remove_header: 'iii->',
      read_body: 'iii->I',
      write_body: 'iii->',
      get_method: 'ii->i',
      set_method: 'ii->',
      get_uri: 'ii->i',
      set_uri: 'ii->',
      get_protocol_version: 'ii->i',
      get_source_addr: 'ii->i',
      get_status_code: '->i',
      set_status_code: 'i->',
    });
  });

  it('only waits where bodies move', () => {
    const waiting = Object.entries(HTTP_HANDLER).filter(([, { suspends }]) => suspends === true);
    expect(waiting.map(([name]) => name)).toEqual(['read_body', 'write_body']);
  });

  it('of the ABI asks guests for handle_request alone', () => {
    expect(HTTP_WASM.requiredExports).toEqual(['handle_request']);
    expect(HTTP_WASM.initialises(new Set(['handle_request']))).toBe(false);
    expect(HTTP_WASM.initialises(new Set(['_initialize']))).toBe(true);
  });
});

describe('get_config', () => {
  it('writes the bytes of the configuration, and their length', () =>
    within((guest) => {
      expect(guest.call('get_config', 0, 7)).toBe(7);
      expect(Buffer.from(guest.memory.read(0, 7)).toString()).toBe('conf\0ig');
    }));

  it('writes nothing into less room', () =>
    within((guest) => {
      expect(guest.call('get_config', 0, 6)).toBe(7);
      expect(guest.memory.readU8(0)).toBe(0);
      expect(() => guest.call('get_config', 65_530, 7)).toThrow(GuestFault);
    }));

  it('works without a request: start functions read it', () => {
    expect(new DirectGuest().call('get_config', 0, 0)).toBe(7);
  });
});

describe('enable_features', () => {
  it('answers the features that are on, and never trailers', () =>
    within((guest) => {
      expect(guest.call('enable_features', 0)).toBe(0);
      expect(guest.call('enable_features', 1)).toBe(1);
      expect(guest.call('enable_features', 6)).toBe(3);
      expect(guest.call('enable_features', -1)).toBe(3);
    }));

  it('outside a request holds for every request, inside for that one', async () => {
    const guest = new DirectGuest();
    expect(guest.call('enable_features', 2)).toBe(2);
    await guest.handle({}, () => {
      expect(guest.call('enable_features', 1)).toBe(3);
    });
    guest.guest.reset('exchange');
    await guest.handle({}, () => {
      expect(guest.call('enable_features', 0)).toBe(2);
    });
  });

  it('of one instance is not on in the next', async () => {
    const guest = new DirectGuest();
    expect(guest.call('enable_features', 2)).toBe(2);
    guest.guest.reset('instance');
    await guest.handle({}, () => {
      expect(guest.call('enable_features', 0)).toBe(0);
    });
  });
});

describe('log', () => {
  it.each([
    [-1, 'debug'],
    [0, 'info'],
    [1, 'warn'],
    [2, 'error'],
  ] as const)('at level %i goes out as %s', async (level, name) => {
    const guest = await inRequest(EXCHANGE, (inside) => inside.call('log', level, 'message'));
    expect(guest.lines).toEqual([[name, 'message']]);
  });

  it.each([3, 4, -2, 2_147_483_647])('at level %i goes nowhere', async (level) => {
    const guest = await inRequest(EXCHANGE, (inside) => inside.call('log', level, 'message'));
    expect(guest.lines).toEqual([]);
  });

  it('is cut at 8 KiB, however long the guest says it is', async () => {
    const guest = await inRequest(EXCHANGE, (inside) => inside.call('log', 0, 0, 60_000));
    expect(guest.lines[0]?.[1]).toHaveLength(8192);
  });

  it('outside memory ends the guest', () =>
    within((guest) => {
      expect(() => guest.call('log', 0, -1, 8)).toThrow(GuestFault);
    }));

  it('of a level that is not kept does nothing, and log_enabled says so', () =>
    within((guest) => {
      guest.silent.add('debug');
      expect(guest.call('log_enabled', -1)).toBe(0);
      expect(guest.call('log_enabled', 0)).toBe(1);
      expect(guest.call('log_enabled', 3)).toBe(0);
      guest.call('log', -1, 'x');
      expect(guest.lines).toEqual([]);
    }));
});

describe('request functions', () => {
  it('read method, URI, version and source', () =>
    within((guest) => {
      expect(guest.text('get_method')).toBe('POST');
      expect(guest.text('get_uri')).toBe('/a?b=c');
      expect(guest.text('get_protocol_version')).toBe('HTTP/1.1');
      expect(guest.text('get_source_addr')).toBe('192.0.2.7:1234');
    }));

  it('answer the length alone when there is no room', () =>
    within((guest) => {
      expect(guest.call('get_method', -1, 3)).toBe(4);
      expect(guest.call('get_uri', 0, 0)).toBe(6);
    }));

  it('spell an IPv6 source in brackets', async () => {
    const guest = new DirectGuest();
    await guest.handle({ ip: '2001:db8::1' }, () => {
      expect(guest.text('get_source_addr')).toBe('[2001:db8::1]:1234');
    });
  });

  it('change method and URI for the next handler', async () => {
    const guest = new DirectGuest();
    const origin = new NotingBackend();
    await guest.handle({ origin, target: '/old?q=1' }, () => {
      guest.call('set_method', 'PATCH');
      guest.call('set_uri', '/new');
      expect(guest.text('get_uri')).toBe('/new');
      return 1n;
    });
    expect(origin.asked[0]).toMatchObject({ method: 'PATCH', target: '/new' });
  });

  it('take an empty URI for /', () =>
    within((guest) => {
      guest.call('set_uri', '');
      expect(guest.text('get_uri')).toBe('/');
    }));

  it.each([
    ['set_method', ''],
    ['set_method', 'GET '],
    ['set_method', 'CONNECT'],
    ['set_method', 'GET\r\nX: y'],
    ['set_method', 'M'.repeat(65)],
    ['set_uri', 'relative'],
    ['set_uri', 'http://elsewhere/'],
    ['set_uri', '/with blank'],
    ['set_uri', '/with#fragment'],
    ['set_uri', '/nicht-ASCII-ü'],
    ['set_uri', '/a\r\nHost: evil'],
    ['set_uri', `/${'u'.repeat(16_384)}`],
  ])('%s(%j) ends the guest', (name, text) =>
    within((guest) => {
      expect(() => guest.call(name, text)).toThrow(GuestFault);
    }),
  );

  it.each(['set_method', 'set_uri'])('%s outside memory ends the guest', (name) =>
    within((guest) => {
      expect(() => guest.call(name, 65_535, 2)).toThrow(GuestFault);
      expect(() => guest.call(name, 0, -1)).toThrow(GuestFault);
    }),
  );
});

describe('response functions', () => {
  it('hold 200 until somebody sets another status', async () => {
    const guest = new DirectGuest();
    const reply = await guest.handle({}, () => {
      expect(guest.call('get_status_code')).toBe(200);
      guest.call('set_status_code', 418);
      expect(guest.call('get_status_code')).toBe(418);
    });
    expect(whole(reply).status).toBe(418);
  });

  it.each([0, -1, 99, 100, 103, 199, 600, 1000, 2_147_483_647])('refuse the status %i', (status) =>
    within((guest) => {
      expect(() => guest.call('set_status_code', status)).toThrow(GuestFault);
    }),
  );

  it("show the next handler's status, and change it with buffering only", async () => {
    for (const features of [0, 2]) {
      const guest = new DirectGuest();
      const run = guest.handle(
        { origin: new NotingBackend({ status: 404 }) },
        () => {
          guest.call('enable_features', features);
          return 1n;
        },
        () => {
          expect(guest.call('get_status_code')).toBe(404);
          guest.call('set_status_code', 200);
        },
      );
      if (features === 0) await expect(run).rejects.toThrow(GuestFault);
      else expect(whole(await run)).toMatchObject({ status: 200, text: 'from origin' });
    }
  });
});

describe('"next"', () => {
  it.each([
    [0n, 0],
    [16n << 32n, 0],
    [(16n << 32n) | 16n, 0],
    [1n, 1],
    [(16n << 32n) | 1n, 1],
    [2n, 0],
    [3n, 0],
  ])('ctx_next %i calls the next handler %i times', async (answer, calls) => {
    const origin = new NotingBackend();
    await new DirectGuest().handle({ origin }, () => answer);
    expect(origin.asked).toHaveLength(calls);
  });

  it.each([
    [(16n << 32n) | 1n, 16],
    [1n, 0],
    [BigInt.asIntN(64, 0xffff_ffff_0000_0001n), -1],
    [BigInt.asIntN(64, 0x8000_0000_0000_0001n), -2_147_483_648],
  ])('hands the context of %i on as the i32 %i', async (answer, expected) => {
    const seen: number[][] = [];
    await new DirectGuest().handle(
      { origin: new NotingBackend() },
      () => answer,
      (context, isError) => void seen.push([context, isError]),
    );
    expect(seen).toEqual([[expected, 0]]);
  });

  it('without an origin is no_response', async () => {
    await expect(new DirectGuest().handle({}, () => 1n)).rejects.toMatchObject({ outcome: 'no_response' });
  });

  it('that fails tells the guest with is_error, and ends with the failure', async () => {
    const failure = new BackendError('connect', 'refused');
    const seen: number[] = [];
    const run = new DirectGuest().handle(
      { origin: new NotingBackend(failure) },
      () => 1n,
      (_, isError) => void seen.push(isError),
    );
    await expect(run).rejects.toBe(failure);
    expect(seen).toEqual([1]);
  });

  it("relays the origin's body untouched without buffering", async () => {
    const body = new LateSource('a', 'b');
    const reply = await new DirectGuest().handle({ origin: new NotingBackend({ status: 206, body }) }, () => 1n);
    if (reply.kind !== 'relay') throw new Error(reply.kind);
    expect([reply.head.status, await readAll(reply.body), body.cancelled]).toEqual([206, 'ab', 0]);
  });

  it('gives the guest the whole body with buffering, and its first write replaces it', async () => {
    const guest = new DirectGuest();
    const reply = await guest.handle(
      { origin: new NotingBackend({ body: new LateSource('ab', 'cd') }) },
      () => {
        guest.call('enable_features', 2);
        return 1n;
      },
      () => {
        expect(guest.call('read_body', RESPONSE, 0, 3)).toBe(3n);
        expect(guest.memory.readText(0, 3)).toBe('abc');
        guest.call('write_body', RESPONSE, 'replaced');
        guest.call('write_body', RESPONSE, ' whole');
      },
    );
    expect(whole(reply).text).toBe('replaced whole');
  });

  it("keeps the origin's fields over the guest's, but adds cookies up", async () => {
    const guest = new DirectGuest();
    const headers = HeaderList.from([
      ['Server', 'origin'],
      ['Set-Cookie', 'o=1'],
    ]);
    const reply = await guest.handle({ origin: new NotingBackend({ headers }) }, () => {
      guest.call('enable_features', 2);
      guest.call('set_header_value', RESPONSE, 'server', 'guest');
      guest.call('set_header_value', RESPONSE, 'x-early', '1');
      guest.call('add_header_value', RESPONSE, 'set-cookie', 'g=1');
      return 1n;
    });
    expect(whole(reply).fields).toEqual([
      ['Server', 'origin'],
      ['Set-Cookie', 'o=1'],
      ['x-early', '1'],
      ['set-cookie', 'g=1'],
    ]);
    expect(headers.size).toBe(2);
  });

  it("gives the origin's body up when the guest fails after it", async () => {
    for (const features of [0, 2]) {
      const body = new LateSource('a', 'b');
      const guest = new DirectGuest();
      const run = guest.handle(
        { origin: new NotingBackend({ body }) },
        () => {
          guest.call('enable_features', features);
          return 1n;
        },
        () => {
          throw new GuestFault('late');
        },
      );
      await expect(run).rejects.toThrow('late');
      expect(body.cancelled).toBe(features === 0 ? 1 : 0);
    }
  });
});

describe('the state of a guest', () => {
  it('has no request outside one', () => {
    const guest = new DirectGuest();
    expect(() => guest.call('get_method', 0, 10)).toThrow(/no|none/);
    expect(() => guest.call('get_header_names', REQUEST, 0, 10)).toThrow(GuestFault);
    expect(() => guest.call('write_body', RESPONSE, 'x')).toThrow(GuestFault);
  });

  it('forgets the request with reset: nothing of it is reachable', async () => {
    const guest = await inRequest(EXCHANGE, () => {});
    guest.guest.reset('exchange');
    expect(() => guest.call('get_uri', 0, 100)).toThrow(GuestFault);
  });

  it("does not change the client's fields that other parts of Kerb log", async () => {
    const guest = new DirectGuest();
    const seen: string[] = [];
    await guest.handle({ headers: [['accept', 'a']] }, () => {
      seen.push(guest.text('get_header_values', REQUEST, 'accept'));
    });
    expect(seen).toEqual(['a\0']);
  });

  it('starts with _initialize before _start, and takes an exit with 0 for success', async () => {
    const called: string[] = [];
    const exports = new Set(['_start', '_initialize', 'handle_request']);
    await new DirectGuest().guest.start(async (name) => {
      called.push(name);
      if (name === '_start') throw new GuestExit(0);
    }, exports);
    expect(called).toEqual(['_initialize', '_start']);
    const failing = new DirectGuest().guest.start(() => Promise.reject(new GuestExit(1)), exports);
    await expect(failing).rejects.toThrow(GuestExit);
  });
});
