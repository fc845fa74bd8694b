import { describe, expect, test } from 'vitest';
import type { BodySource } from '../../../../src/http/body.ts';
import { BodyError } from '../../../../src/http/body.ts';
import { BodyInput } from '../../../../src/abi/wasi-cgi/body-input.ts';
import { EmptyInput } from '../../../../src/abi/wasi/standard-streams.ts';
import { StringBlock } from '../../../../src/abi/wasi/string-block.ts';
import { assemble } from '../../../wat.ts';
import { link } from '../wasi/linked-guest.ts';
import { TinyHost } from '../wasi/tiny-host.ts';

const SUBSCRIPTIONS_AT = 512;
const EVENTS_AT = 1024;
const COUNT_AT = 16;

/** A body of which one chunk is waited for. */
class OneChunk implements BodySource {
  readonly chunk = Promise.withResolvers<Uint8Array | null>();

  read(): Promise<Uint8Array | null> {
    return this.chunk.promise;
  }

  cancel(): void {}
}

function begin(host: TinyHost, body: BodySource | null): void {
  const nothing = new StringBlock([]);
  host.guest.begin({
    args: nothing,
    env: nothing,
    input: body === null ? new EmptyInput() : new BodyInput(body),
    output: new EmptyInput(),
  });
}

/** Polls standard input, and a clock of so many nanoseconds. */
function poll(host: TinyHost, timeoutNs: bigint | null): unknown {
  host.memory.write(SUBSCRIPTIONS_AT, Buffer.alloc(96));
  host.memory.writeU64(SUBSCRIPTIONS_AT, 7n);
  host.memory.writeU8(SUBSCRIPTIONS_AT + 8, 1);
  host.memory.writeU64(SUBSCRIPTIONS_AT + 48, 8n);
  host.memory.writeU32(SUBSCRIPTIONS_AT + 64, 1);
  host.memory.writeU64(SUBSCRIPTIONS_AT + 72, timeoutNs ?? 0n);
  return host.invoke('poll_oneoff', [SUBSCRIPTIONS_AT, EVENTS_AT, timeoutNs === null ? 1 : 2, COUNT_AT]);
}

/** What the guest was told: number of events, and userdata, errno and bytes of the first. */
function told(host: TinyHost): unknown[] {
  const event = host.bytes(EVENTS_AT, 32);
  return [host.memory.readU32(COUNT_AT), event.readBigUInt64LE(0), event.readUInt16LE(8), event.readBigUInt64LE(16)];
}

describe('a poll of standard input', () => {
  test('ends with its bytes, which are still there to be read', async () => {
    const host = new TinyHost();
    const body = new OneChunk();
    begin(host, body);
    const polled = poll(host, 60_000_000_000n);
    expect(polled).toBeInstanceOf(Promise);
    body.chunk.resolve(Buffer.from('abc'));
    expect(await polled).toBe(0);
    expect(told(host)).toEqual([1, 7n, 0, 3n]);
    host.putIovecs(0, [2048, 100]);
    expect(host.call('fd_read', 0, 0, 1, COUNT_AT)).toBe(0);
    expect(host.bytes(2048, 3).toString()).toBe('abc');
  });

  test('ends with the clock when that comes first', async () => {
    const host = new TinyHost();
    begin(host, new OneChunk());
    expect(await poll(host, 1_000_000n)).toBe(0);
    expect(told(host)).toEqual([1, 8n, 0, 0n]);
  });

  test('needs no clock, and ends with the body', async () => {
    const host = new TinyHost();
    const body = new OneChunk();
    begin(host, body);
    const polled = poll(host, null);
    body.chunk.resolve(null);
    expect(await polled).toBe(0);
    expect(told(host)).toEqual([1, 7n, 0, 0n]);
  });

  test('that breaks off, or whose request ends, rejects; it leaves no timer', async () => {
    const host = new TinyHost();
    const body = new OneChunk();
    begin(host, body);
    const polled = poll(host, 60_000_000_000n);
    body.chunk.reject(new BodyError('closed'));
    await expect(polled).rejects.toBeInstanceOf(BodyError);
    begin(host, new OneChunk());
    const waiting = poll(host, 60_000_000_000n);
    host.guest.reset();
    await expect(waiting).rejects.toMatchObject({ name: 'GuestFault' });
  });
});

test('real wasm is suspended by a read, and goes on with what came', async () => {
  const { host, enter } = link(
    assemble(`(module
      (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 0) "\\00\\08\\00\\00\\64\\00\\00\\00")
      (func (export "run") (result i32)
        (if (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)) (then unreachable))
        (i32.load8_u (i32.add (i32.const 2047) (i32.load (i32.const 16))))))`),
  );
  const body = new OneChunk();
  begin(host, body);
  const running = enter('run');
  body.chunk.resolve(Buffer.from('abc'));
  expect(await running).toBe('c'.charCodeAt(0));
});
