import { describe, expect, it } from 'vitest';
import { GuestFault } from '../../../../src/abi/guest-fault.ts';
import { BackendError, type Backend, type BackendResponse } from '../../../../src/capability/backend.ts';
import { BodyError, type BodySource } from '../../../../src/http/body.ts';
import { HeaderList } from '../../../../src/http/headers.ts';
import { NotingBackend } from '../http-wasm/direct-guest.ts';
import { DirectFilter, RESULT, type Code, type TestExchange } from './direct-filter.ts';

/** What ends a stream. */
const END = ['done 2', 'log 2', 'delete 2'];

/** Callbacks that end a stream, doing nothing. */
const ENDING: Code = { proxy_on_done: () => {}, proxy_on_log: () => {}, proxy_on_delete: () => {} };

/** A backend that never answers. */
const SILENT: Backend = { fetch: () => new Promise(() => {}) };

/** A body that fails after its first bytes. */
class BrokenBody implements BodySource {
  #reads = 0;

  read(): Uint8Array | Promise<never> {
    this.#reads += 1;
    return this.#reads === 1 ? Buffer.from('a') : Promise.reject(new BodyError('closed'));
  }

  cancel(): void {}
}

/** A started filter that ends streams with nothing but what `code` says, which is given how to reach it. */
async function started(code: (self: () => DirectFilter) => Code = () => ({})): Promise<DirectFilter> {
  const filter: DirectFilter = new DirectFilter({
    proxy_on_context_create: () => {},
    ...ENDING,
    ...code(() => filter),
  });
  await filter.start();
  return filter;
}

/** Carries an exchange through the filter that ends early, and does what the runtime does then. Answers what it ended with. */
async function endEarly(filter: DirectFilter, exchange: TestExchange): Promise<unknown> {
  const error: unknown = await filter.handle(exchange).then(
    () => expect.unreachable('the stream has not ended early'),
    (reason: unknown) => reason,
  );
  await filter.guest.parting?.(filter.enter);
  return error;
}

