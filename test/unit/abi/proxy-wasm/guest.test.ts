import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Reply } from '../../../../src/abi/abi.ts';
import { BackendError, type Backend } from '../../../../src/capability/backend.ts';
import { BodyError } from '../../../../src/http/body.ts';
import { pairs } from '../../../filters.ts';
import { LateSource, NotingBackend, readAll, whole } from '../http-wasm/direct-guest.ts';
import { HeaderList } from '../../../../src/http/headers.ts';
import { DirectFilter, RESULT, type Code } from './direct-filter.ts';

/** Every callback, doing nothing. */
const ALL: Code = Object.fromEntries(
  [
    'context_create',
    'vm_start',
    'configure',
    'request_headers',
    'request_body',
    'response_headers',
    'response_body',
    'response_trailers',
    'http_call_response',
    'tick',
    'queue_ready',
    'done',
    'log',
    'delete',
  ].map((name) => [`proxy_on_${name}`, () => {}]),
);

const CALL = pairs([
  [':method', 'GET'],
  [':path', '/'],
  [':authority', 'a'],
]);

/** A backend that answers when it is told to. */
class HeldBackend implements Backend {
  readonly answers: (() => void)[] = [];

  fetch(): ReturnType<Backend['fetch']> {
    return new Promise((resolve) => {
      this.answers.push(() => void new NotingBackend().fetch(REQUEST).then(resolve));
    });
  }
}

const REQUEST = {
  method: 'GET',
  target: '/',
  headers: new HeaderList(),
  body: null,
  signal: new AbortController().signal,
};

/** The text of a reply that is whole or handed on. */
async function textOf(reply: Reply): Promise<string> {
  return reply.kind === 'relay' ? readAll(reply.body) : whole(reply).text;
}

/** From now on time passes when the test says so; turns of the event loop go on. */
function stopClocks(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'] });
}
afterEach(() => vi.useRealTimers());

async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
}

describe('the order of callbacks', () => {
  it('is that of the specification', async () => {
    const filter = new DirectFilter({ ...ALL, _initialize: () => {}, main: () => {} });
    await filter.start();
    const trailers = HeaderList.from([['x', 'y']]);
    const reply = await filter.handle({ method: 'POST', body: 'body', origin: new NotingBackend({ trailers }) });
    expect(whole(reply).text).toBe('from origin');
    expect(filter.called).toEqual([
      '_initialize',
      'main 0 0',
      'context_create 1 0',
      'vm_start 1 0',
      `configure 1 ${'the config'.length}`,
      'context_create 2 1',
      'request_headers 2 4 0',
      'request_body 2 4 1',
      'response_headers 2 1 0',
      'response_body 2 11 0',
      'response_trailers 2 1',
      'done 2',
      'log 2',
      'delete 2',
    ]);
  });

  it('knows _start where there is no _initialize, and none that is not exported', async () => {
    const filter = new DirectFilter({ _start: () => {} });
    await filter.start();
    expect(await textOf(await filter.handle({ origin: new NotingBackend() }))).toBe('from origin');
    expect(filter.called).toEqual(['_start']);
  });

  it('says that there is no body where there is none', async () => {
    const filter = new DirectFilter(ALL);
    await filter.start();
    await filter.handle({
      method: 'HEAD',
      origin: new NotingBackend({ headers: HeaderList.from([['content-length', '9']]) }),
    });
    expect(filter.called).toContain('request_headers 2 4 1');
    expect(filter.called).toContain('response_headers 2 2 1');
    expect(filter.called.join()).not.toContain('body');
  });

  it.each(['proxy_on_vm_start', 'proxy_on_configure'])('ends with %s when that refuses', async (name) => {
    await expect(new DirectFilter({ [name]: () => 0 }).start()).rejects.toThrow(`${name} answered false`);
  });
});

