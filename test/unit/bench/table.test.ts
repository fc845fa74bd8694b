import { describe, expect, it } from 'vitest';
import { figure, markdownTable, textTable, type Table } from '../../../bench/table.ts';

const TABLE: Table = {
  title: 'Fruit',
  columns: ['name', 'price>'],
  rows: [
    ['apple', '1.00'],
    ['fig', '12.50'],
  ],
  notes: ['Per piece.'],
};

describe('textTable', () => {
  it('aligns columns, numbers to the right, without trailing blanks', () => {
    const text = ['Fruit', '', 'name   price', '-----  -----', 'apple   1.00', 'fig    12.50', '  Per piece.', ''];
    expect(textTable(TABLE)).toBe(text.join('\n'));
  });

  it('fills up short rows and cuts nothing off long ones that have a column', () => {
    const lines = textTable({ title: 't', columns: ['a', 'b'], rows: [['only']] }).split('\n');
    expect(lines[4]).toBe('only');
  });

  it('counts characters, not code units', () => {
    const lines = textTable({
      title: 't',
      columns: ['a', 'b'],
      rows: [
        ['💧', 'x'],
        ['ab', 'y'],
      ],
    }).split('\n');
    expect(lines[4]).toBe('💧   x');
    expect(lines[5]).toBe('ab  y');
  });
});

describe('markdownTable', () => {
  it('says which columns are set flush right', () => {
    const lines = markdownTable(TABLE).split('\n');
    expect(lines.slice(0, 5)).toEqual(['### Fruit', '', '| name | price |', '|---|---:|', '| apple | 1.00 |']);
    expect(lines.slice(-3)).toEqual(['', '- Per piece.', '']);
  });

  it('keeps a cell from breaking the table', () => {
    expect(markdownTable({ title: 't', columns: ['a'], rows: [['x | y\nz']] })).toContain('| x \\| y z |');
  });
});

describe('figure', () => {
  it.each([
    [0.126, '0.13'],
    [9.999, '10.00'],
    [12.34, '12.3'],
    [128_000.4, '128,000'],
    [-0.5, '-0.50'],
    [-0.001, '0.00'],
    [0, '0.00'],
  ])('writes %s as %s', (value, text) => {
    expect(figure(value)).toBe(text);
  });

  it.each([null, Number.NaN, Number.POSITIVE_INFINITY])('has a dash for %s', (value) => {
    expect(figure(value)).toBe('-');
  });
});
