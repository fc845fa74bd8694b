import { describe, expect, it } from 'vitest';
import { BackendError, type Backend, type BackendResponse } from '../../../../src/capability/backend.ts';
import { PROXY_WASM_ENV } from '../../../../src/abi/proxy-wasm/functions.ts';
import { CALL_PAGES, MAX_CALL_BODY_BYTES } from '../../../../src/abi/proxy-wasm/limits.ts';
import { MAP, STATUS } from '../../../../src/abi/proxy-wasm/types.ts';
import { UNSUPPORTED } from '../../../../src/abi/proxy-wasm/unsupported.ts';
import { pairs } from '../../../filters.ts';
import { NotingBackend } from '../http-wasm/direct-guest.ts';
import { HeaderList } from '../../../../src/http/headers.ts';
import { DirectFilter, inRequest, RESULT } from './direct-filter.ts';

const BEYOND = 0x7fff_fff0;

describe('every function', () => {
  it('is one of the specification, each once', () => {
    const names = Object.keys(PROXY_WASM_ENV).filter((name) => name.startsWith('proxy_'));
    // 39 of 0.2.1 and the four that only 0.1.0 has.
    expect(names).toHaveLength(43);
  });

  it('answers a status for pointers that are not in memory, and writes nothing', async () => {
    await inRequest((filter) => {
      const before = Buffer.from(new Uint8Array(filter.pages.buffer.slice(0)));
      for (const [name, { signature }] of Object.entries(PROXY_WASM_ENV)) {
        if (/done|clear|close|continue|local|emscripten|pthread|tick|effective|log$/.test(name)) continue;
        const scalars = Array.from(signature.slice(0, signature.indexOf('->')), (code) => (code === 'I' ? 1n : BEYOND));
        // Kinds of maps, buffers and metrics come first: 0 is one of each.
        const own = /header_map|buffer|define_metric/.test(name) ? [0, ...scalars.slice(1)] : scalars;
        const status = Number(
          filter.guest.imports
            .get('env')
            ?.get(name)
            ?.call(...own),
        );
        expect([name, Object.values(STATUS).includes(status as 0), status !== 0]).toEqual([name, true, true]);
      }
      expect(Buffer.from(new Uint8Array(filter.pages.buffer.slice(0))).equals(before)).toBe(true);
    });
  });

  it.each([
    ['get_header_map_value', [0, BEYOND, 4, RESULT, RESULT + 4]],
    ['get_header_map_value', [0, 40_000, 0xffff_ffff, RESULT, RESULT + 4]],
    ['get_header_map_pairs', [0, -2, RESULT]],
    ['add_header_map_value', [0, 40_000, 1, BEYOND, 4]],
    ['get_property', [40_000, 11, BEYOND, RESULT]],
    ['set_shared_data', [BEYOND, 1, 0, 0, 0]],
    ['enqueue_shared_queue', [1, BEYOND, 9]],
    ['define_metric', [0, BEYOND, 1, RESULT]],
    ['send_local_response', [200, 0, 0, BEYOND, 5, 0, 0, 0]],
    ['http_call', [BEYOND, 4, 0, 0, 0, 0, 0, 0, 100, RESULT]],
    ['get_current_time_nanoseconds', [-4]],
    ['get_log_level', [-1]],
  ] as const)('%s answers invalid_memory_access for %j', async (name, args) => {
    await inRequest((filter) => {
      filter.memory.write(40_000, Buffer.from('plugin_name'));
      expect(filter.call(name, ...args)).toBe(STATUS.invalidMemoryAccess);
    });
  });

  it('that is listed as unsupported answers what the list says, and no other is unimplemented', async () => {
    await inRequest((filter) => {
      const env = filter.guest.imports.get('env');
      for (const [name, { signature }] of Object.entries(PROXY_WASM_ENV)) {
        if (name === 'proxy_close_stream') continue;
        const zeros = Array.from(signature.slice(0, signature.indexOf('->')), (code) => (code === 'I' ? 0n : 0));
        const listed = UNSUPPORTED.find((entry) => entry.name === name)?.status;
        const status = env?.get(name)?.call(...zeros);
        const lacks = status === STATUS.unimplemented || (listed === 'not_found' && status === STATUS.notFound);
        expect([name, lacks]).toEqual([name, listed !== undefined]);
      }
    });
  });

  it('answers unimplemented where this host lacks it', async () => {
    await inRequest((filter) => {
      expect(filter.call('grpc_send', 1, 0, 0, 0)).toBe(STATUS.unimplemented);
      expect(filter.call('grpc_call', ...Array.from({ length: 12 }, () => 0))).toBe(STATUS.unimplemented);
      expect(filter.call('continue_stream', 2)).toBe(STATUS.unimplemented);
      expect(filter.call('call_foreign_function', 'x', '', 0, 0)).toBe(STATUS.notFound);
    });
  });
});

