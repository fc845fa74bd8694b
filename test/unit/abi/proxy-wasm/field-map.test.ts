import { describe, expect, it } from 'vitest';
import { GuestFault } from '../../../../src/abi/guest-fault.ts';
import { FieldMap } from '../../../../src/abi/proxy-wasm/field-map.ts';
import { HeaderList } from '../../../../src/http/headers.ts';

function request(...fields: readonly (readonly [string, string])[]): FieldMap {
  return FieldMap.ofRequest({ method: 'GET', target: '/a?b', headers: HeaderList.from(fields) });
}

function entries({ list }: FieldMap): string[] {
  const found: string[] = [];
  list.forEach((name, value) => found.push(`${name}=${value}`));
  return found;
}

describe('the map of a request', () => {
  it('begins with its start line, and has its authority once', () => {
    const map = request(['X-A', '1'], ['Host', 'h:1']);
    expect(entries(map)).toEqual([':method=GET', ':path=/a?b', ':authority=h:1', ':scheme=http', 'x-a=1']);
    expect(map.get('HOST')).toBe('h:1');
  });

  it('becomes a request again', () => {
    const map = request(['host', 'h']);
    expect([map.replace(':method', 'POST'), map.replace(':path', '/c'), map.replace('host', 'i')]).toEqual([
      true,
      true,
      true,
    ]);
    const { method, target, headers } = map.toRequest();
    expect([method, target, headers.getAll('host')]).toEqual(['POST', '/c', ['i']]);
  });

  it('joins the values of a name', () => {
    const map = request(['x', '1']);
    expect(map.add('X', '2')).toBe(true);
    expect(map.get('x')).toBe('1,2');
  });

  it('has one value for a pseudo-field, whichever way it comes', () => {
    const map = request();
    expect(map.add(':path', '/other')).toBe(true);
    expect(map.get(':path')).toBe('/other');
  });

  it.each([
    [':method', 'CONNECT'],
    [':method', 'a b'],
    [':path', 'relative'],
    [':path', '/a b'],
    [':path', '/\r\nx: y'],
    [':scheme', 'ftp'],
    [':status', '200'],
    [':made-up', 'x'],
    ['', 'x'],
    ['a b', 'x'],
    ['x', 'a\nb'],
    ['x', 'a\0b'],
  ])('refuses %j: %j and stays as it was', (name, value) => {
    const map = request(['x-a', '1']);
    const before = entries(map);
    expect([map.add(name, value), map.replace(name, value)]).toEqual([false, false]);
    expect(
      map.replaceAll(
        HeaderList.from([
          ['x-b', '2'],
          [name, value],
        ]),
      ),
    ).toBe(false);
    expect(entries(map)).toEqual(before);
  });

  it('can be replaced as a whole, and cannot be sent without its start line', () => {
    const map = request(['x-a', '1']);
    expect(
      map.replaceAll(
        HeaderList.from([
          [':method', 'GET'],
          ['x-b', '2'],
        ]),
      ),
    ).toBe(true);
    expect(entries(map)).toEqual([':method=GET', 'x-b=2']);
    expect(() => map.toRequest()).toThrow(GuestFault);
  });

  it('has no more fields and bytes than a message may have', () => {
    const map = request();
    let fields = 0;
    while (map.add('x', 'v')) fields += 1;
    expect(fields).toBe(196);
    expect(request().add('x', 'v'.repeat(65_536))).toBe(false);
  });
});

describe('the map of a response', () => {
  it('has its status, which is a final one', () => {
    const map = FieldMap.ofResponse(404, HeaderList.from([['X-A', '1']]));
    expect(entries(map)).toEqual([':status=404', 'x-a=1']);
    for (const status of ['100', '600', '20', 'abc', '2e2']) expect(map.replace(':status', status)).toBe(false);
    expect(map.replace(':status', '503')).toBe(true);
    expect(map.toResponse()).toMatchObject({ status: 503 });
  });

  it('cannot be sent without it', () => {
    const map = FieldMap.ofResponse(200, new HeaderList());
    map.remove(':status');
    expect(() => map.toResponse()).toThrow(/removed :status/);
  });
});
