/** An ordered list of HTTP fields with case-insensitive names (RFC 9110 §5.1). */

/**
 * HTTP fields in the order in which they came. Names keep the spelling they were given and are compared without regard
 * to case; a name may stand several times. Values are text; validity is checked where they enter (the request gate) and
 * where they leave (the response encoder), not here.
 */
export class HeaderList {
  /** Flat triples: lower-case name, name as given, value. One array keeps a request's fields in one allocation. */
  #triples: string[] = [];

  /** A list of the pairs given, in order. */
  static from(pairs: Iterable<readonly [string, string]>): HeaderList {
    const list = new HeaderList();
    for (const [name, value] of pairs) list.append(name, value);
    return list;
  }

  /** Number of fields, repeated names counted each. */
  get size(): number {
    return this.#triples.length / 3;
  }

  /** Adds a field at the end. */
  append(name: string, value: string): void {
    this.#triples.push(name.toLowerCase(), name, value);
  }

  /** Adds a field whose name is known to be in lower case: the transport's, which are many and hot. */
  appendLower(lowerName: string, value: string): void {
    this.#triples.push(lowerName, lowerName, value);
  }

  /** Replaces every value of `name` by one, in the place of the first. */
  set(name: string, value: string): void {
    const place = this.#placeOf(name);
    if (place < 0) return this.append(name, value);
    this.#triples[place + 2] = value;
    this.#deleteFrom(name.toLowerCase(), place + 3);
  }

  /** Removes every value of `name`. */
  delete(name: string): void {
    this.#deleteFrom(name.toLowerCase(), 0);
  }

  /** Whether `name` has a value. */
  has(name: string): boolean {
    return this.#placeOf(name) >= 0;
  }

  /** The first value of `name`, or `undefined`. */
  get(name: string): string | undefined {
    const place = this.#placeOf(name);
    return place < 0 ? undefined : this.#triples[place + 2];
  }

  /** Every value of `name`, in order. */
  getAll(name: string): string[] {
    const lower = name.toLowerCase();
    const triples = this.#triples;
    const values: string[] = [];
    for (let i = 0; i + 2 < triples.length; i += 3) if (triples[i] === lower) values.push(triples[i + 2] as string);
    return values;
  }

  /** Each distinct name once, in lower case, in order of first appearance. */
  names(): string[] {
    const names = new Set<string>();
    this.forEach((_name, _value, lowerName) => names.add(lowerName));
    return [...names];
  }

  /** Calls `visit` for each field in order, with the name as given and in lower case. */
  forEach(visit: (name: string, value: string, lowerName: string) => void): void {
    const triples = this.#triples;
    for (let i = 0; i + 2 < triples.length; i += 3) {
      visit(triples[i + 1] as string, triples[i + 2] as string, triples[i] as string);
    }
  }

  /** A copy that changes independently. */
  clone(): HeaderList {
    const copy = new HeaderList();
    copy.#triples = this.#triples.slice();
    return copy;
  }

  #placeOf(name: string): number {
    const lower = name.toLowerCase();
    for (let i = 0; i < this.#triples.length; i += 3) if (this.#triples[i] === lower) return i;
    return -1;
  }

  #deleteFrom(lower: string, start: number): void {
    const triples = this.#triples;
    let kept = start;
    for (let i = start; i < triples.length; i += 3) {
      if (triples[i] === lower) continue;
      triples.copyWithin(kept, i, i + 3);
      kept += 3;
    }
    triples.length = kept;
  }
}
