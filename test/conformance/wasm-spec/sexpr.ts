/** Reads the S-expressions that test scripts are written in, with the place of each in the source. */

/** What every node has: its bytes are `[start, end)` of the source, and `line` counts from 1. */
interface Placed {
  readonly start: number;
  readonly end: number;
  readonly line: number;
}

/** A word: a keyword, a number, an identifier with its `$`. */
export interface Atom extends Placed {
  readonly kind: 'atom';
  readonly text: string;
}

/** A string literal as the bytes that it stands for. */
export interface Text extends Placed {
  readonly kind: 'string';
  readonly bytes: Uint8Array;
}

/** A parenthesized list. */
export interface List extends Placed {
  readonly kind: 'list';
  readonly items: readonly Node[];
}

/** Any S-expression. */
export type Node = Atom | Text | List;

/** A script that cannot be read: the message says where and why. */
export class ScriptError extends Error {
  override readonly name = 'ScriptError';

  constructor(line: number, what: string) {
    super(`line ${line}: ${what}`);
  }
}

interface OpenList {
  readonly start: number;
  readonly line: number;
  readonly items: Node[];
}

const SIMPLE_ESCAPES: ReadonlyMap<string, number> = new Map([
  ['n', 10],
  ['t', 9],
  ['r', 13],
  ['"', 34],
  ["'", 39],
  ['\\', 92],
]);
const WORD_END = /[\s()";]/g;

/**
 * The expressions of a script, one character of `source` a byte (latin1), so that places are byte offsets. Comments and annotations
 * are left out; a word may go on with a string (`$"an id"`). Throws {@link ScriptError} for an open list, comment or string, for a `)` too many
 * and for an unknown escape.
 */
export function readExpressions(source: string): readonly Node[] {
  return new ExpressionReader(source).read();
}

/** UTF-8 bytes to text; bytes that are no UTF-8 become U+FFFD. */
export function utf8(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

/** The keyword that a list starts with; empty for other nodes. */
export function headOf(node: Node | undefined): string {
  const first = node?.kind === 'list' ? node.items[0] : undefined;
  return first?.kind === 'atom' ? first.text : '';
}

class ExpressionReader {
  readonly #source: string;
  #offset = 0;
  #line = 1;
  readonly #open: OpenList[] = [];
  readonly #top: Node[] = [];

  constructor(source: string) {
    this.#source = source;
  }

  read(): readonly Node[] {
    while (this.#offset < this.#source.length) this.#step(this.#source.charAt(this.#offset));
    const open = this.#open.at(-1);
    if (open !== undefined) throw new ScriptError(open.line, 'a list that is not closed');
    return this.#top;
  }

  #step(char: string): void {
    if (this.#source.startsWith('(;', this.#offset)) this.#blockComment();
    else if (char === '(') this.#openList();
    else if (char === ')') this.#closeList();
    else if (this.#source.startsWith(';;', this.#offset)) this.#lineComment();
    else if (char === '"') this.#add(this.#string());
    else if (/\s/.test(char)) this.#advance(1);
    else this.#add(this.#word());
  }

  #add(node: Node): void {
    (this.#open.at(-1)?.items ?? this.#top).push(node);
  }

  /** Steps over `count` characters and counts the lines among them. */
  #advance(count: number): void {
    const end = Math.min(this.#offset + count, this.#source.length);
    for (; this.#offset < end; this.#offset++) if (this.#source.charCodeAt(this.#offset) === 10) this.#line++;
  }

  #openList(): void {
    this.#open.push({ start: this.#offset, line: this.#line, items: [] });
    this.#advance(1);
  }

  #closeList(): void {
    const list = this.#open.pop();
    if (list === undefined) throw new ScriptError(this.#line, 'a `)` that closes nothing');
    this.#advance(1);
    const node: List = { kind: 'list', ...list, end: this.#offset };
    if (!headOf(node).startsWith('@')) this.#add(node);
  }

  #lineComment(): void {
    const end = this.#source.indexOf('\n', this.#offset);
    this.#advance((end < 0 ? this.#source.length : end) - this.#offset);
  }

  #blockComment(): void {
    const line = this.#line;
    const edge = /\(;|;\)/g;
    let depth = 0;
    do {
      edge.lastIndex = this.#offset;
      const match = edge.exec(this.#source);
      if (match === null) throw new ScriptError(line, 'a block comment that is not closed');
      depth += match[0] === '(;' ? 1 : -1;
      this.#advance(edge.lastIndex - this.#offset);
    } while (depth > 0);
  }

  #word(): Atom {
    const { start, line } = { start: this.#offset, line: this.#line };
    WORD_END.lastIndex = start;
    // A single `;` is a word of its own: annotations may hold one.
    this.#advance(Math.max(1, (WORD_END.exec(this.#source)?.index ?? this.#source.length) - start));
    const word = this.#source.slice(start, this.#offset);
    const quoted = (word === '$' || word === '@') && this.#source.charAt(this.#offset) === '"';
    const text = quoted ? word + utf8(this.#string().bytes) : word;
    return { kind: 'atom', text, start, end: this.#offset, line };
  }

  #string(): Text {
    const { start, line } = { start: this.#offset, line: this.#line };
    const bytes: number[] = [];
    this.#advance(1);
    for (let char = this.#character(line); char !== '"'; char = this.#character(line)) {
      if (char === '\\') bytes.push(...this.#escape(line));
      else bytes.push(char.charCodeAt(0));
    }
    return { kind: 'string', bytes: Uint8Array.from(bytes), start, end: this.#offset, line };
  }

  #character(line: number): string {
    const char = this.#source.charAt(this.#offset);
    if (char === '') throw new ScriptError(line, 'a string that is not closed');
    this.#advance(1);
    return char;
  }

  #escape(line: number): Iterable<number> {
    const rest = this.#source.slice(this.#offset, this.#offset + 16);
    const simple = SIMPLE_ESCAPES.get(rest.charAt(0));
    const match = /^(?:u\{([0-9a-fA-F_]+)\}|([0-9a-fA-F]{2}))/.exec(rest);
    if (simple === undefined && match === null) throw new ScriptError(line, `an unknown escape \\${rest.charAt(0)}`);
    this.#advance(match?.[0].length ?? 1);
    if (simple !== undefined) return [simple];
    const [, point, byte] = match ?? [];
    if (point === undefined) return [Number.parseInt(byte ?? '', 16)];
    return new TextEncoder().encode(String.fromCodePoint(Number.parseInt(point.replaceAll('_', ''), 16)));
  }
}
