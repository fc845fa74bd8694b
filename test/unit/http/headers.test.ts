import { describe, expect, test } from 'vitest';
import { HeaderList } from '../../../src/http/headers.ts';

function pairsOf(list: HeaderList): string[] {
  const pairs: string[] = [];
  list.forEach((name, value, lowerName) => pairs.push(`${name}|${lowerName}|${value}`));
  return pairs;
}

describe('a header list', () => {
  test('keeps order, spelling and repetitions', () => {
    const list = HeaderList.from([
      ['B', '1'],
      ['a', '2'],
      ['b', '3'],
    ]);
    expect(pairsOf(list)).toEqual(['B|b|1', 'a|a|2', 'b|b|3']);
    expect(list.size).toBe(3);
    expect(list.names()).toEqual(['b', 'a']);
  });

  test('compares names without regard to case', () => {
    const list = HeaderList.from([
      ['X-Name', '1'],
      ['x-name', '2'],
    ]);
    expect(list.get('X-NAME')).toBe('1');
    expect(list.getAll('x-Name')).toEqual(['1', '2']);
    expect(list.has('x-other')).toBe(false);
    expect(list.get('x-other')).toBeUndefined();
  });

  test('takes a name that is known to be in lower case', () => {
    const list = new HeaderList();
    list.appendLower('accept', '*/*');
    expect(list.get('Accept')).toBe('*/*');
  });

  test('sets the first of several values and removes the others', () => {
    const list = HeaderList.from([
      ['a', '1'],
      ['b', '2'],
      ['A', '3'],
      ['c', '4'],
      ['a', '5'],
    ]);
    list.set('a', '9');
    expect(pairsOf(list)).toEqual(['a|a|9', 'b|b|2', 'c|c|4']);
    list.set('D', '1');
    expect(list.get('d')).toBe('1');
  });

  test('deletes every value', () => {
    const list = HeaderList.from([
      ['a', '1'],
      ['b', '2'],
      ['A', '3'],
    ]);
    list.delete('A');
    list.delete('absent');
    expect(pairsOf(list)).toEqual(['b|b|2']);
  });

  test('a copy changes independently', () => {
    const list = HeaderList.from([['a', '1']]);
    const copy = list.clone();
    copy.set('a', '2');
    copy.append('b', '3');
    expect(pairsOf(list)).toEqual(['a|a|1']);
  });

  test('prototype names are names like any other', () => {
    const list = new HeaderList();
    expect(list.has('__proto__')).toBe(false);
    list.append('__proto__', '1');
    expect(list.getAll('__PROTO__')).toEqual(['1']);
  });
});