describe('a pause', () => {
  it('of a body gathers it, and shows it growing', async () => {
    const origin = new NotingBackend();
    const filter = new DirectFilter({ proxy_on_request_body: (_id, _size, last) => (last === 1 ? 0 : 1) });
    await filter.start();
    await filter.handle({ method: 'POST', body: new LateSource('ab', 'cd', 'ef'), origin });
    expect(filter.called).toEqual([
      'request_body 2 2 0',
      'request_body 2 4 0',
      'request_body 2 6 0',
      'request_body 2 6 1',
    ]);
    expect(origin.asked[0]).toMatchObject({ text: 'abcdef', contentLength: 6 });
  });

  it('of a part only lets the rest stream, without a length', async () => {
    const origin = new NotingBackend();
    const filter = new DirectFilter({ proxy_on_request_body: (_id, size, last) => (size < 4 && last === 0 ? 1 : 0) });
    await filter.start();
    await filter.handle({ method: 'POST', body: new LateSource('ab', 'cd', 'ef', 'gh'), origin });
    expect(origin.asked[0]).toMatchObject({ text: 'abcdefgh' });
    expect(origin.asked[0]?.contentLength).toBeUndefined();
  });

  it('ends when another callback lets the half go on', async () => {
    const site = new HeldBackend();
    const filter: DirectFilter = new DirectFilter({
      proxy_on_request_headers: () => {
        filter.call('http_call', 'site', CALL, '', '', 0, RESULT);
        return 1;
      },
      proxy_on_http_call_response: () => {
        expect(filter.call('continue_stream', 0)).toBe(12);
        expect(filter.call('set_effective_context', 2)).toBe(0);
        expect(filter.call('continue_stream', 0)).toBe(0);
      },
    });
    await filter.start();
    const handling = filter.handle({ origin: new NotingBackend(), backends: { site } });
    await settled();
    expect(filter.called).toEqual(['request_headers 2 4 1']);
    site.answers[0]?.();
    expect(await textOf(await handling)).toBe('from origin');
  });

  it('is not lost when what ends it comes in the turn in which it begins', async () => {
    const filter: DirectFilter = new DirectFilter({
      proxy_on_request_headers: async () => {
        filter.call('http_call', 'none', CALL, '', '', 0, RESULT);
        // Long enough for the answer to wait for its turn.
        await settled();
        return 1;
      },
      proxy_on_http_call_response: () => {
        filter.call('set_effective_context', 2);
        filter.call('continue_stream', 0);
      },
    });
    await filter.start();
    const none = new NotingBackend(new BackendError('connect', 'no'));
    expect(await textOf(await filter.handle({ origin: new NotingBackend(), backends: { none } }))).toBe('from origin');
    expect(filter.called).toContain('http_call_response 1 1 0 0 0');
  });

  it('for an answer that lets nothing go on ends the stream', async () => {
    const filter: DirectFilter = new DirectFilter({
      proxy_on_request_headers: () => {
        filter.call('http_call', 'site', CALL, '', '', 0, RESULT);
        return 1;
      },
    });
    await filter.start();
    const handling = filter.handle({ origin: new NotingBackend(), backends: { site: new NotingBackend() } });
    await expect(handling).rejects.toMatchObject({ outcome: 'no_response' });
  });

  it('ends with its request', async () => {
    const end = new AbortController();
    const filter: DirectFilter = new DirectFilter({
      proxy_on_configure: () => {
        filter.call('set_tick_period_milliseconds', 60_000);
        return 1;
      },
      proxy_on_request_headers: () => 1,
    });
    await filter.start();
    const handling = filter.handle({ signal: end.signal });
    end.abort();
    await expect(handling).rejects.toThrow('the request has ended');
    filter.guest.reset('instance');
  });
});