describe('fields', () => {
  it('are read and changed', async () => {
    await inRequest(
      (filter) => {
        expect(filter.text('get_header_map_value', MAP.requestHeaders, 'X-One')).toBe('1');
        expect(filter.call('add_header_map_value', MAP.requestHeaders, 'x-one', '2')).toBe(0);
        expect(filter.text('get_header_map_value', MAP.requestHeaders, 'x-one')).toBe('1,2');
        expect(filter.call('replace_header_map_value', MAP.requestHeaders, 'x-one', '3')).toBe(0);
        expect(filter.call('remove_header_map_value', MAP.requestHeaders, 'absent')).toBe(0);
        expect(filter.bytes('get_header_map_value', MAP.requestHeaders, 'absent')).toBe(STATUS.notFound);
      },
      { headers: [['x-one', '1']] },
    );
  });

  it('are given and taken as a whole', async () => {
    await inRequest((filter) => {
      const bytes = filter.bytes('get_header_map_pairs', MAP.requestHeaders);
      expect(bytes).toHaveLength(filter.number('get_header_map_size', MAP.requestHeaders));
      const next = pairs([
        [':method', 'GET'],
        [':path', '/n'],
        ['x', 'y'],
      ]);
      expect(filter.call('set_header_map_pairs', MAP.requestHeaders, next)).toBe(0);
      expect(filter.text('get_header_map_value', MAP.requestHeaders, ':path')).toBe('/n');
      expect(filter.call('set_header_map_pairs', MAP.requestHeaders, Buffer.from('no map'))).toBe(STATUS.badArgument);
    });
  });

  it('of maps that are unknown, not there, or past changing are refused', async () => {
    const origin = new NotingBackend();
    const answers: unknown[] = [];
    const filter: DirectFilter = new DirectFilter({
      proxy_on_request_headers: () => {
        for (const map of [
          -1,
          8,
          MAP.requestTrailers,
          MAP.responseHeaders,
          MAP.grpcInitialMetadata,
          MAP.callResponseHeaders,
        ])
          answers.push(
            filter.bytes('get_header_map_value', map, 'x'),
            filter.call('add_header_map_value', map, 'x', 'y'),
          );
      },
      proxy_on_response_headers: () => {
        answers.push(filter.call('add_header_map_value', MAP.requestHeaders, 'x', 'y'));
        answers.push(filter.text('get_header_map_value', MAP.requestHeaders, ':path') === '/' ? 2 : 0);
      },
    });
    await filter.start();
    await filter.handle({ origin });
    expect(answers).toEqual(Array.from({ length: 14 }, () => STATUS.badArgument));
  });

  it('hand over an empty value as no bytes', async () => {
    await inRequest(
      (filter) => {
        expect(filter.text('get_header_map_value', MAP.requestHeaders, 'x-empty')).toBe('');
        expect(filter.memory.readU32(RESULT)).toBe(0);
      },
      { headers: [['x-empty', '']] },
    );
  });
});

describe('buffers', () => {
  it('are there in their callbacks only', async () => {
    await inRequest((filter) => {
      expect(filter.bytes('get_buffer_bytes', 0, 0, 10)).toBe(STATUS.notFound);
      expect(filter.call('set_buffer_bytes', 1, 0, 0, 'x')).toBe(STATUS.notFound);
      expect(filter.bytes('get_buffer_bytes', 9, 0, 10)).toBe(STATUS.badArgument);
      expect(filter.text('get_buffer_bytes', 7, 4, 3)).toBe('con');
      expect(filter.text('get_buffer_bytes', 7, 100, 3)).toBe('');
      expect(filter.bytes('get_buffer_bytes', 7, -1, -1)).toBe(STATUS.badArgument);
      expect(filter.call('get_buffer_status', 7, RESULT, RESULT + 4)).toBe(0);
      expect(filter.memory.readU32(RESULT)).toBe('the config'.length);
      expect(filter.text('get_configuration')).toBe('the config');
    });
  });
});

