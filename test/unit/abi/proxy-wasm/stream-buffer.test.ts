import { describe, expect, it } from 'vitest';
import { StreamBuffer } from '../../../../src/abi/proxy-wasm/stream-buffer.ts';
import { MAX_PAUSED_BYTES } from '../../../../src/abi/proxy-wasm/limits.ts';

let held = 0;

function buffer(text = ''): StreamBuffer {
  held = 0;
  const made = new StreamBuffer((pages) => {
    held += pages;
  }, 'body_limit');
  if (text !== '') made.append(Buffer.from(text));
  return made;
}

function textOf(from: StreamBuffer): string {
  return Buffer.from(from.view(0, from.length)).toString();
}

describe('a buffer', () => {
  it.each([
    ['prepends', 0, 0, 'new ', 'new abcdef'],
    ['appends behind the end', 100, 0, '!', 'abcdef!'],
    ['appends at the largest place', 0xffff_ffff, 0xffff_ffff, '!', 'abcdef!'],
    ['injects', 2, 0, '-', 'ab-cdef'],
    ['replaces a part by less', 1, 4, '-', 'a-f'],
    ['replaces a part by more', 1, 1, '-----', 'a-----cdef'],
    ['replaces all', 0, 0xffff_ffff, 'x', 'x'],
    ['removes all', 0, 6, '', ''],
    ['removes the end', 4, 10, '', 'abcd'],
  ])('%s', (_, start, size, bytes, expected) => {
    const made = buffer('abcdef');
    expect(made.set(start, size, Buffer.from(bytes))).toBe(true);
    expect(textOf(made)).toBe(expected);
  });

  it('does as a string would, whatever is done to it', () => {
    let [seed, text] = [7, ''];
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed % below;
    };
    const made = buffer();
    for (let step = 0; step < 500; step++) {
      const [start, size, piece] = [random(40), random(40), 'x'.repeat(random(20)) + step];
      if (random(3) === 0) {
        made.append(Buffer.from(piece));
        text += piece;
      } else {
        made.set(start, size, Buffer.from(piece));
        text = text.slice(0, start) + piece + text.slice(Math.min(start, text.length) + size);
      }
      expect(textOf(made)).toBe(text);
    }
  });

  it('knows whether its length was changed', () => {
    const made = buffer('abc');
    made.set(0, 3, Buffer.from('xyz'));
    expect(made.resized).toBe(false);
    made.set(0, 1, Buffer.from(''));
    expect(made.resized).toBe(true);
  });

  it('is shown in parts, none beyond its end', () => {
    const made = buffer('abcdef');
    expect(Buffer.from(made.view(2, 2)).toString()).toBe('cd');
    expect(made.view(6, 5)).toHaveLength(0);
    expect(made.view(4_000_000_000, 5)).toHaveLength(0);
  });

  it('is on the account while it is large, and off it when it was taken', () => {
    const made = buffer();
    made.append(Buffer.alloc(200_000));
    expect(held).toBe(3);
    made.append(Buffer.alloc(100_000));
    expect(held).toBeGreaterThanOrEqual(4);
    expect(made.take()).toHaveLength(300_000);
    expect([held, made.length]).toEqual([0, 0]);
  });

  it('has a cap, for what comes and for what is put in', () => {
    const made = buffer();
    made.append(Buffer.alloc(MAX_PAUSED_BYTES));
    expect(made.set(0, 0, Buffer.from('x'))).toBe(false);
    expect(made.set(0, 1, Buffer.from('x'))).toBe(true);
    expect(() => made.append(Buffer.from('x'))).toThrow(expect.objectContaining({ outcome: 'body_limit' }));
  });

  it('copies a body in small pieces no more often than it doubles', () => {
    const made = buffer();
    const began = performance.now();
    for (let piece = 0; piece < 40_000; piece++) made.append(Buffer.from('0123456789'));
    expect(made.length).toBe(400_000);
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});
