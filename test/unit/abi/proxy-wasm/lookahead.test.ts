import { describe, expect, it } from 'vitest';
import { Lookahead } from '../../../../src/abi/proxy-wasm/lookahead.ts';
import { BytesSource, type BodySource } from '../../../../src/http/body.ts';
import { LateSource } from '../http-wasm/direct-guest.ts';

async function pieces(source: BodySource): Promise<string[]> {
  const lookahead = new Lookahead(source);
  const found: string[] = [];
  for (;;) {
    const { bytes, last } = await lookahead.take();
    found.push(`${Buffer.from(bytes).toString()}${last ? '.' : ''}`);
    if (last) return found;
  }
}

describe('a body', () => {
  it('that is at hand comes in one piece, which is the last', async () => {
    expect(await pieces(new BytesSource(Buffer.from('all of it')))).toEqual(['all of it.']);
    expect(await pieces(new BytesSource(Buffer.alloc(0)))).toEqual(['.']);
  });

  it('that is larger than a chunk comes in chunks', async () => {
    const found = await pieces(new BytesSource(Buffer.alloc(150_000, 'x')));
    expect(found.map(({ length }) => length)).toEqual([65_536, 65_536, 150_000 - 2 * 65_536 + 1]);
  });

  it('that comes late ends with an empty piece, when nobody could know before', async () => {
    expect(await pieces(new LateSource('a', 'b'))).toEqual(['a', 'b', '.']);
  });

  it('is read ahead without an unhandled rejection, and fails for whoever asks', async () => {
    const source: BodySource = {
      read: (maxBytes) => (maxBytes === 65_536 ? Buffer.from('a') : Promise.reject(new Error('broken'))),
      cancel: () => {},
    };
    const lookahead = new Lookahead(source);
    expect(Buffer.from((await lookahead.take()).bytes).toString()).toBe('a');
    await new Promise(setImmediate);
    await expect(lookahead.take()).rejects.toThrow('broken');
  });

  it('says when there is more without taking it', async () => {
    const lookahead = new Lookahead(new LateSource('a'));
    await lookahead.ready();
    await lookahead.ready();
    expect(Buffer.from((await lookahead.take()).bytes).toString()).toBe('a');
  });
});
