import { describe, expect, it } from 'vitest';
import { parse, serialize, serializedSize } from '../../../../src/abi/proxy-wasm/pairs.ts';
import { HeaderList } from '../../../../src/http/headers.ts';

function entries(list: HeaderList | null): [string, string][] | null {
  if (list === null) return null;
  const found: [string, string][] = [];
  list.forEach((name, value) => found.push([name, value]));
  return found;
}

describe('a serialized map', () => {
  it('is as the specification shows it', () => {
    const bytes = serialize(
      HeaderList.from([
        ['a', '1'],
        ['b', '22'],
      ]),
    );
    expect(Buffer.from(bytes).toString('hex')).toBe(
      ['02000000', '01000000', '01000000', '01000000', '02000000', '6100', '3100', '6200', '323200'].join(''),
    );
  });

  it('is read back as it was, names in lower case', () => {
    const list = HeaderList.from([
      ['X-One', ''],
      ['set-cookie', 'a=ü'],
      ['set-cookie', 'b'],
    ]);
    expect(entries(parse(serialize(list)))).toEqual([
      ['x-one', ''],
      ['set-cookie', 'a=ü'],
      ['set-cookie', 'b'],
    ]);
    expect(serializedSize(list)).toBe(serialize(list).length);
  });

  it('may be empty in three ways', () => {
    expect(serialize(new HeaderList())).toHaveLength(0);
    for (const bytes of [[], [0], [0, 0, 0, 0]]) expect(entries(parse(Uint8Array.from(bytes)))).toEqual([]);
  });

  it.each([
    ['three bytes', '000000'],
    ['a count without lengths', '01000000'],
    ['the largest count', 'ffffffff00000000'],
    ['a length beyond the end', '010000000500000001000000610031'],
    ['the largest lengths', '01000000ffffffffffffffff6100'],
    ['a name without its NUL', '01000000010000000100000061313100'],
    ['a value without its NUL', '01000000010000000100000061003131'],
    ['bytes behind the end', '0100000001000000010000006100310000'],
  ])('is none with %s', (_, hex) => {
    expect(parse(Buffer.from(hex, 'hex'))).toBeNull();
  });
});
