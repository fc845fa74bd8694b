import { describe, expect, it } from 'vitest';
import { instanceCases, instanceGuest, withPages } from '../../../bench/instance-cases.ts';

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const bytes = (...sections: number[]): Uint8Array => new Uint8Array([...HEADER, ...sections]);

describe('instanceCases', () => {
  it('measures every size beside every number of others', () => {
    const cases = instanceCases('full');
    expect(cases).toHaveLength(12);
    expect(new Set(cases.map(({ pages, live }) => `${pages}/${live}`)).size).toBe(12);
    expect(instanceCases('quick').length).toBeLessThan(cases.length);
  });
});

describe('withPages', () => {
  it('changes the minimum of the memory and nothing else', () => {
    expect(withPages(bytes(1, 4, 1, 0x60, 0, 0, 5, 3, 1, 0, 1), 17)).toEqual(
      bytes(1, 4, 1, 0x60, 0, 0, 5, 3, 1, 0, 17),
    );
  });

  it('leaves the original as it is', () => {
    const original = bytes(5, 3, 1, 0, 1);
    withPages(original, 64);
    expect(original).toEqual(bytes(5, 3, 1, 0, 1));
  });

  it.each([
    ['no memory', bytes(1, 4, 1, 0x60, 0, 0)],
    ['a maximum', bytes(5, 4, 1, 1, 1, 2)],
    ['two memories', bytes(5, 5, 2, 0, 1, 0, 1)],
    ['a section that is cut off', bytes(1)],
    ['a long section before', bytes(1, 0x80, 1)],
  ])('refuses a module with %s', (_, module) => {
    expect(() => withPages(module, 2)).toThrow(TypeError);
  });

  it.each([128, -1, Number.NaN])('refuses %s pages', (pages) => {
    expect(() => withPages(bytes(5, 3, 1, 0, 1), pages)).toThrow(TypeError);
  });
});

describe('the guest', () => {
  it.each([1, 2, 17, 64])('has %i pages, answers once, and traps where it finds its marks', (pages) => {
    const said: string[] = [];
    const module = new WebAssembly.Module(instanceGuest(pages));
    const { exports } = new WebAssembly.Instance(module, {
      http_handler: {
        write_body: (_kind: number, at: number, length: number) => {
          const { buffer } = exports['memory'] as WebAssembly.Memory;
          said.push(Buffer.from(buffer, at, length).toString());
        },
      },
    });
    const handle = exports['handle_request'] as () => bigint;
    expect((exports['memory'] as WebAssembly.Memory).buffer.byteLength).toBe(pages * 65_536);
    expect(handle()).toBe(0n);
    expect(said).toEqual(['hello, world']);
    expect(handle).toThrow(WebAssembly.RuntimeError);
  });
});
