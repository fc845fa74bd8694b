/** Dictionaries of structured fields (RFC 9651 §4.2.2), as far as a cache looks into them: names, and values of four kinds. */

/**
 * The value of a member: an integer, a boolean (`true` for a name alone), a string, or `null` for the kinds that no cache
 * directive has (decimals, tokens, byte sequences, dates, display strings, inner lists), which are checked and dropped.
 */
export type MemberValue = number | boolean | string | null;

const KEY = /[a-z*][a-z0-9_\-.*]*/y;
const NUMBER = /-?(?:\d{1,12}\.\d{1,3}|\d{1,15})(?![\d.])/y;
const STRING = /"(?:[ !#-[\]-~]|\\["\\])*"/y;
const TOKEN = /[a-z*][!#$%&'*+\-.^_`|~a-z0-9:/]*/iy;
const BYTES = /:[a-z0-9+/=]*:/iy;
const DATE = /@-?\d{1,15}(?![\d.])/y;
const DISPLAY = /%"(?:[ !#$&-~]|%[0-9a-f]{2})*"/y;
const BOOLEAN = /\?[01]/y;
const SPACES = / */y;
const OPTIONAL_SPACE = /[ \t]*/y;

/** Reads one field value from left to right. A method answers `undefined` where the text is not what it reads. */
class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  /** What `form`, a sticky expression, matches here. */
  take(form: RegExp): string | undefined {
    form.lastIndex = this.#at;
    const found = form.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  /** Whether `char` stands here; it is passed over if it does. */
  skip(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }
}

/**
 * The members of a dictionary by name, in which the last of several wins, or `null` when the text is not one: the field
 * is then to be ignored as a whole (RFC 9651 §4.2). Parameters are checked and dropped.
 *
 * @param lines - The values of the field's lines, which are one list (RFC 9110 §5.3).
 */
export function parseDictionary(lines: readonly string[]): ReadonlyMap<string, MemberValue> | null {
  const scanner = new Scanner(lines.join(','));
  const members = new Map<string, MemberValue>();
  scanner.take(SPACES);
  while (!scanner.isAtEnd) {
    if (!readMember(scanner, members)) return null;
    scanner.take(OPTIONAL_SPACE);
    if (scanner.isAtEnd) return members;
    if (!scanner.skip(',')) return null;
    scanner.take(OPTIONAL_SPACE);
    if (scanner.isAtEnd) return null; // A comma at the end.
  }
  return members;
}

function readMember(scanner: Scanner, members: Map<string, MemberValue>): boolean {
  const key = scanner.take(KEY);
  if (key === undefined) return false;
  const value = scanner.skip('=') ? readValue(scanner) : true;
  if (value === undefined || !skipParameters(scanner)) return false;
  members.delete(key);
  members.set(key, value);
  return true;
}

function readValue(scanner: Scanner): MemberValue | undefined {
  return scanner.skip('(') ? skipInnerList(scanner) : readItem(scanner);
}

function readItem(scanner: Scanner): MemberValue | undefined {
  const boolean = scanner.take(BOOLEAN);
  if (boolean !== undefined) return boolean === '?1';
  const number = scanner.take(NUMBER);
  if (number !== undefined) return number.includes('.') ? null : Number(number);
  const string = scanner.take(STRING);
  if (string !== undefined) return string.slice(1, -1).replaceAll(/\\(.)/g, '$1');
  const other = scanner.take(TOKEN) ?? scanner.take(BYTES) ?? scanner.take(DATE) ?? scanner.take(DISPLAY);
  return other === undefined ? undefined : null;
}

function skipInnerList(scanner: Scanner): null | undefined {
  for (;;) {
    const spaces = scanner.take(SPACES);
    if (scanner.skip(')')) return null;
    if (spaces === undefined || readItem(scanner) === undefined || !skipParameters(scanner)) return undefined;
  }
}

function skipParameters(scanner: Scanner): boolean {
  while (scanner.skip(';')) {
    scanner.take(SPACES);
    if (scanner.take(KEY) === undefined) return false;
    if (scanner.skip('=') && readItem(scanner) === undefined) return false;
  }
  return true;
}

/**
 * The strings of a list of strings (RFC 9651 §3.1; `Cache-Groups`, RFC 9875 §2), or `null` when it is not one. Members of
 * other kinds are dropped.
 */
export function parseStringList(lines: readonly string[]): string[] | null {
  const scanner = new Scanner(lines.join(','));
  const strings: string[] = [];
  scanner.take(SPACES);
  while (!scanner.isAtEnd) {
    const item = readValue(scanner);
    if (item === undefined || !skipParameters(scanner)) return null;
    if (typeof item === 'string') strings.push(item);
    scanner.take(OPTIONAL_SPACE);
    if (scanner.isAtEnd) return strings;
    if (!scanner.skip(',')) return null;
    scanner.take(OPTIONAL_SPACE);
    if (scanner.isAtEnd) return null;
  }
  return strings;
}

/** `text` as a structured string, or `null` when it has characters that one cannot carry (RFC 9651 §3.3.3). */
export function formatString(text: string): string | null {
  if (!/^[ -~]*$/.test(text)) return null;
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}
