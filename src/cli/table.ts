/** Rows as a table: columns as wide as their widest cell, cut off at the edge of a terminal. */
import { styled, textOf, type Line, type Piece } from './output.ts';

/** A column. The last one gives way when a terminal is too narrow. */
export interface Column {
  /** In capitals. */
  readonly title: string;
  /** Numbers stand under each other at the right. */
  readonly align?: 'right';
}

/** What stands in a column of a row. */
export type Cell = string | Piece;

const GAP = '  ';

/** How many characters a cell takes, escapes included. Characters beyond the basic plane count as one. */
function widthOf(cell: Cell): number {
  return Array.from(textOf(cell)).length;
}

/** `columns` is the width that is there; `null`: any. A table without rows is its head alone. */
export function table(heads: readonly Column[], rows: readonly (readonly Cell[])[], columns: number | null): Line[] {
  const titles = heads.map(({ title }) => styled('dim', title));
  const widths = heads.map((_, at) => Math.max(...[titles, ...rows].map((row) => widthOf(row[at] ?? ''))));
  return [titles, ...rows].map((row) => lineOf(row, heads, widths, columns));
}

function lineOf(
  row: readonly Cell[],
  heads: readonly Column[],
  widths: readonly number[],
  columns: number | null,
): Line {
  const pieces: Cell[] = [];
  let room = columns ?? Infinity;
  for (const [at, head] of heads.entries()) {
    const cell = cut(row[at] ?? '', Math.max(1, room));
    const padding = ' '.repeat(Math.max(0, (widths[at] ?? 0) - widthOf(cell)));
    const isLast = at === heads.length - 1;
    if (head.align === 'right') pieces.push(padding, cell);
    else pieces.push(cell, isLast ? '' : padding);
    if (!isLast) pieces.push(GAP);
    room -= (widths[at] ?? 0) + GAP.length;
  }
  return pieces;
}

function cut(cell: Cell, room: number): Cell {
  if (widthOf(cell) <= room) return cell;
  const text = `${Array.from(textOf(cell))
    .slice(0, Math.max(0, room - 1))
    .join('')}…`;
  return typeof cell === 'string' ? text : { ...cell, text };
}
