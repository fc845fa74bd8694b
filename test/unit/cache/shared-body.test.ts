import { describe, expect, test } from 'vitest';
import { MAX_LAG_BYTES, MAX_ORPHAN_MS } from '../../../src/cache/limits.ts';
import { SharedBody } from '../../../src/cache/shared-body.ts';
import { BytesSource } from '../../../src/http/body.ts';
import { ResponseBody } from '../../../src/upstream/response-body.ts';
import { settled, textOf } from './entries.ts';

interface Made {
  readonly source: ResponseBody;
  readonly body: SharedBody;
  readonly fate: { whole: string | null; lost: number; nowMs: number; room: number };
  readonly isAborted: () => boolean;
}

function make(maxBytes = 100, expectedBytes: number | null = null): Made {
  let isAborted = false;
  const abort = (): void => {
    isAborted = true;
  };
  const source = new ResponseBody({ pause: () => {}, resume: () => {}, abort });
  const fate = { whole: null as string | null, lost: 0, nowMs: 0, room: Infinity };
  const body = new SharedBody(
    source,
    { maxBytes, expectedBytes },
    {
      whole: (bytes) => {
        fate.whole = Buffer.from(bytes).toString();
      },
      lost: () => {
        fate.lost++;
      },
      reserve: (bytes) => (fate.room -= bytes) >= 0,
      nowMs: () => fate.nowMs,
    },
  );
  return { source, body, fate, isAborted: () => isAborted };
}

describe('a body with several readers', () => {
  test('gives each of them all of it as it arrives, and is kept whole', async () => {
    const { source, body, fate } = make();
    const one = body.reader();
    body.start();
    const first = one?.read(99);
    source.push(Buffer.from('ab'));
    expect(Buffer.from((await first) ?? []).toString()).toBe('ab');
    const two = body.reader();
    expect(Buffer.from((await two?.read(1)) ?? []).toString()).toBe('a');
    source.push(Buffer.from('cd'));
    await settled();
    source.end();
    await settled();
    expect(fate).toMatchObject({ whole: 'abcd', lost: 0 });
    expect([one && (await textOf(one)), two && (await textOf(two))]).toEqual(['cd', 'bcd']);
    const late = body.reader();
    expect(late && (await textOf(late))).toBe('abcd');
  });

  test('a slow reader holds up neither the others nor the keeping', async () => {
    const { source, body, fate } = make();
    const [slow, fast] = [body.reader(), body.reader()];
    body.start();
    source.push(Buffer.from('abc'));
    source.end();
    expect(fast && (await textOf(fast))).toBe('abc');
    expect(fate.whole).toBe('abc');
    expect(slow && (await textOf(slow))).toBe('abc');
  });

  test('a body at hand is whole when it is begun', () => {
    const { body, fate } = makeOf(new BytesSource(Buffer.from('abc')));
    body.start();
    expect(fate.whole).toBe('abc');
  });
});

function makeOf(source: BytesSource): { readonly body: SharedBody; readonly fate: { whole: string | null } } {
  const fate = { whole: null as string | null };
  const whole = (bytes: Uint8Array): void => {
    fate.whole = Buffer.from(bytes).toString();
  };
  const terms = { maxBytes: 100, expectedBytes: null };
  return { body: new SharedBody(source, terms, { whole, lost: () => {}, reserve: () => true, nowMs: () => 0 }), fate };
}

describe('what is never kept', () => {
  test.each<[string, number | null, string, 'end' | 'fail']>([
    ['a body that breaks off', null, 'abc', 'fail'],
    ['a body that breaks off at its length', 3, 'abc', 'fail'],
    ['a body shorter than it said', 4, 'abc', 'end'],
    ['a body longer than it said', 2, 'abc', 'end'],
  ])('%s, and its readers learn of it', async (_name, expected, text, end) => {
    const { source, body, fate } = make(100, expected);
    const reader = body.reader();
    body.start();
    source.push(Buffer.from(text));
    if (end === 'end') source.end();
    else source.fail(new Error('reset'));
    await expect(reader && textOf(reader)).rejects.toMatchObject({ fault: 'closed' });
    expect(fate).toMatchObject({ whole: null, lost: 1 });
    expect(body.reader()).toBeNull();
  });

  test('a body over its cap, which goes through at its readers pace', async () => {
    const { source, body, fate } = make(4);
    const reader = body.reader();
    body.start();
    source.push(Buffer.from('abc'));
    await settled();
    source.push(Buffer.from('def'));
    await settled();
    expect(fate).toMatchObject({ whole: null, lost: 1 });
    expect(body.reader()).toBeNull();
    const text = reader && textOf(reader);
    source.push(Buffer.from('ghi'));
    await settled();
    source.end();
    expect(await text).toBe('abcdefghi');
    expect(fate).toMatchObject({ whole: null, lost: 1 });
  });

  test('a body for which there is no room', async () => {
    const { source, body, fate } = make(100);
    fate.room = 2;
    const reader = body.reader();
    body.start();
    source.push(Buffer.from('abc'));
    source.end();
    expect(reader && (await textOf(reader))).toBe('abc');
    expect(fate).toMatchObject({ whole: null, lost: 1 });
  });

  test('a reader that trails too far is cut off, and the others are not', async () => {
    const { source, body } = make(4);
    const [slow, fast] = [body.reader(), body.reader()];
    body.start();
    const text = fast && textOf(fast);
    for (let i = 0; i < 3; i++) {
      source.push(Buffer.alloc(MAX_LAG_BYTES / 2, 'x'));
      await settled();
    }
    source.end();
    expect((await text)?.length).toBe(1.5 * MAX_LAG_BYTES);
    await expect(slow && textOf(slow)).rejects.toMatchObject({ fault: 'closed' });
  });
});

describe('a body that nobody reads', () => {
  test('is read on and kept', async () => {
    const { source, body, fate } = make();
    const reader = body.reader();
    body.start();
    reader?.cancel();
    expect(reader?.read(1)).toBeNull();
    source.push(Buffer.from('abc'));
    await settled();
    source.end();
    await settled();
    expect(fate.whole).toBe('abc');
  });

  test('is given up after a while', async () => {
    const { source, body, fate, isAborted } = make();
    const reader = body.reader();
    body.start();
    fate.nowMs = 5;
    reader?.cancel();
    fate.nowMs += MAX_ORPHAN_MS + 1;
    source.push(Buffer.from('abc'));
    await settled();
    expect(fate).toMatchObject({ whole: null, lost: 1 });
    expect(isAborted()).toBe(true);
  });

  test('is given up at once when it is too large', async () => {
    const { source, body, fate, isAborted } = make(4);
    const reader = body.reader();
    body.start();
    source.push(Buffer.from('abcdef'));
    await settled();
    reader?.cancel();
    expect(fate.lost).toBe(1);
    expect(isAborted()).toBe(true);
  });
});

test('a reader is read by one at a time', async () => {
  const { source, body } = make();
  const reader = body.reader();
  body.start();
  const pending = reader?.read(1);
  expect(() => reader?.read(1)).toThrow(TypeError);
  expect(() => reader?.read(0)).toThrow(TypeError);
  source.end();
  expect(await pending).toBeNull();
});
