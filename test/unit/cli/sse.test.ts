import { describe, expect, it } from 'vitest';
import { AnswerError, ProblemError, UnreachableError } from '../../../src/cli/problem.ts';
import { EventParser, followEvents, type ServerEvent } from '../../../src/cli/sse.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function parse(chunks: readonly (string | Uint8Array)[]): ServerEvent[] {
  const parser = new EventParser();
  return chunks.flatMap((chunk) => parser.push(typeof chunk === 'string' ? bytes(chunk) : chunk));
}

describe('the parser of events', () => {
  it('takes names, data of several lines, comments and unknown fields', () => {
    expect(parse([': hi\nevent: request\ndata: a\ndata:b\ndata\nwhat: no\n\ndata:  two\n\n'])).toEqual([
      { event: 'request', data: 'a\nb\n' },
      { event: 'message', data: ' two' },
    ]);
  });

  it.each([['\n'], ['\r\n'], ['\r']])('takes line ends of %j, cut anywhere', (end) => {
    const text = `event: a${end}data: ü${end}${end}data: 2${end}${end}x`;
    const whole = parse([text]);
    expect(whole).toEqual([
      { event: 'a', data: 'ü' },
      { event: 'message', data: '2' },
    ]);
    expect(parse(Array.from(bytes(text), (byte) => Uint8Array.of(byte)))).toEqual(whole);
  });

  it('drops an event without data, and one that is cut off', () => {
    expect(parse(['event: a\n\ndata: x\n'])).toEqual([]);
  });

  it('keeps the id and the pause', () => {
    const parser = new EventParser();
    parser.push(bytes('id: 7\nretry: 30\nretry: x\nid: a\0b\n\n'));
    expect([parser.lastId, parser.retryMs]).toEqual(['7', 30]);
  });

  it('gives up an event without an end', () => {
    const part = bytes('x'.repeat(300_000));
    expect(() => parse(['data: ', part, part, part, part])).toThrow(AnswerError);
    const line = bytes(`data: ${'x'.repeat(300_000)}\n`);
    expect(() => parse([line, line, line, line])).toThrow(AnswerError);
  });
});

describe('following', () => {
  async function* stream(...texts: string[]): AsyncGenerator<Uint8Array> {
    for (const text of texts) yield bytes(text);
  }

  it('goes on over broken connections, from the last id', async () => {
    const stop = new AbortController();
    const [ids, pauses]: [string[], number[]] = [[], []];
    const reset = Object.assign(new Error('gone'), { code: 'ECONNRESET' });
    const connections = [
      async () => stream('retry: 20\nid: 1\ndata: a\n\n'),
      async () => Promise.reject(reset),
      async () => Promise.reject(new ProblemError(503, { title: 'x', detail: '', code: null, errors: [] })),
      async () => Promise.reject(new UnreachableError('nobody')),
      async () => stream('data: b\n\n'),
    ];
    const open = async (lastId: string): Promise<AsyncIterable<Uint8Array>> => {
      ids.push(lastId);
      return connections.shift()?.() ?? stream();
    };
    const events: string[] = [];
    for await (const { data } of followEvents({ open, signal: stop.signal, onReconnect: (ms) => pauses.push(ms) })) {
      events.push(data);
      if (data === 'b') stop.abort();
    }
    expect([events, ids]).toEqual([
      ['a', 'b'],
      ['', '1', '1', '1', '1'],
    ]);
    expect(pauses).toEqual([20, 40, 80, 160]);
  });

  it('fails when the first connection does', async () => {
    const open = async (): Promise<never> => Promise.reject(new UnreachableError('nobody'));
    const { signal } = new AbortController();
    await expect(followEvents({ open, signal, onReconnect: () => undefined }).next()).rejects.toThrow('nobody');
  });

  it.each([401, 403, 404])('ends when the server says %i later', async (status) => {
    const answers = [async () => stream('retry: 1\ndata: a\n\n')];
    const refused = new ProblemError(status, { title: 'no', detail: '', code: null, errors: [] });
    const open = async (): Promise<AsyncIterable<Uint8Array>> => answers.shift()?.() ?? Promise.reject(refused);
    const { signal } = new AbortController();
    const events = followEvents({ open, signal, onReconnect: () => undefined });
    expect((await events.next()).value).toEqual({ event: 'message', data: 'a' });
    await expect(events.next()).rejects.toBe(refused);
  });
});