describe('an allocator', () => {
  it.each([0, 65_536 * 600, -1, 65_534])('that answers %d gets nothing', async (place) => {
    await inRequest((filter) => {
      filter.memory.writeU32(RESULT, 77);
      filter.allocates = place;
      expect(filter.bytes('get_property', 'plugin_name'.padEnd(11))).toBe(STATUS.invalidMemoryAccess);
      expect(filter.memory.readU32(RESULT)).toBe(77);
    });
  });
});

describe('properties', () => {
  const path = (...parts: readonly string[]): string => parts.join('\0');

  it('say what filters ask', async () => {
    await inRequest(
      (filter) => {
        const text = (...parts: readonly string[]): unknown => filter.text('get_property', path(...parts));
        const number = (...parts: readonly string[]): bigint =>
          (filter.bytes('get_property', path(...parts)) as Buffer).readBigInt64LE();
        expect([text('plugin_name'), text('plugin_root_id'), text('plugin_vm_id')]).toEqual(['app', 'root', 'tenant']);
        expect([text('request', 'path'), text('request', 'url_path'), text('request', 'query')]).toEqual([
          '/a?b=c',
          '/a',
          'b=c',
        ]);
        expect([text('request', 'method'), text('request', 'host'), text('request', 'scheme')]).toEqual([
          'POST',
          'app.example:8080',
          'http',
        ]);
        expect([text('request', 'headers', 'X-A'), text('request', 'protocol')]).toEqual(['1', 'HTTP/1.1']);
        expect([text('source', 'address'), number('source', 'port')]).toEqual(['192.0.2.1:1234', 1234n]);
        expect([number('destination', 'port'), number('request', 'size')]).toEqual([8080n, 0n]);
        expect(filter.bytes('get_property', path('connection', 'mtls'))).toEqual(Buffer.of(0));
        expect(filter.bytes('get_property', path('request', 'headers'))).toEqual(
          filter.bytes('get_header_map_pairs', MAP.requestHeaders),
        );
        expect(number('request', 'time')).toBe(filter.wallNs);
        for (const parts of [['response', 'code'], ['request', 'referer'], ['xds', 'node'], [''], ['constructor']])
          expect(text(...parts)).toBe(STATUS.notFound);
      },
      { method: 'POST', target: '/a?b=c', headers: [['x-a', '1']] },
    );
  });

  it("of the filter's own are kept for its stream", async () => {
    await inRequest((filter) => {
      expect(filter.call('set_property', path('my', 'own'), 'value')).toBe(0);
      expect(filter.text('get_property', path('my', 'own'))).toBe('value');
      expect(filter.call('set_property', path('request', 'path'), '/x')).toBe(STATUS.notFound);
      expect(filter.call('set_property', 'plugin_name', 'x')).toBe(STATUS.notFound);
      expect(filter.call('set_property', 'large', Buffer.alloc(5_000))).toBe(STATUS.internalFailure);
    });
  });

  it('of the plugin are there while its context is made', async () => {
    const seen: unknown[] = [];
    const filter: DirectFilter = new DirectFilter({
      proxy_on_context_create: () => {
        seen.push(filter.text('get_property', 'plugin_root_id'), filter.text('get_property', path('request', 'path')));
      },
    });
    await filter.start();
    expect(seen).toEqual(['root', STATUS.notFound]);
  });
});

