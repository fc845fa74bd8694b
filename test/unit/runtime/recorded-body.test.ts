import { describe, expect, it } from 'vitest';
import { BytesSource } from '../../../src/http/body.ts';
import { MAX_RECORDED_BYTES } from '../../../src/runtime/limits.ts';
import { RecordedBody } from '../../../src/runtime/recorded-body.ts';
import { LateSource, readAll } from '../abi/http-wasm/direct-guest.ts';

describe('a recorded body', () => {
  it('can be had again from its begin, whatever was done with what was read', async () => {
    const body = new RecordedBody(new LateSource('ab', 'cd', 'ef'));
    for (let read = 0; read < 2; read++) (await body.read(9))?.fill(0);
    expect(await readAll(body.replay())).toBe('abcdef');
  });

  it('can be had again also when its reader gave it up', async () => {
    const source = new LateSource('ab', 'cd');
    const body = new RecordedBody(source);
    await body.read(9);
    body.cancel();
    expect(await body.read(9)).toBeNull();
    expect(await readAll(body.replay())).toBe('abcd');
    expect(source.cancelled).toBe(0);
  });

  it('cannot when too much of it was read', () => {
    const body = new RecordedBody(new BytesSource(Buffer.alloc(MAX_RECORDED_BYTES + 1)));
    void body.read(MAX_RECORDED_BYTES + 1);
    expect(body.replay()).toBeNull();
  });

  it('is given up with its reader once nobody wants it again', () => {
    const [before, after] = [new LateSource('a'), new LateSource('a')];
    const [first, second] = [new RecordedBody(before), new RecordedBody(after)];
    first.cancel();
    first.settle();
    second.settle();
    second.cancel();
    expect([before.cancelled, after.cancelled, second.replay()]).toEqual([1, 1, null]);
  });
});
