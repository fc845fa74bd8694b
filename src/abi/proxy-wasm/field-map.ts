/** A message's head as guests see it: fields in lower case, and the parts of the start line as fields whose names begin with a colon. */
import { isFieldValue, isToken } from '../../http/fields.ts';
import { headSizeFault } from '../../http/head-size.ts';
import { HeaderList } from '../../http/headers.ts';
import type { RequestHead } from '../../http/message.ts';
import { isSendableMethod, targetFault } from '../../http/request-rules.ts';
import { isStatus } from '../../http/response-rules.ts';
import { GuestFault } from '../guest-fault.ts';

/** Which message a map belongs to: says what pseudo-fields it has. */
export type MapKind = 'request' | 'response' | 'trailers';

/** The pseudo-fields of each kind, and what their values may be. */
const PSEUDO = {
  request: new Map<string, (value: string) => boolean>([
    [':method', isSendableMethod],
    [':path', (value) => targetFault(value) === null],
    [':authority', isFieldValue],
    [':scheme', (value) => value === 'http' || value === 'https'],
  ]),
  response: new Map<string, (value: string) => boolean>([
    [':status', (value) => /^\d{3}$/.test(value) && isStatus(Number(value))],
  ]),
  trailers: new Map<string, (value: string) => boolean>(),
} as const satisfies Record<MapKind, ReadonlyMap<string, (value: string) => boolean>>;

/** A head. Everything that a guest puts in is checked here; a change that is refused changes nothing. */
export class FieldMap {
  readonly #kind: MapKind;
  #list: HeaderList;

  constructor(kind: MapKind, list: HeaderList) {
    this.#kind = kind;
    this.#list = list;
  }

  /** The head of a request. */
  static ofRequest({ method, target, headers }: Pick<RequestHead, 'method' | 'target' | 'headers'>): FieldMap {
    const list = HeaderList.from([
      [':method', method],
      [':path', target],
      [':authority', headers.get('host') ?? ''],
      [':scheme', 'http'],
    ]);
    headers.forEach((_name, value, lowerName) => {
      if (lowerName !== 'host') list.appendLower(lowerName, value);
    });
    return new FieldMap('request', list);
  }

  /** The head of a response. */
  static ofResponse(status: number, headers: HeaderList): FieldMap {
    const list = HeaderList.from([[':status', String(status)]]);
    headers.forEach((_name, value, lowerName) => list.appendLower(lowerName, value));
    return new FieldMap('response', list);
  }

  /** All pairs, in order. The map's own: not to be changed. */
  get list(): HeaderList {
    return this.#list;
  }

  /** How many pairs. */
  get size(): number {
    return this.#list.size;
  }

  /** The values of a name, joined by commas; `undefined`: none. `host` is `:authority` by its old name. */
  get(name: string): string | undefined {
    const values = this.#list.getAll(this.#nameOf(name));
    return values.length < 2 ? values[0] : values.join(',');
  }

  /** Adds a value. Answers whether it may be. A pseudo-field has one value. */
  add(name: string, value: string): boolean {
    const own = this.#nameOf(name);
    if (own.startsWith(':')) return this.replace(name, value);
    return this.#change(own, value, (list) => list.append(own, value));
  }

  /** Puts a value in place of all others of the name. Answers whether it may be. */
  replace(name: string, value: string): boolean {
    const own = this.#nameOf(name);
    return this.#change(own, value, (list) => list.set(own, value));
  }

  /** Removes every value of a name. Pseudo-fields that a message cannot go without are refused when it is sent. */
  remove(name: string): void {
    this.#list.delete(this.#nameOf(name));
  }

  /** Puts other pairs in place of all. Answers whether they may be. */
  replaceAll(pairs: HeaderList): boolean {
    const next = new FieldMap(this.#kind, new HeaderList());
    let allowed = true;
    pairs.forEach((name, value) => {
      allowed &&= next.add(name, value);
    });
    if (allowed) this.#list = next.#list;
    return allowed;
  }

  /** The request that the map says. Throws {@link GuestFault} when a part of its start line is gone. */
  toRequest(): { readonly method: string; readonly target: string; readonly headers: HeaderList } {
    const headers = new HeaderList();
    const authority = this.#list.get(':authority') ?? '';
    if (authority !== '') headers.append('host', authority);
    this.#copyFields(headers);
    return { method: this.#required(':method'), target: this.#required(':path'), headers };
  }

  /** The response that the map says. Throws as {@link toRequest}. */
  toResponse(): { readonly status: number; readonly headers: HeaderList } {
    const headers = new HeaderList();
    this.#copyFields(headers);
    return { status: Number(this.#required(':status')), headers };
  }

  #copyFields(to: HeaderList): void {
    this.#list.forEach((_name, value, lowerName) => {
      if (!lowerName.startsWith(':')) to.appendLower(lowerName, value);
    });
  }

  #required(name: string): string {
    const value = this.#list.get(name);
    if (value === undefined) throw new GuestFault(`the filter removed ${name}, without which nothing can be sent`);
    return value;
  }

  #nameOf(name: string): string {
    const lower = name.toLowerCase();
    return lower === 'host' && this.#kind === 'request' ? ':authority' : lower;
  }

  #change(name: string, value: string, change: (list: HeaderList) => void): boolean {
    const pseudo: ReadonlyMap<string, (value: string) => boolean> = PSEUDO[this.#kind];
    const allowed = pseudo.get(name)?.(value) ?? (isToken(name) && isFieldValue(value));
    if (!allowed) return false;
    const changed = this.#list.clone();
    change(changed);
    if (headSizeFault(changed) !== null) return false;
    this.#list = changed;
    return true;
  }
}