describe('shared state', () => {
  it('has values that change only as they were seen', async () => {
    await inRequest((filter) => {
      expect(filter.call('get_shared_data', 'k', RESULT, RESULT + 4, RESULT + 8)).toBe(STATUS.notFound);
      expect(filter.call('set_shared_data', 'k', 'one', 0)).toBe(0);
      expect(filter.call('get_shared_data', 'k', RESULT, RESULT + 4, RESULT + 8)).toBe(0);
      const cas = filter.memory.readU32(RESULT + 8);
      expect(filter.call('set_shared_data', 'k', 'two', cas)).toBe(0);
      expect(filter.call('set_shared_data', 'k', 'three', cas)).toBe(STATUS.casMismatch);
    });
  });

  it('has queues', async () => {
    await inRequest((filter) => {
      const queue = filter.number('register_shared_queue', 'q');
      expect(filter.number('register_shared_queue', 'q')).toBe(queue);
      expect(filter.number('resolve_shared_queue', '', 'q')).toBe(queue);
      expect(filter.number('resolve_shared_queue', 'tenant', 'q')).toBe(queue);
      expect(filter.number('resolve_shared_queue', 'other', 'q')).toBe(-STATUS.notFound);
      expect(filter.bytes('dequeue_shared_queue', queue)).toBe(STATUS.empty);
      for (const text of ['a', 'b', '']) expect(filter.call('enqueue_shared_queue', queue, text)).toBe(0);
      expect([1, 2, 3].map(() => filter.text('dequeue_shared_queue', queue))).toEqual(['a', 'b', '']);
      expect(filter.call('enqueue_shared_queue', queue + 1, 'x')).toBe(STATUS.notFound);
      expect(filter.bytes('dequeue_shared_queue', -1)).toBe(STATUS.notFound);
    });
  });

  it('keeps a message that the guest has no place for', async () => {
    await inRequest((filter) => {
      const queue = filter.number('register_shared_queue', 'q');
      filter.call('enqueue_shared_queue', queue, 'a');
      expect(filter.call('dequeue_shared_queue', queue, BEYOND, RESULT)).toBe(STATUS.invalidMemoryAccess);
      expect(filter.text('dequeue_shared_queue', queue)).toBe('a');
    });
  });

  it('has metrics of three kinds', async () => {
    await inRequest((filter) => {
      const value = (metric: number): bigint => {
        expect(filter.call('get_metric', metric, RESULT)).toBe(0);
        return filter.memory.readU64(RESULT);
      };
      const [counter, gauge, histogram] = [0, 1, 2].map((kind) => filter.number('define_metric', kind, `m${kind}`));
      expect(filter.number('define_metric', 0, 'm0')).toBe(counter);
      expect(filter.number('define_metric', 1, 'm0')).toBe(-STATUS.internalFailure);
      expect(filter.number('define_metric', 3, 'x')).toBe(-STATUS.badArgument);
      expect(filter.call('increment_metric', counter ?? 0, 5n)).toBe(0);
      expect(filter.call('increment_metric', counter ?? 0, -1n)).toBe(STATUS.badArgument);
      expect(filter.call('increment_metric', gauge ?? 0, -1n)).toBe(0);
      expect(filter.call('record_metric', histogram ?? 0, 7n)).toBe(0);
      expect(filter.call('record_metric', histogram ?? 0, 8n)).toBe(0);
      expect([value(counter ?? 0), value(gauge ?? 0), value(histogram ?? 0)]).toEqual([5n, 2n ** 64n - 1n, 15n]);
      expect(filter.call('increment_metric', histogram ?? 0, 1n)).toBe(STATUS.badArgument);
      expect(filter.call('record_metric', 99, 1n)).toBe(STATUS.notFound);
      expect(filter.call('get_metric', 0, RESULT)).toBe(STATUS.notFound);
    });
  });
});

describe('the log', () => {
  it('has six levels, and no others', () => {
    const filter = new DirectFilter();
    filter.silent.add('debug');
    for (let level = 0; level < 6; level++) expect(filter.call('log', level, `l${level}`)).toBe(0);
    expect(filter.call('log', 6, 'x')).toBe(STATUS.badArgument);
    expect(filter.call('log', -1, 'x')).toBe(STATUS.badArgument);
    expect(filter.lines).toEqual([
      ['info', 'l2'],
      ['warn', 'l3'],
      ['error', 'l4'],
      ['error', 'l5'],
    ]);
    expect(filter.number('get_log_level')).toBe(2);
  });
});

describe('a local response', () => {
  it.each([
    ['a status that is not final', [101, '', '', '', 0]],
    ['fields that are no map', [200, '', '', 'no map', 0]],
    ['fields that cannot be sent', [200, '', '', pairs([['a b', 'c']]), 0]],
    ['a value that splits the response', [200, '', '', pairs([['a', 'b\r\nc: d']]), 0]],
  ])('is refused with %s', async (_, args) => {
    await inRequest((filter) => {
      expect(filter.call('send_local_response', ...args)).toBe(STATUS.badArgument);
    });
  });

  it('is refused outside a stream', () => {
    expect(new DirectFilter().call('send_local_response', 200, '', '', '', 0)).toBe(STATUS.badArgument);
  });
});