describe('a response', () => {
  it('is streamed as it comes, without a length once it was resized', async () => {
    const filter: DirectFilter = new DirectFilter({
      proxy_on_response_body: (_id, size, last) => {
        if (last === 0) filter.call('set_buffer_bytes', 1, size, 0, '!');
      },
    });
    await filter.start();
    const headers = HeaderList.from([['content-length', '4']]);
    const reply = await filter.handle({ origin: new NotingBackend({ headers, body: new LateSource('ab', 'cd') }) });
    expect(reply.kind).toBe('streamed');
    expect(filter.streamed).toMatchObject([{ body: 'ab!cd!' }]);
    expect(filter.streamed[0]?.head.headers.has('content-length')).toBe(false);
  });

  it("whose origin breaks off is the origin's fault", async () => {
    const filter = new DirectFilter(ALL);
    await filter.start();
    const body = { read: () => Promise.reject(new BodyError('closed')), cancel: () => {} };
    await expect(filter.handle({ origin: new NotingBackend({ body }) })).rejects.toMatchObject({
      outcome: 'backend_error',
    });
  });

  it("of the filter's own gives up that of the origin", async () => {
    const body = new LateSource('never read');
    const filter: DirectFilter = new DirectFilter({
      proxy_on_response_headers: () => {
        filter.call('send_local_response', 500, '', 'mine', pairs([['X-A', 'b']]), 0);
        filter.call('send_local_response', 501, '', 'a second one', '', 0);
        return 1;
      },
    });
    await filter.start();
    const { status, text, fields } = whole(await filter.handle({ origin: new NotingBackend({ body }) }));
    expect({ status, text, fields }).toEqual({ status: 500, text: 'mine', fields: [['x-a', 'b']] });
    expect(body.cancelled).toBeGreaterThan(0);
  });

  it('needs an origin', async () => {
    const filter = new DirectFilter(ALL);
    await filter.start();
    await expect(filter.handle({})).rejects.toMatchObject({ outcome: 'no_response' });
  });
});

describe('a finished stream', () => {
  it('waits for proxy_done while something is under way', async () => {
    const site = new HeldBackend();
    const filter: DirectFilter = new DirectFilter({
      ...ALL,
      proxy_on_response_headers: () => {
        expect(filter.call('done')).toBe(1);
        filter.call('http_call', 'site', CALL, '', '', 0, RESULT);
      },
      proxy_on_done: () => 0,
      proxy_on_http_call_response: () => {
        filter.call('set_effective_context', 2);
        expect(filter.call('done')).toBe(0);
      },
    });
    await filter.start();
    const handling = filter.handle({ origin: new NotingBackend(), backends: { site } });
    await settled();
    expect(filter.called.at(-1)).toBe('done 2');
    site.answers[0]?.();
    await handling;
    expect(filter.called.slice(-3)).toEqual(['http_call_response 1 1 1 11 0', 'log 2', 'delete 2']);
  });
});

describe('the context of the plugin, in an instance that lives on', () => {
  it('has its calls answered before a stream begins, those of its start too', async () => {
    const filter: DirectFilter = new DirectFilter({
      ...ALL,
      proxy_on_configure: () => {
        expect(filter.call('http_call', 'site', CALL, '', '', 0, RESULT)).toBe(0);
        return 1;
      },
    });
    await filter.start();
    await filter.handle({ origin: new NotingBackend(), backends: { site: new NotingBackend() } });
    expect(filter.called.slice(2, 5)).toEqual([
      'configure 1 10',
      'http_call_response 1 1 1 11 0',
      'context_create 2 1',
    ]);
  });

  it('hears once of a tick that was due between two requests, and of messages', async () => {
    stopClocks();
    const filter: DirectFilter = new DirectFilter({
      ...ALL,
      proxy_on_configure: () => {
        filter.call('set_tick_period_milliseconds', 10);
        filter.call('register_shared_queue', 'jobs', RESULT);
        return 1;
      },
    });
    await filter.start();
    await filter.handle({ origin: new NotingBackend() });
    filter.guest.reset('exchange');
    filter.called.length = 0;
    filter.shared.enqueue(1, Buffer.from('from elsewhere'));
    await vi.advanceTimersByTimeAsync(30);
    await filter.handle({ origin: new NotingBackend() });
    expect(filter.called.slice(0, 3)).toEqual(['tick 1', 'queue_ready 1 1', 'context_create 3 1']);
    filter.guest.reset('instance');
  });

  it('is told nothing of a request before', async () => {
    const site = new HeldBackend();
    const filter: DirectFilter = new DirectFilter({
      ...ALL,
      proxy_on_request_headers: () => {
        filter.call('http_call', 'site', CALL, '', '', 0, RESULT);
        filter.call('set_property', 'mine', 'kept');
        filter.call('send_local_response', 200, '', '', '', 0);
        return 1;
      },
    });
    await filter.start();
    await filter.handle({ backends: { site } });
    filter.guest.reset('exchange');
    site.answers[0]?.();
    await settled();
    expect(filter.called.join()).not.toContain('http_call_response');
    expect(filter.call('get_property', 'mine', RESULT, RESULT + 4)).toBe(1);
    expect(filter.call('set_effective_context', 2)).toBe(2);
  });
});

