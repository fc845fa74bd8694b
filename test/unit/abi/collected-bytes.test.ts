import { describe, expect, it } from 'vitest';
import { CollectedBytes } from '../../../src/abi/collected-bytes.ts';

function text(collected: CollectedBytes): string {
  return Buffer.from(collected.bytes).toString();
}

describe('collected bytes', () => {
  it('are empty at first, and after empty pieces', () => {
    const collected = new CollectedBytes(() => undefined);
    for (let i = 0; i < 1000; i++) collected.add(new Uint8Array(0));
    expect([collected.length, collected.bytes.length]).toEqual([0, 0]);
  });

  it('are the pieces in order', () => {
    const collected = new CollectedBytes(() => undefined);
    let expected = '';
    for (let i = 0; i < 5000; i++) {
      collected.add(Buffer.from(`${i},`));
      expected += `${i},`;
    }
    expect(text(collected)).toBe(expected);
    expect(collected.length).toBe(expected.length);
  });

  it('do not copy a first piece, nor write into it', () => {
    const collected = new CollectedBytes(() => undefined);
    const backing = Buffer.from('firstRESERVED');
    collected.add(backing.subarray(0, 5));
    expect(collected.bytes.buffer).toBe(backing.buffer);
    collected.add(Buffer.from('second'));
    expect(text(collected)).toBe('firstsecond');
    expect(backing.toString()).toBe('firstRESERVED');
  });

  it('stay as they were when more is added', () => {
    const collected = new CollectedBytes(() => undefined);
    collected.add(Buffer.from('a'));
    collected.add(Buffer.from('b'));
    const before = collected.bytes;
    for (let i = 0; i < 3000; i++) collected.add(Buffer.from('c'));
    expect(Buffer.from(before).toString()).toBe('ab');
    expect(collected.length).toBe(3002);
  });

  it('of a million single bytes take little more than a megabyte', () => {
    const collected = new CollectedBytes(() => undefined);
    const piece = Buffer.from('x');
    for (let i = 0; i < 1_000_000; i++) collected.add(piece);
    expect(collected.bytes.buffer.byteLength).toBeLessThanOrEqual(2 * 1_048_576);
  });

  it('are accounted for in whole pages while they are there, and not at all below one', () => {
    const held: number[] = [];
    const collected = new CollectedBytes((pages) => void held.push(pages));
    for (let i = 0; i < 60; i++) collected.add(new Uint8Array(1000));
    expect(held).toEqual([]);
    collected.add(new Uint8Array(200_000));
    collected.add(new Uint8Array(400_000));
    const sum = held.reduce((total, pages) => total + pages, 0);
    expect(sum).toBe(Math.floor(collected.bytes.buffer.byteLength / 65_536));
    collected.clear();
    expect([held.reduce((total, pages) => total + pages, 0), collected.length]).toEqual([0, 0]);
    collected.add(new Uint8Array(70_000));
    expect(held.at(-1)).toBe(1);
  });

  it('stay as they were when there is no room for more', () => {
    const collected = new CollectedBytes((pages) => {
      if (pages > 1) throw new RangeError('no room');
    });
    collected.add(Buffer.from('abc'));
    expect(() => collected.add(new Uint8Array(300_000))).toThrow('no room');
    expect(text(collected)).toBe('abc');
  });
});
