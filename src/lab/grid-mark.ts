/** A line of a chart's grid with the number that it stands for. Pure. */
import { html, type Markup } from './markup.ts';

/** Where the number is, in SVG user units, and which end of it is there. */
export interface MarkPlace {
  readonly x: number | string;
  readonly y: number;
  readonly anchor: 'middle' | 'end';
}

/** The line, as the `d` of an SVG path, and the number. */
export function gridMark(line: string, { x, y, anchor }: MarkPlace, text: string): Markup {
  return html`<path class="grid" d="${line}" /><text class="tick" x="${x}" y="${y}" text-anchor="${anchor}"
      >${text}</text
    >`;
}
