import { describe, expect, it } from 'vitest';
import { BodyError } from '../../../src/http/body.ts';
import { BodyPipe } from '../../../src/runtime/body-pipe.ts';

const bytes = (of: string): Buffer => Buffer.from(of);

async function text(chunk: Uint8Array | null | Promise<Uint8Array | null>): Promise<string> {
  return Buffer.from((await chunk) ?? []).toString();
}

describe('a pipe', () => {
  it('hands on what is written, in pieces as large as asked for, and then ends', async () => {
    const pipe = new BodyPipe();
    const written = pipe.write(bytes('abcde'));
    expect(await text(pipe.read(2))).toBe('ab');
    expect(await text(pipe.read(9))).toBe('cde');
    await written;
    const waiting = pipe.read(9);
    pipe.end();
    expect(await waiting).toBeNull();
    expect(pipe.read(9)).toBeNull();
  });

  it('holds its writer back until all was read', async () => {
    const pipe = new BodyPipe();
    let done = false;
    const written = Promise.resolve(pipe.write(bytes('ab'))).then(() => {
      done = true;
    });
    await new Promise(setImmediate);
    expect(done).toBe(false);
    void pipe.read(2);
    await written;
    expect(done).toBe(true);
  });

  it('serves a reader that waits', async () => {
    const pipe = new BodyPipe();
    const waiting = pipe.read(1);
    void pipe.write(bytes('ab'));
    expect(await text(waiting)).toBe('a');
    expect(() => [pipe.read(1), pipe.read(1), pipe.read(1)]).toThrow(TypeError);
  });

  it('tells the reader that it breaks off, after what was written', async () => {
    const pipe = new BodyPipe();
    void pipe.write(bytes('a'));
    pipe.fail();
    expect(await text(pipe.read(9))).toBe('a');
    await expect(pipe.read(9)).rejects.toThrow(BodyError);
  });

  it('tells the writer that nobody reads on', async () => {
    const pipe = new BodyPipe();
    const written = pipe.write(bytes('a'));
    pipe.cancel();
    await expect(written).rejects.toThrow(BodyError);
    await expect(pipe.write(bytes('b'))).rejects.toThrow(BodyError);
    expect([pipe.cancelled, pipe.read(1)]).toEqual([true, null]);
  });

  it('takes nothing for nothing, and one write at a time', () => {
    const pipe = new BodyPipe();
    expect(pipe.write(bytes(''))).toBeUndefined();
    void pipe.write(bytes('a'));
    expect(() => pipe.write(bytes('b'))).toThrow(TypeError);
  });
});
