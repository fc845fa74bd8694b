/** Tables for people: the same rows as aligned text for a terminal and as Markdown for a README. Pure. */

/** A table with its heading. */
export interface Table {
  readonly title: string;
  /** Headings; a column whose heading ends in `>` (which is not shown) is set flush right. */
  readonly columns: readonly string[];
  /** Cells as text; short rows are filled up. */
  readonly rows: readonly (readonly string[])[];
  /** Sentences below it. */
  readonly notes?: readonly string[];
}

type Side = 'left' | 'right';

/** The table as lines of equal columns, with its title above and its notes below. Ends in a line end. */
export function textTable({ title, columns, rows, notes = [] }: Table): string {
  const grid = [columns.map(headingOf), ...rows.map((row) => columns.map((_, at) => row[at] ?? ''))];
  const widths = columns.map((_, at) => Math.max(...grid.map((row) => lengthOf(row[at] as string))));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => pad(cell, widths[at] as number, sideOf(columns[at] as string)))
      .join('  ')
      .trimEnd();
  const [head, ...body] = grid.map(line);
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return `${[title, '', head, rule, ...body, ...notes.map((note) => `  ${note}`)].join('\n')}\n`;
}

/** The table in Markdown, with its title as a heading of level 3. Ends in a line end. */
export function markdownTable({ title, columns, rows, notes = [] }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escapeCell).join(' | ')} |`;
  const lines = [
    line(columns.map(headingOf)),
    `|${columns.map((column) => (sideOf(column) === 'right' ? '---:' : '---')).join('|')}|`,
    ...rows.map((row) => line(columns.map((_, at) => row[at] ?? ''))),
  ];
  const foot = notes.length === 0 ? [] : ['', ...notes.map((note) => `- ${note}`)];
  return `${[`### ${title}`, '', ...lines, ...foot].join('\n')}\n`;
}

/** A number with three significant digits, thousands in groups: `1.23`, `45.6`, `128,000`; `-` for none. */
export function figure(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return '-';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  const digits = Math.abs(value) >= 10 ? 1 : 2;
  const text = value.toFixed(digits);
  return Number(text) === 0 ? (0).toFixed(digits) : text;
}

function headingOf(column: string): string {
  return sideOf(column) === 'right' ? column.slice(0, -1) : column;
}

function sideOf(column: string): Side {
  return column.endsWith('>') ? 'right' : 'left';
}

function pad(cell: string, width: number, side: Side): string {
  const space = ' '.repeat(Math.max(0, width - lengthOf(cell)));
  return side === 'right' ? space + cell : cell + space;
}

/** In characters, as a terminal counts them. */
function lengthOf(text: string): number {
  return Array.from(text).length;
}

function escapeCell(cell: string): string {
  return cell.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
