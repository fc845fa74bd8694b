import { beforeEach, describe, expect, test } from 'vitest';
import type { GuestFault } from '../../../../src/abi/guest-fault.ts';
import type { Exchange } from '../../../../src/abi/abi.ts';
import { InvalidResponse } from '../../../../src/abi/abi.ts';
import { BodyError } from '../../../../src/http/body.ts';
import type { ResponseHead } from '../../../../src/http/message.ts';
import { MAX_HEADER_BLOCK_BYTES, STREAM_FROM_BYTES } from '../../../../src/abi/wasi-cgi/limits.ts';
import { ResponseOutput } from '../../../../src/abi/wasi-cgi/response-output.ts';

const HEAD = 'Content-Type: text/plain\n\n';

let streamed: { head: ResponseHead; body: string } | null;
let backpressure: Promise<void> | undefined;
let refusal: Error | null;
let held: number;
let output: ResponseOutput;

function outputFor(method: string): ResponseOutput {
  const exchange = {
    request: { method },
    stream: (head: ResponseHead) => {
      if (refusal !== null) throw refusal;
      const into = (streamed = { head, body: '' });
      return {
        write: (chunk: Uint8Array) => {
          into.body += Buffer.from(chunk).toString();
          return backpressure;
        },
      };
    },
  };
  return new ResponseOutput(exchange as unknown as Exchange, (pages) => (held += pages));
}

function write(text: string): unknown {
  return output.write(Buffer.from(text));
}

/** Lets the thread's next turn come. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

beforeEach(() => {
  [streamed, backpressure, refusal, held] = [null, undefined, null, 0];
  output = outputFor('GET');
});

describe('a response', () => {
  test('that is short goes out whole, however it was written', async () => {
    for (const char of `${HEAD}body`) expect(write(char)).toBe(0);
    const reply = await output.finish();
    expect(reply).toMatchObject({ kind: 'whole', head: { status: 200 } });
    expect(reply.kind === 'whole' && Buffer.from(reply.body).toString()).toBe('body');
    expect(streamed).toBeNull();
  });

  test('without a body is whole too', async () => {
    write(HEAD);
    await turn();
    expect(await output.finish()).toMatchObject({ kind: 'whole', body: { length: 0 } });
  });

  test('streams from the next turn on', async () => {
    write(`${HEAD}one `);
    expect(streamed).toBeNull();
    await turn();
    expect(streamed?.body).toBe('one ');
    write('two');
    expect(streamed?.body).toBe('one two');
    expect(await output.finish()).toEqual({ kind: 'streamed' });
  });

  test('streams when it is long', async () => {
    write(HEAD + 'x'.repeat(STREAM_FROM_BYTES - 1));
    expect(streamed).toBeNull();
    write('y');
    expect(streamed?.body).toHaveLength(STREAM_FROM_BYTES);
    expect(await output.finish()).toEqual({ kind: 'streamed' });
    expect(held).toBe(0);
  });

  test('waits for a slow client, also for what went out in a turn of its own', async () => {
    const slow = Promise.withResolvers<void>();
    backpressure = slow.promise;
    write(`${HEAD}one `);
    await turn();
    backpressure = undefined;
    const second = write('two') as Promise<number>;
    expect(streamed?.body).toBe('one ');
    slow.resolve();
    expect(await second).toBe(0);
    expect(streamed?.body).toBe('one two');
  });

  test('ends with its program when the client is gone or the head is none, though nobody was there to hear of it', async () => {
    backpressure = Promise.reject(new BodyError('closed'));
    backpressure.catch(() => undefined);
    write(`${HEAD}one `);
    await turn();
    await expect(write('two')).rejects.toBeInstanceOf(BodyError);
    output = outputFor('GET');
    refusal = new InvalidResponse('a broken head');
    write(`${HEAD}one `);
    await turn();
    expect(() => write('two')).toThrow(InvalidResponse);
    await expect(output.finish()).rejects.toBe(refusal);
  });

  test('that is given up sends nothing any more', async () => {
    write(`${HEAD}one`);
    output.abandon();
    await turn();
    expect(streamed).toBeNull();
  });
});

describe('what is no response', () => {
  test('has no blank line', async () => {
    write('Content-Type: text/plain\n');
    await expect(output.finish()).rejects.toMatchObject({ outcome: 'no_response' });
  });

  test('has a header block without an end: it is cut off, not kept', () => {
    const line = `x: ${'y'.repeat(1000)}\n`;
    expect(() => {
      for (let bytes = 0; bytes <= MAX_HEADER_BLOCK_BYTES; bytes += line.length) write(line);
    }).toThrow(expect.objectContaining({ outcome: 'no_response' }));
  });

  test.each([
    ['GET', 'Content-Length: 4', 'body!', false],
    ['GET', 'Content-Length: 4', 'bod', false],
    ['GET', 'Content-Length: 4', 'body', true],
    ['HEAD', 'Content-Length: 4', '', true],
    ['GET', 'Status: 304\nContent-Length: 4', '', true],
  ])('to %s with %s and %j is right: %s', async (method, fields, body, right) => {
    output = outputFor(method);
    write(`Content-Type: x\n${fields}\n\n${body}`);
    const outcome = await output.finish().then(
      ({ kind }) => kind,
      (error: unknown) => (error as GuestFault).outcome,
    );
    expect(outcome).toBe(right ? 'whole' : 'no_response');
  });
});
