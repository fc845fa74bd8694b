import { beforeEach, describe, expect, it } from 'vitest';
import { BODY_BACKLOG_BYTES } from '../../../src/server/limits.ts';
import { RequestBody } from '../../../src/server/request-body.ts';

let flow: string[];
beforeEach(() => {
  flow = [];
});

function body(limitBytes = 10 * BODY_BACKLOG_BYTES): RequestBody {
  return new RequestBody(limitBytes, { pause: () => flow.push('pause') > 0, resume: () => void flow.push('resume') });
}

function bytes(of: string): ArrayBuffer {
  return new Uint8Array(Buffer.from(of)).buffer;
}

function text(chunk: Uint8Array | null | Promise<Uint8Array | null>): string | null {
  if (chunk instanceof Promise) throw new Error('the read waits');
  return chunk === null ? null : Buffer.from(chunk).toString();
}

/** Everything that can be read now. */
function all(of: RequestBody): string {
  let read = '';
  for (let chunk = text(of.read(100_000)); chunk !== null; chunk = text(of.read(100_000))) read += chunk;
  return read;
}

describe('reading', () => {
  it('gives what has come, up to the maximum, and then the end', () => {
    const one = body();
    one.push(bytes('abcdef'), false);
    one.push(bytes('g'), true);
    expect([text(one.read(4)), all(one)]).toEqual(['abcd', 'efg']);
  });

  it('waits for what has not come', async () => {
    const one = body();
    const reading = one.read(10);
    one.push(bytes('late'), false);
    expect(text(await reading)).toBe('late');
    const last = one.read(10);
    one.push(new ArrayBuffer(0), true);
    expect(await last).toBeNull();
  });

  it('happens one at a time', () => {
    const one = body();
    void one.read(1);
    expect(() => one.read(1)).toThrow(TypeError);
  });

  it('keeps copies: the transport takes its memory back', () => {
    const one = body();
    const lent = bytes('lent');
    one.push(lent, true);
    new Uint8Array(lent).fill(0);
    expect(all(one)).toBe('lent');
  });

  it('never writes again what it has given', () => {
    const one = body();
    one.push(bytes('ab'), false);
    one.push(bytes('cd'), false);
    const given = one.read(3);
    for (let i = 0; i < 5000; i++) one.push(bytes('x'), false);
    expect(text(given)).toBe('ab');
  });

  it('puts any mixture of small and large pieces together', () => {
    const one = body();
    let expected = '';
    for (let i = 0; i < 400; i++) {
      const piece = String.fromCharCode(97 + (i % 26)).repeat((i * 37) % 5000);
      expected += piece;
      one.push(bytes(piece), false);
      if (i % 7 === 0 && expected !== '') expected = expected.slice(text(one.read((i * 13) % 900 || 1))?.length ?? 0);
    }
    one.push(new ArrayBuffer(0), true);
    expect(all(one)).toBe(expected);
  });
});

describe('small chunks', () => {
  it('share memory: a client cannot make each byte cost hundreds', () => {
    const one = body();
    const piece = bytes('x');
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < BODY_BACKLOG_BYTES; i++) one.push(piece, false);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * BODY_BACKLOG_BYTES);
    one.push(new ArrayBuffer(0), true);
    expect(all(one)).toHaveLength(BODY_BACKLOG_BYTES);
  });
});

