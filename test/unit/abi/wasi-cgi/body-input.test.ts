import { describe, expect, test } from 'vitest';
import { BodyError, BytesSource, type BodySource } from '../../../../src/http/body.ts';
import { BodyInput } from '../../../../src/abi/wasi-cgi/body-input.ts';
import { ERRNO } from '../../../../src/abi/wasi/errno.ts';
import { EVENT_HANGUP, EVENT_TYPE, FDFLAGS } from '../../../../src/abi/wasi/typenames.ts';

/** A body whose chunks come when the test says so. */
class SlowBody implements BodySource {
  #wanted: PromiseWithResolvers<Uint8Array | null> | null = null;

  read(): Promise<Uint8Array | null> {
    if (this.#wanted !== null) throw new TypeError('two reads at once');
    this.#wanted = Promise.withResolvers();
    return this.#wanted.promise;
  }

  cancel(): void {}

  give(text: string | null): void {
    const wanted = this.#wanted;
    this.#wanted = null;
    wanted?.resolve(text === null ? null : Buffer.from(text));
  }

  fail(): void {
    this.#wanted?.reject(new BodyError('closed'));
  }
}

async function textOf(read: Uint8Array | number | Promise<Uint8Array | number>): Promise<string> {
  const bytes = await read;
  if (typeof bytes === 'number') throw new Error(`errno ${bytes}`);
  return Buffer.from(bytes).toString();
}

test('what is at hand is read at once, up to the end, and ever again', () => {
  const input = new BodyInput(new BytesSource(Buffer.from('abc')));
  expect(input.read(0)).toHaveLength(0);
  expect(Buffer.from(input.read(2) as Uint8Array).toString()).toBe('ab');
  expect(Buffer.from(input.read(2) as Uint8Array).toString()).toBe('c');
  expect([input.read(2), input.read(2)]).toEqual([new Uint8Array(0), new Uint8Array(0)]);
});

describe('a slow body', () => {
  test('makes a read wait', async () => {
    const body = new SlowBody();
    const input = new BodyInput(body);
    const first = textOf(input.read(9));
    body.give('one');
    expect(await first).toBe('one');
    const end = textOf(input.read(9));
    body.give(null);
    expect(await end).toBe('');
  });

  test('makes a poll wait, and what it got is read afterwards, in parts', async () => {
    const body = new SlowBody();
    const input = new BodyInput(body);
    const ready = input.poll(EVENT_TYPE.fd_read);
    expect(ready).toBeInstanceOf(Promise);
    expect(input.poll(EVENT_TYPE.fd_read)).toBe(ready);
    const waiting = textOf(input.read(2));
    body.give('abc');
    await ready;
    expect(await waiting).toBe('ab');
    expect(input.poll(EVENT_TYPE.fd_read)).toEqual({ bytes: 1, flags: 0 });
    expect(await textOf(input.read(9))).toBe('c');
  });

  test('makes nobody wait who does not want to', async () => {
    const body = new SlowBody();
    const input = new BodyInput(body);
    input.flags = FDFLAGS.nonblock;
    expect([input.read(9), input.read(9)]).toEqual([ERRNO.again, ERRNO.again]);
    const ready = input.poll(EVENT_TYPE.fd_read);
    body.give('abc');
    await ready;
    expect(await textOf(input.read(9))).toBe('abc');
    expect(input.read(9)).toBe(ERRNO.again);
    body.give(null);
    await input.poll(EVENT_TYPE.fd_read);
    expect(input.read(9)).toHaveLength(0);
  });

  test('that ends is ready, hung up', async () => {
    const body = new SlowBody();
    const input = new BodyInput(body);
    const ready = input.poll(EVENT_TYPE.fd_read);
    body.give(null);
    await ready;
    expect(input.poll(EVENT_TYPE.fd_read)).toEqual({ bytes: 0, flags: EVENT_HANGUP });
  });

  test('that breaks off rejects who waits, and nobody else', async () => {
    const body = new SlowBody();
    const input = new BodyInput(body);
    const ready = input.poll(EVENT_TYPE.fd_read) as Promise<unknown>;
    body.fail();
    await expect(ready).rejects.toBeInstanceOf(BodyError);
    await expect(input.read(1)).rejects.toBeInstanceOf(BodyError);
  });
});

test('an input is not for writing', () => {
  const input = new BodyInput(new BytesSource(Buffer.from('x')));
  expect([input.write(Buffer.from('x')), input.poll(EVENT_TYPE.fd_write)]).toEqual([ERRNO.badf, ERRNO.badf]);
});