describe('a call to a backend', () => {
  const head = pairs([
    [':method', 'GET'],
    [':path', '/p'],
    [':authority', 'a'],
    ['x-a', '1'],
    ['connection', 'close'],
    ['host', 'h'],
  ]);

  it('is refused where it cannot be made', async () => {
    await inRequest(
      (filter) => {
        expect(filter.number('http_call', 'none', head, '', '', 0)).toBe(-STATUS.badArgument);
        const headless = pairs([
          [':method', 'GET'],
          [':path', '/p'],
        ]);
        expect(filter.number('http_call', 'site', headless, '', '', 0)).toBe(-STATUS.badArgument);
        expect(filter.number('http_call', 'site', 'no map', '', '', 0)).toBe(-STATUS.badArgument);
      },
      { backends: { site: new NotingBackend() } },
    );
  });

  it('sends what the guest may send, and tells of the answer', async () => {
    const site = new NotingBackend({ status: 201, headers: HeaderList.from([['X-B', '2']]), text: 'answer' });
    const seen: unknown[] = [];
    const filter: DirectFilter = new DirectFilter({
      proxy_on_request_headers: () => {
        seen.push(filter.number('http_call', 'site', head, 'body', '', 1_000));
        return 1;
      },
      proxy_on_http_call_response: (context, call, fields, bytes) => {
        seen.push([context, call, fields, bytes]);
        seen.push(filter.text('get_header_map_value', MAP.callResponseHeaders, 'x-b'));
        seen.push(filter.text('get_buffer_bytes', 4, 0, bytes));
        seen.push(filter.call('get_status', RESULT, RESULT + 4, RESULT + 8), filter.memory.readU32(RESULT));
        filter.call('set_effective_context', 2);
        filter.call('send_local_response', 200, '', 'done', '', 0);
      },
    });
    await filter.start();
    await filter.handle({ backends: { site } });
    expect(site.asked[0]).toMatchObject({ method: 'GET', target: '/p', text: 'body', contentLength: 4 });
    expect(site.asked[0]?.headers.names()).toEqual(['x-a']);
    expect(seen).toEqual([1, [1, 1, 2, 6], '2', 'answer', 0, 201]);
  });

  it.each([
    ['is answered', new NotingBackend()],
    ['fails', new NotingBackend(new BackendError('connect', 'no'))],
    ['has too long an answer', new NotingBackend({ text: 'x'.repeat(MAX_CALL_BODY_BYTES + 1) })],
  ])('that %s is on the account while it is under way, with its body', async (_, site) => {
    const held: number[] = [];
    const filter: DirectFilter = new DirectFilter({
      proxy_on_request_headers: () => {
        const before = filter.held;
        expect(filter.number('http_call', 'site', head, body, '', 1_000)).toBe(1);
        held.push(filter.held - before);
        return 1;
      },
      proxy_on_http_call_response: () => {
        filter.call('set_effective_context', 2);
        filter.call('send_local_response', 200, '', 'done', '', 0);
      },
      proxy_on_log: () => void held.push(filter.held),
    });
    const body = new Uint8Array(3 * 65_536);
    filter.pages.grow(4);
    await filter.start();
    await filter.handle({ backends: { site } });
    expect(held).toEqual([CALL_PAGES + 3, 0]);
  });

  it('gives back an answer that comes when the request is over', async () => {
    const [late, begun] = [Promise.withResolvers<BackendResponse>(), Promise.withResolvers<void>()];
    const slow: Backend = {
      fetch: () => {
        begun.resolve();
        return late.promise;
      },
    };
    const cancelled = Promise.withResolvers<null>();
    const body = { read: () => cancelled.promise, cancel: () => cancelled.resolve(null) };
    const filter: DirectFilter = new DirectFilter({
      proxy_on_request_headers: () => {
        filter.number('http_call', 'slow', head, '', '', 0);
        filter.call('send_local_response', 200, '', 'done', '', 0);
        return 1;
      },
    });
    await filter.start();
    await filter.handle({ backends: { slow } });
    await begun.promise;
    late.resolve({ status: 200, headers: new HeaderList(), trailers: new HeaderList(), body });
    expect(await cancelled.promise).toBeNull();
  });
});
