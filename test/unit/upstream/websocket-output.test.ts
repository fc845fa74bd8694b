import { PassThrough, Writable } from 'node:stream';
import { expect, it, vi } from 'vitest';
import { GATHERED_FRAME_BYTES, OUTPUT_BLOCK_BYTES } from '../../../src/upstream/limits.ts';
import { FrameOutput } from '../../../src/upstream/websocket-output.ts';

function noting(): { output: FrameOutput; chunks: Buffer[]; socket: PassThrough } {
  const [socket, chunks] = [new PassThrough(), [] as Buffer[]];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  return { output: new FrameOutput(socket), chunks, socket };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('small pieces of one turn are one write', async () => {
  const { output, chunks } = noting();
  for (const text of ['a', 'b', 'c']) output.write(Buffer.from(text));
  await turn();
  await turn();
  expect(chunks.map(String)).toEqual(['abc']);
});

it('large pieces go by themselves, in order', async () => {
  const { output, chunks } = noting();
  output.write(Buffer.from('before'));
  output.write(Buffer.alloc(GATHERED_FRAME_BYTES + 1, 'x'));
  output.write(Buffer.from('after'));
  output.flush();
  await turn();
  expect(chunks.map(({ length }) => length)).toEqual([6, GATHERED_FRAME_BYTES + 1, 5]);
});

it('more than a block is several', async () => {
  const { output, chunks } = noting();
  for (let number = 0; number < 1_000; number += 1) output.write(Buffer.alloc(50, number % 256));
  await turn();
  await turn();
  expect(Buffer.concat(chunks).length).toBe(50_000);
  expect(chunks.length).toBe(Math.ceil(50_000 / OUTPUT_BLOCK_BYTES));
});

it('what is gathered for a socket that has ended goes nowhere', async () => {
  const { output, chunks, socket } = noting();
  output.write(Buffer.from('late'));
  socket.end();
  await turn();
  await turn();
  expect(chunks).toEqual([]);
});

it('a socket that takes nothing has as much memory waiting as there are bytes, however many turns they came in', async () => {
  const blocks = new Set<ArrayBufferLike>();
  const take: (() => void)[] = [];
  const socket = new Writable({
    write: (_chunk, _encoding, taken) => void take.push(taken),
    writev: (_chunks, taken) => void take.push(taken),
  });
  const written = vi.spyOn(socket, 'write');
  const output = new FrameOutput(socket);
  for (let number = 0; number < 1_000; number += 1) {
    output.write(Buffer.from('frame.'));
    await turn();
  }
  for (const [chunk] of written.mock.calls) blocks.add((chunk as Buffer).buffer);
  expect([...blocks].reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeLessThanOrEqual(2 * OUTPUT_BLOCK_BYTES);
  for (let taken = take.shift(); taken !== undefined; taken = take.shift()) {
    taken();
    await turn();
  }
  expect(Buffer.concat(written.mock.calls.map(([chunk]) => chunk as Buffer)).toString()).toBe('frame.'.repeat(1_000));
});