describe('a failing callback', () => {
  it.each([
    ['of an answer', 'proxy_on_http_call_response'],
    ['of a message', 'proxy_on_queue_ready'],
  ])('%s ends the stream that waits', async (_, name) => {
    const filter: DirectFilter = new DirectFilter({
      proxy_on_configure: () => {
        filter.call('register_shared_queue', 'q', RESULT);
        return 1;
      },
      proxy_on_request_headers: () => {
        if (name === 'proxy_on_queue_ready') filter.call('enqueue_shared_queue', 1, 'm');
        else filter.call('http_call', 'site', CALL, '', '', 0, RESULT);
        return 1;
      },
      [name]: () => {
        throw new WebAssembly.RuntimeError('unreachable');
      },
    });
    await filter.start();
    await expect(filter.handle({ backends: { site: new NotingBackend() } })).rejects.toThrow('unreachable');
  });
});

describe('an instance whose request is over', () => {
  it('is not called for a request body that the origin still reads', async () => {
    const seen: Promise<unknown>[] = [];
    const origin: Backend = {
      fetch: async (request) => {
        void (await request.body?.read(10));
        seen.push(Promise.resolve(request.body?.read(10)));
        return new NotingBackend().fetch(REQUEST);
      },
    };
    const filter = new DirectFilter({ proxy_on_request_body: () => 0 });
    await filter.start();
    const body = new LateSource('ab', 'cd', 'ef', 'gh');
    await filter.handle({ method: 'POST', body, origin });
    filter.guest.reset('exchange');
    const calls = filter.called.length;
    await Promise.allSettled(seen);
    await settled();
    expect(filter.called).toHaveLength(calls);
  });

  it('ends a callback that nobody waits for before it serves another', async () => {
    stopClocks();
    const [ticking, answering] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const filter: DirectFilter = new DirectFilter({
      proxy_on_configure: () => {
        filter.call('set_tick_period_milliseconds', 10);
        return 1;
      },
      proxy_on_tick: () => ticking.promise,
    });
    await filter.start();
    let isDone = false;
    const origin: Backend = {
      fetch: async (request) => {
        await answering.promise;
        return new NotingBackend().fetch(request);
      },
    };
    const handling = filter.handle({ origin }).then(() => {
      isDone = true;
    });
    await vi.advanceTimersByTimeAsync(10);
    // The origin answers while the tick is under way.
    answering.resolve();
    await settled();
    expect([isDone, filter.called]).toEqual([false, ['configure 1 10', 'tick 1']]);
    ticking.resolve();
    await handling;
    filter.guest.reset('instance');
  });

  it('fails with a callback that nobody waits for', async () => {
    stopClocks();
    const [ticking, answering] = [Promise.withResolvers<never>(), Promise.withResolvers<void>()];
    const filter: DirectFilter = new DirectFilter({
      proxy_on_configure: () => {
        filter.call('set_tick_period_milliseconds', 10);
        return 1;
      },
      proxy_on_tick: () => ticking.promise,
    });
    await filter.start();
    const origin: Backend = {
      fetch: async (request) => {
        await answering.promise;
        return new NotingBackend().fetch(request);
      },
    };
    const outcome = Promise.allSettled([filter.handle({ origin })]);
    await vi.advanceTimersByTimeAsync(10);
    answering.resolve();
    await settled();
    ticking.reject(new WebAssembly.RuntimeError('unreachable'));
    expect(await outcome).toMatchObject([{ status: 'rejected', reason: { message: 'unreachable' } }]);
    filter.guest.reset('instance');
  });
});
