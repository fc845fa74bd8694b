/** Text in HTML and SVG: here and nowhere else it is made harmless. Pure. */

/** Markup, as opposed to text. */
export interface Markup {
  readonly markup: string;
}

/** What a template takes: text and numbers are escaped, markup stays, lists are joined, `null` is nothing. */
export type Part = string | number | Markup | null | readonly Part[];

/** Markup from a template: what is put in is escaped for content and for attribute values in double quotes, unless it is markup itself. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const pieces = texts.map((text, place) => text + (place < parts.length ? shown(parts[place] ?? null) : ''));
  return { markup: pieces.join('') };
}

/** Text for HTML and XML. */
export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

function shown(part: Part): string {
  if (part === null) return '';
  if (typeof part === 'string') return escaped(part);
  if (typeof part === 'number') return String(part);
  return 'markup' in part ? part.markup : part.map(shown).join('');
}
