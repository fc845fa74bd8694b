/** A TOML text as plain values, each with the line it stands on. */
import { parseTOML, ParseError, type AST } from 'toml-eslint-parser';
import { MANIFEST_LIMITS } from './manifest-limits.ts';
import { printable } from '../quoted.ts';

/** What a key may hold. Dates are refused: nothing in a manifest is one, and a `Date` passes for an empty table. */
export type TomlValue = string | number | boolean | TomlValue[] | TomlTable;

/** A table. It has no prototype: `constructor` or `toString` is there only when the text says so. */
export type TomlTable = { [key: string]: TomlValue };

/** The place of a value: names of keys and indexes into lists, from the root. */
export type TomlPath = readonly PropertyKey[];

/** Something in the text that is not acceptable: `message` says what is wrong and what to do. */
export interface TomlFault {
  /** Empty for a fault of the text as a whole. */
  readonly path: TomlPath;
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

/** A text that was read. */
export interface TomlDocument {
  /** `null` when the text is not TOML at all; `faults` then says why. */
  readonly root: TomlTable | null;
  /** Values that no schema may accept: left out of `root`, or text in place of a date. */
  readonly faults: readonly TomlFault[];
  /** The line of the value at `path`, or of the nearest table around it that is there; 1 for the root. */
  lineOf(path: TomlPath): number;
}

/**
 * Reads TOML 1.1, with or without a byte order mark. Never throws for any text.
 *
 * Values are taken from the syntax tree here, not by the parser's own conversion: that one follows `__proto__` into
 * `Object.prototype`, so an upload could change every object of the process. Here `__proto__` is a fault like any other.
 * A repeated key, a bad escape or a value of no type is a syntax fault; the first one ends the reading.
 */
export function parseToml(text: string): TomlDocument {
  if (Buffer.byteLength(text) > MANIFEST_LIMITS.bytes) {
    return unreadable(1, `is larger than ${MANIFEST_LIMITS.bytes} bytes; move data into files and name them here`);
  }
  try {
    return new Reading(parseTOML(text.startsWith('\ufeff') ? text.slice(1) : text)).document();
  } catch (error) {
    return syntaxFault(error);
  }
}

function syntaxFault(error: unknown): TomlDocument {
  if (error instanceof ParseError) {
    const said = `${printable(error.message)} (column ${error.column + 1})`;
    return unreadable(error.lineNumber, `is not TOML: ${said}; correct this line`);
  }
  // The parser recurses per bracket and spreads the digits of a number: both end in the engine's stack check.
  if (error instanceof RangeError) return unreadable(1, 'nests too deep or holds an endless number; simplify it');
  throw error;
}

function unreadable(line: number, message: string): TomlDocument {
  return { root: null, faults: [{ path: [], line, message }], lineOf: () => line };
}

/** One pass over a syntax tree. */
class Reading {
  readonly #root = emptyTable();
  readonly #faults: TomlFault[] = [];
  readonly #lines = new Map<string, number>();

  constructor(program: AST.TOMLProgram) {
    for (const node of program.body[0].body) {
      if (node.type === 'TOMLTable') this.#table(node);
      else this.#pair(node, []);
    }
  }

  document(): TomlDocument {
    return { root: this.#root, faults: this.#faults, lineOf: (path) => this.#lineOf(path) };
  }

  #table(node: AST.TOMLTable): void {
    if (!this.#isAllowed(node.resolvedKey, node)) return;
    this.#containerAt(node.resolvedKey, node.loc.start.line);
    for (const pair of node.body) this.#pair(pair, node.resolvedKey);
  }

  #pair(pair: AST.TOMLKeyValue, base: TomlPath): void {
    const path = [...base, ...pair.key.keys.map((key) => (key.type === 'TOMLBare' ? key.name : key.value))];
    if (this.#isAllowed(path, pair)) this.#put(path, pair.value);
  }

  /** Stores the value of `node` at `path`, item by item. */
  #put(path: TomlPath, node: AST.TOMLContentNode): void {
    if (!this.#isAllowed(path, node)) return;
    if (node.type === 'TOMLValue') return this.#putScalar(path, node);
    this.#store(path, node.type === 'TOMLArray' ? [] : emptyTable(), node.loc.start.line);
    if (node.type === 'TOMLArray') node.elements.forEach((item, index) => this.#put([...path, index], item));
    else for (const pair of node.body) this.#pair(pair, path);
  }

  #putScalar(path: TomlPath, node: AST.TOMLValue): void {
    const { value } = node;
    if (value instanceof Date) this.#fault(path, node, 'is a date, which no key takes; put it in quotes if it is text');
    this.#store(path, value instanceof Date ? value.toString() : value, node.loc.start.line);
  }

  #isAllowed(path: TomlPath, node: AST.TOMLNode): boolean {
    if (path.length > MANIFEST_LIMITS.keyDepth) {
      this.#fault(path, node, `nests deeper than ${MANIFEST_LIMITS.keyDepth} keys; no key of a manifest does`);
      return false;
    }
    const reserved = path.indexOf('__proto__');
    if (reserved >= 0) this.#fault(path.slice(0, reserved + 1), node, 'is a reserved name; choose another');
    return reserved < 0;
  }

  #fault(path: TomlPath, node: AST.TOMLNode, message: string): void {
    this.#faults.push({ path, line: node.loc.start.line, message });
  }

  #store(path: TomlPath, value: TomlValue, line: number): void {
    const container = this.#containerAt(path.slice(0, -1), line);
    const key = path[path.length - 1] ?? '';
    if (Array.isArray(container)) container[Number(key)] = value;
    else container[String(key)] = value;
    this.#mark(path, line);
  }

  /** The table or list at `path`, made with all those around it when they are not there yet. */
  #containerAt(path: TomlPath, line: number): TomlTable | TomlValue[] {
    let at: TomlTable | TomlValue[] = this.#root;
    for (const [place, key] of path.entries()) {
      const slots = at as Record<PropertyKey, TomlValue>;
      const made = typeof path[place + 1] === 'number' ? [] : emptyTable();
      at = (slots[key] ??= made) as TomlTable | TomlValue[];
      this.#mark(path.slice(0, place + 1), line);
    }
    return at;
  }

  #mark(path: TomlPath, line: number): void {
    const key = JSON.stringify(path);
    if (!this.#lines.has(key)) this.#lines.set(key, line);
  }

  #lineOf(path: TomlPath): number {
    for (let length = path.length; length > 0; length--) {
      const line = this.#lines.get(JSON.stringify(path.slice(0, length)));
      if (line !== undefined) return line;
    }
    return 1;
  }
}

function emptyTable(): TomlTable {
  return Object.create(null) as TomlTable;
}