describe('backpressure', () => {
  it('pauses the sender above the backlog, once, and resumes below half of it', () => {
    const one = body();
    one.push(new ArrayBuffer(BODY_BACKLOG_BYTES), false);
    expect(flow).toEqual([]);
    one.push(new ArrayBuffer(1), false);
    one.push(new ArrayBuffer(1), false);
    expect(flow).toEqual(['pause']);
    void one.read(BODY_BACKLOG_BYTES / 2);
    expect(flow).toEqual(['pause']);
    void one.read(BODY_BACKLOG_BYTES);
    expect(flow).toEqual(['pause', 'resume']);
  });

  it('asks again with the next chunk when the sender could not be paused', () => {
    let possible = false;
    const one = new RequestBody(10 * BODY_BACKLOG_BYTES, {
      pause: () => possible,
      resume: () => void flow.push('resume'),
    });
    one.push(new ArrayBuffer(2 * BODY_BACKLOG_BYTES), false);
    one.cancel();
    expect(flow).toEqual([]);
    possible = true;
    const two = new RequestBody(10 * BODY_BACKLOG_BYTES, {
      pause: () => possible,
      resume: () => void flow.push('resume'),
    });
    two.push(new ArrayBuffer(2 * BODY_BACKLOG_BYTES), false);
    two.cancel();
    expect(flow).toEqual(['resume']);
  });

  it('does not pause a body that has ended', () => {
    const one = body();
    one.push(new ArrayBuffer(2 * BODY_BACKLOG_BYTES), true);
    expect(flow).toEqual([]);
  });

  it('lets the sender go on when nobody reads on, so that the connection can be used again', () => {
    const one = body();
    one.push(new ArrayBuffer(2 * BODY_BACKLOG_BYTES), false);
    one.cancel();
    expect(flow).toEqual(['pause', 'resume']);
  });
});

describe('a limit', () => {
  it('admits exactly as many bytes', () => {
    const one = body(4);
    one.push(bytes('four'), true);
    expect(all(one)).toBe('four');
  });

  it('fails a body beyond it, and drops what it held', () => {
    const one = body(4);
    one.push(bytes('four'), false);
    one.push(bytes('5'), false);
    expect(() => one.read(1)).toThrow(expect.objectContaining({ fault: 'too_large' }));
    one.push(bytes('more'), true);
    expect(() => one.read(1)).toThrow(expect.objectContaining({ fault: 'too_large' }));
  });

  it('rejects a read that waits', async () => {
    const one = body(4);
    const reading = one.read(10);
    one.push(bytes('12345'), false);
    await expect(reading).rejects.toMatchObject({ fault: 'too_large' });
  });
});

describe('an abort', () => {
  it('rejects the read that waits and those that come', async () => {
    const one = body();
    const reading = one.read(10);
    one.fail('closed');
    await expect(reading).rejects.toMatchObject({ fault: 'closed' });
    expect(() => one.read(1)).toThrow(expect.objectContaining({ fault: 'closed' }));
  });

  it('of a body that has ended changes nothing', () => {
    const one = body();
    one.push(bytes('whole'), true);
    one.fail('closed');
    expect(all(one)).toBe('whole');
  });
});

describe('a cancellation', () => {
  it('answers the read that waits with the end, and drops what comes', async () => {
    const one = body();
    const reading = one.read(10);
    one.cancel();
    expect(await reading).toBeNull();
    one.push(bytes('ignored'), true);
    expect(one.read(10)).toBeNull();
    one.cancel();
  });
});

describe('the end', () => {
  it('is told once, however the body ends', () => {
    const ends: ((one: RequestBody) => void)[] = [
      (one) => one.push(bytes('x'), true),
      (one) => one.fail('closed'),
      (one) => one.push(new ArrayBuffer(11 * BODY_BACKLOG_BYTES), false),
    ];
    for (const end of ends) {
      const one = body();
      let told = 0;
      one.whenOver(() => (told += 1));
      one.push(bytes('a'), false);
      expect(told).toBe(0);
      end(one);
      one.push(bytes('a'), true);
      expect(told).toBe(1);
    }
  });

  it('that has been is told at once', () => {
    const one = body();
    one.push(bytes('a'), true);
    let told = 0;
    one.whenOver(() => (told += 1));
    expect(told).toBe(1);
  });
});

describe('whoever waits for the whole body', () => {
  it('is told once, when it has come or has failed', () => {
    const [whole, broken] = [body(), body()];
    const told: string[] = [];
    whole.whenOver(() => told.push('whole'));
    broken.whenOver(() => told.push('broken'));
    whole.push(bytes('a'), false);
    expect(told).toEqual([]);
    whole.push(bytes('b'), true);
    broken.fail('closed');
    broken.fail('closed');
    expect(told).toEqual(['whole', 'broken']);
  });

  it('is told nothing after a cancellation, whatever comes late', () => {
    const one = body();
    let told = 0;
    one.whenOver(() => (told += 1));
    one.cancel();
    one.push(bytes('late'), true);
    expect(told).toBe(0);
  });
});
