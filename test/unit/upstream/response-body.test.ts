import { describe, expect, test } from 'vitest';
import { HIGH_WATER_BYTES, LOW_WATER_BYTES } from '../../../src/upstream/limits.ts';
import { ResponseBody } from '../../../src/upstream/response-body.ts';

/** A body whose transport notes what it is asked for. */
function bodyAndLog(): { body: ResponseBody; log: string[] } {
  const log: string[] = [];
  const body = new ResponseBody({
    pause: () => log.push('pause'),
    resume: () => log.push('resume'),
    abort: () => log.push('abort'),
  });
  return { body, log };
}

const text = (chunk: Uint8Array | null): string => Buffer.from(chunk ?? []).toString();

describe('reading', () => {
  test('answers at once when bytes are there, and in pieces of the size asked for', () => {
    const { body } = bodyAndLog();
    body.push(Buffer.from('abcd'));
    body.push(Buffer.from('ef'));
    expect([3, 3, 3].map((size) => text(body.read(size) as Uint8Array))).toEqual(['abc', 'd', 'ef']);
  });

  test('waits for bytes, and for the end', async () => {
    const { body } = bodyAndLog();
    const first = body.read(2);
    body.push(Buffer.from('abc'));
    expect(text(await first)).toBe('ab');
    expect(text(body.read(2) as Uint8Array)).toBe('c');
    const end = body.read(2);
    body.end();
    expect([await end, body.read(1)]).toEqual([null, null]);
  });

  test('is for one reader, and for at least one byte', async () => {
    const { body } = bodyAndLog();
    expect(() => body.read(0)).toThrow(TypeError);
    expect(() => body.read(Number.NaN)).toThrow(TypeError);
    const pending = body.read(1);
    expect(() => body.read(1)).toThrow(TypeError);
    body.end();
    expect(await pending).toBeNull();
  });

  test('empty pieces are not the end', async () => {
    const { body } = bodyAndLog();
    const pending = body.read(1);
    body.push(new Uint8Array(0));
    body.push(Buffer.from('a'));
    expect(text(await pending)).toBe('a');
  });
});

describe('pace', () => {
  test('the transport pauses once at the high mark and resumes once at the low one', () => {
    const { body, log } = bodyAndLog();
    body.push(Buffer.alloc(HIGH_WATER_BYTES - 1));
    expect(log).toEqual([]);
    body.push(Buffer.alloc(1));
    body.push(Buffer.alloc(1));
    expect(log).toEqual(['pause']);
    void body.read(HIGH_WATER_BYTES - LOW_WATER_BYTES);
    expect(log).toEqual(['pause']);
    void body.read(1);
    expect(log).toEqual(['pause', 'resume']);
  });

  test('a transport that pushes while it resumes does not disturb the read', () => {
    const log: string[] = [];
    const body: ResponseBody = new ResponseBody({
      pause: () => log.push('pause'),
      resume: () => {
        log.push('resume');
        body.push(Buffer.from('late'));
        body.end();
      },
      abort: () => log.push('abort'),
    });
    body.push(Buffer.alloc(HIGH_WATER_BYTES, 'x'));
    expect((body.read(HIGH_WATER_BYTES) as Uint8Array).length).toBe(HIGH_WATER_BYTES);
    expect(text(body.read(99) as Uint8Array)).toBe('late');
    expect([body.read(99), ...log]).toEqual([null, 'pause', 'resume']);
  });
});

describe('endings', () => {
  test('a break is seen after what came before it, and by every later read', async () => {
    const { body } = bodyAndLog();
    body.push(Buffer.from('a'));
    body.fail(new Error('gone'));
    expect(text(body.read(9) as Uint8Array)).toBe('a');
    await expect(body.read(9)).rejects.toMatchObject({ fault: 'closed', cause: { message: 'gone' } });
    await expect(body.read(9)).rejects.toMatchObject({ fault: 'closed' });
  });

  test('an abort is seen at once', async () => {
    const { body } = bodyAndLog();
    body.push(Buffer.from('a'));
    body.abort(new Error('given up'));
    await expect(body.read(9)).rejects.toMatchObject({ fault: 'closed' });
  });

  test('an abort after a body that was read to its end changes nothing', () => {
    const { body } = bodyAndLog();
    body.end();
    body.abort(new Error('late'));
    expect(body.read(1)).toBeNull();
  });

  test('a cancelled body gives the exchange up once, drops what it has and takes no more', () => {
    const { body, log } = bodyAndLog();
    body.push(Buffer.from('a'));
    body.cancel();
    body.cancel();
    body.push(Buffer.from('b'));
    expect([body.read(1), ...log]).toEqual([null, 'abort']);
  });

  test('cancelling a body that has ended or broken off gives nothing up', () => {
    for (const finish of ['end', 'fail'] as const) {
      const { body, log } = bodyAndLog();
      if (finish === 'end') body.end();
      else body.fail(new Error('gone'));
      body.cancel();
      expect(log).toEqual([]);
    }
  });

  test('the reader is the first to learn of the end, and only a reader', () => {
    const { body } = bodyAndLog();
    let learned = 0;
    body.push(Buffer.from('a'));
    body.end(() => (learned += 1));
    expect([text(body.read(9) as Uint8Array), learned]).toEqual(['a', 0]);
    expect([body.read(9), body.read(9), learned]).toEqual([null, null, 1]);
    const cancelled = bodyAndLog().body;
    cancelled.end(() => (learned += 1));
    cancelled.cancel();
    expect([cancelled.read(9), learned]).toEqual([null, 1]);
  });

  test('the first ending counts', async () => {
    const { body } = bodyAndLog();
    body.end();
    body.fail(new Error('late'));
    expect(body.read(1)).toBeNull();
    const other = bodyAndLog().body;
    other.fail(new Error('gone'));
    other.end();
    await expect(other.read(1)).rejects.toMatchObject({ fault: 'closed' });
  });
});
