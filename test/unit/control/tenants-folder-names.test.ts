import { describe, expect, it } from 'vitest';
import { assignNames } from '../../../src/control/tenants-folder-names.ts';

type Pairs = Readonly<Record<string, string>>;

function assign(holders: Pairs, wishes: Pairs, gone: readonly string[] = []): { holders: Pairs; refused: Pairs } {
  const result = assignNames(new Map(Object.entries(holders)), new Set(gone), new Map(Object.entries(wishes)));
  return { holders: Object.fromEntries(result.holders), refused: Object.fromEntries(result.refused) };
}

describe('assigning tenant names', () => {
  it('gives a free name to the first that wishes for it', () => {
    expect(assign({}, { A: 'x', B: 'x', C: 'y' })).toEqual({ holders: { x: 'A', y: 'C' }, refused: { B: 'A' } });
  });

  it('leaves a held name with its holder, whatever the order', () => {
    expect(assign({ x: 'B' }, { A: 'x' })).toEqual({ holders: { x: 'B' }, refused: { A: 'B' } });
    expect(assign({ x: 'B' }, { A: 'x', B: 'x' })).toEqual({ holders: { x: 'B' }, refused: { A: 'B' } });
  });

  it('passes on the name of a folder that is gone or moves away in the same change', () => {
    expect(assign({ x: 'A' }, { B: 'x' }, ['A'])).toEqual({ holders: { x: 'B' }, refused: {} });
    expect(assign({ x: 'A' }, { A: 'y', B: 'x' })).toEqual({ holders: { y: 'A', x: 'B' }, refused: {} });
  });

  it('lets two folders swap names', () => {
    expect(assign({ x: 'A', y: 'B' }, { A: 'y', B: 'x' })).toEqual({ holders: { y: 'A', x: 'B' }, refused: {} });
  });

  it('lets a folder that is refused keep its old name, against those who counted on it', () => {
    expect(assign({ x: 'A', y: 'B' }, { A: 'y', C: 'x' })).toEqual({
      holders: { x: 'A', y: 'B' },
      refused: { A: 'B', C: 'A' },
    });
  });

  it('carries a refusal down a chain', () => {
    expect(assign({ a: 'A', b: 'B', c: 'C', d: 'D' }, { A: 'b', B: 'c', C: 'd' })).toEqual({
      holders: { a: 'A', b: 'B', c: 'C', d: 'D' },
      refused: { C: 'D', B: 'C', A: 'B' },
    });
  });

  it('never gives one name to two folders, nor two names to one', () => {
    const folders = ['A', 'B', 'C', 'D'];
    const names = ['x', 'y', 'z', 'x'];
    for (let seed = 0; seed < 256; seed++) {
      const wishes = Object.fromEntries(
        folders.map((folder, place) => [folder, names[(seed >> (place * 2)) & 3] ?? 'x']),
      );
      const { holders } = assign({ x: 'A', y: 'B', z: 'C' }, wishes, seed % 5 === 0 ? ['E'] : []);
      expect(new Set(Object.values(holders)).size).toBe(Object.keys(holders).length);
    }
  });
});