/** Lets what is under way come to where it waits. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
}

describe('a stream that ends early', () => {
  it.each<[string, (self: () => DirectFilter) => Code, TestExchange]>([
    ['its origin fails', () => ({}), { origin: new NotingBackend(new BackendError('connect', 'no')) }],
    ['a filter behind fails', () => ({}), { origin: new NotingBackend(new GuestFault('unreachable')) }],
    ['it has no origin', () => ({}), {}],
    [
      'its filter closes it',
      (self) => ({
        proxy_on_request_headers: () => {
          self().call('close_stream', 0);
          return 1;
        },
      }),
      {},
    ],
    ['its filter pauses it for nothing', () => ({ proxy_on_request_headers: () => 1 }), {}],
    [
      'its request body breaks off',
      () => ({ proxy_on_request_body: () => 0 }),
      { method: 'POST', body: new BrokenBody(), origin: new NotingBackend() },
    ],
    [
      'its response body breaks off',
      () => ({ proxy_on_response_body: () => 0 }),
      { origin: new NotingBackend({ body: new BrokenBody() }) },
    ],
  ])('is told of it when %s', async (_, code, exchange) => {
    const filter = await started(code);
    await endEarly(filter, exchange);
    expect(filter.called.slice(-3)).toEqual(END);
    expect(filter.called.filter((call) => END.includes(call))).toHaveLength(3);
    expect(filter.guest.parting).toBeNull();
  });

  it('is told of it when the client has gone', async () => {
    const filter = await started();
    const gone = new AbortController();
    const ending = endEarly(filter, { origin: SILENT, signal: gone.signal });
    await settled();
    expect(filter.called.at(-1)).toBe('context_create 2 1');
    gone.abort();
    expect(await ending).toMatchObject({ message: 'the request has ended' });
    expect(filter.called.slice(-3)).toEqual(END);
  });

  it('is told what is left when the client has gone meanwhile', async () => {
    const gone = new AbortController();
    const filter = await started(() => ({ proxy_on_done: () => gone.abort() }));
    await endEarly(filter, { origin: new NotingBackend(), signal: gone.signal });
    expect(filter.called.slice(-3)).toEqual(END);
    expect(filter.called.filter((call) => END.includes(call))).toHaveLength(3);
  });

  it('waits for nothing that its filter asks for then', async () => {
    const filter = await started(() => ({ proxy_on_done: () => 0 }));
    await endEarly(filter, {});
    expect(filter.called.slice(-3)).toEqual(END);
  });

  it('may still be read, and neither changed nor answered', async () => {
    const found: unknown[] = [];
    const filter = await started((self) => ({
      proxy_on_response_body: () => 1,
      proxy_on_log: () => {
        found.push(self().text('get_header_map_value', 0, ':path'), self().text('get_header_map_value', 2, ':status'));
        found.push(self().call('replace_header_map_value', 0, ':path', '/other') === 0);
        found.push(self().call('replace_header_map_value', 2, ':status', '201') === 0);
        found.push(self().call('set_buffer_bytes', 1, 0, 0, 'more') === 0);
        found.push(self().call('send_local_response', 200, '', '', '', -1) === 0);
        found.push(self().call('set_effective_context', 2), self().call('done'));
      },
    }));
    await endEarly(filter, { target: '/path', origin: new NotingBackend({ body: new BrokenBody() }) });
    expect(found).toEqual(['/path', '200', false, false, false, false, 0, 1]);
  });

  it('is told of it while a callback runs, once that has ended', async () => {
    const ticking = Promise.withResolvers<void>();
    const gone = new AbortController();
    const filter = await started((self) => ({
      proxy_on_request_headers: () => {
        self().call('set_tick_period_milliseconds', 10);
        return 1;
      },
      proxy_on_tick: () => ticking.promise,
    }));
    const ending = endEarly(filter, { signal: gone.signal });
    while (!filter.called.includes('tick 1')) await settled();
    gone.abort();
    await settled();
    expect(filter.called.at(-1)).toBe('tick 1');
    ticking.resolve();
    await ending;
    expect(filter.called.slice(-4)).toEqual(['tick 1', ...END]);
  });
});

it('a filter that exports nothing else is told of the end', async () => {
  const filter = new DirectFilter(ENDING);
  await filter.start();
  await endEarly(filter, { origin: new NotingBackend(new BackendError('connect', 'no')) });
  expect(filter.called).toEqual(END);
});

describe('nothing is told', () => {
  it('to an instance that has failed', async () => {
    const filter = await started(() => ({
      proxy_on_request_headers: () => {
        throw new WebAssembly.RuntimeError('unreachable');
      },
    }));
    await endEarly(filter, {});
    expect(filter.called.at(-1)).toBe('request_headers 2 4 1');
  });

  it('of a stream that the filter does not know', async () => {
    const filter = await started();
    const gone = AbortSignal.abort();
    await endEarly(filter, { signal: gone });
    expect(filter.called).toEqual(['context_create 1 0']);
  });

  it('once it was told, or is reset', async () => {
    const filter = await started();
    await filter.handle({ origin: new NotingBackend() });
    expect(filter.guest.parting).toBeNull();
    await expect(filter.handle({})).rejects.toThrow('names no origin');
    filter.guest.reset('instance');
    expect(filter.guest.parting).toBeNull();
  });

  it('after a callback that fails, which is how the telling ends', async () => {
    const filter = await started(() => ({
      proxy_on_done: () => {
        throw new WebAssembly.RuntimeError('unreachable');
      },
    }));
    await expect(filter.handle({})).rejects.toThrow('names no origin');
    await expect(filter.guest.parting?.(filter.enter)).rejects.toThrow('unreachable');
    expect(filter.called.at(-1)).toBe('done 2');
  });
});

it('a response of its own is an end like any other', async () => {
  const filter = await started((self) => ({
    proxy_on_request_headers: () => {
      self().call('send_local_response', 403, '', 'no', '', RESULT);
      return 1;
    },
  }));
  expect(await filter.handle({})).toMatchObject({ head: { status: 403 } });
  expect(filter.called.slice(-3)).toEqual(END);
});

describe('an answer of the origin that comes too late', () => {
  /** An origin that answers when it is told to, whether or not anybody waits. */
  class LateOrigin implements Backend {
    readonly answer = Promise.withResolvers<BackendResponse>();
    cancelled = 0;

    fetch(): Promise<BackendResponse> {
      return this.answer.promise;
    }

    respond(): void {
      const body = { read: () => null, cancel: () => (this.cancelled += 1) };
      this.answer.resolve({ status: 200, headers: new HeaderList(), trailers: new HeaderList(), body });
    }
  }

  it.each<[string, (leave: AbortController, filter: DirectFilter) => void]>([
    ['its client has left', (leave) => leave.abort()],
    ['its filter has answered', (_, filter) => void filter.call('send_local_response', 200, '', 'done', '', -1)],
    ['its stream was put away', (_, filter) => filter.guest.reset('exchange')],
  ])('is given back when %s', async (_, end) => {
    const [leave, origin, filter] = [new AbortController(), new LateOrigin(), await started()];
    const reply = filter.handle({ origin, signal: leave.signal }).catch(() => undefined);
    await settled();
    filter.guest.setEffectiveContext(2);
    end(leave, filter);
    await reply;
    origin.respond();
    await settled();
    expect(origin.cancelled).toBe(1);
  });
});
