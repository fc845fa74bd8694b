/** The fields that say how long and by whom a message may be kept: from their text to one record of directives. */
import { trimFieldValue } from '../http/fields.ts';
import type { HeaderList } from '../http/headers.ts';
import { MAX_DELTA_SECONDS } from './limits.ts';
import { parseDictionary, type MemberValue } from './structured-dictionary.ts';

/**
 * What a field tells caches (RFC 9111 §5.2, RFC 5861). Numbers are seconds, at most {@link MAX_DELTA_SECONDS}; `undefined`
 * where the directive is absent.
 *
 * Doubt is resolved against reuse: a lifetime that is not digits, or that is said twice differently, is 0 (RFC 9111
 * §4.2.1), and a directive that restricts counts whatever follows its name.
 */
export interface Directives {
  noStore: boolean;
  /** Without field names: the message must be validated before each use. */
  noCache: boolean;
  /** Without field names: no shared cache may store the message. */
  private: boolean;
  /** Fields that `no-cache` or `private` name, in lower case: they are not stored. */
  readonly withheldFields: string[];
  public: boolean;
  mustRevalidate: boolean;
  proxyRevalidate: boolean;
  mustUnderstand: boolean;
  onlyIfCached: boolean;
  maxAge: number | undefined;
  sMaxAge: number | undefined;
  staleWhileRevalidate: number | undefined;
  staleIfError: number | undefined;
  minFresh: number | undefined;
  /** `Infinity` for `max-stale` without a value: any age will do (RFC 9111 §5.2.1.2). */
  maxStale: number | undefined;
}

/** A record in which nothing is said. */
function silent(): Directives {
  return {
    noStore: false,
    noCache: false,
    private: false,
    withheldFields: [],
    public: false,
    mustRevalidate: false,
    proxyRevalidate: false,
    mustUnderstand: false,
    onlyIfCached: false,
    maxAge: undefined,
    sMaxAge: undefined,
    staleWhileRevalidate: undefined,
    staleIfError: undefined,
    minFresh: undefined,
    maxStale: undefined,
  };
}

/** One directive as it was written: `argument` is unquoted; `isSound` is false where anything else follows. */
interface Member {
  readonly name: string;
  readonly argument: string | undefined;
  readonly isSound: boolean;
}

const MEMBER = /[^,"]*(?:"(?:[^"\\]|\\.)*"?[^,"]*)*/y;
const DIRECTIVE = /^([!#$%&'*+\-.^_`|~\w]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s",;=]+)))?$/;
const LEADING_NAME = /^[!#$%&'*+\-.^_`|~\w]+/;

/** The members of a comma-separated list, in which a comma between quotes separates nothing. */
function membersOf(line: string): Member[] {
  const members: Member[] = [];
  for (let at = 0; at <= line.length;) {
    MEMBER.lastIndex = at;
    const text = MEMBER.exec(line)?.[0] ?? '';
    const member = memberOf(trimFieldValue(text));
    // A quote that is never closed must not hide what the sender meant to say after it.
    const isTorn = member?.isSound === false && text.includes(',');
    const found = isTorn ? text.split(',').map((part) => memberOf(trimFieldValue(part))) : [member];
    for (const each of found) if (each !== null) members.push(each);
    at += text.length + 1;
  }
  return members;
}

function memberOf(text: string): Member | null {
  const sound = DIRECTIVE.exec(text);
  if (sound !== null) {
    const argument = sound[2]?.replaceAll(/\\(.)/g, '$1') ?? sound[3];
    return { name: (sound[1] ?? '').toLowerCase(), argument, isSound: true };
  }
  const name = LEADING_NAME.exec(text)?.[0];
  return name === undefined ? null : { name: name.toLowerCase(), argument: undefined, isSound: false };
}

/** delta-seconds (RFC 9111 §1.2.2), or `null` for anything but digits. */
export function parseDeltaSeconds(text: string): number | null {
  return /^\d+$/.test(text) ? Math.min(Number(text), MAX_DELTA_SECONDS) : null;
}

type LifetimeName = 'maxAge' | 'sMaxAge';
type WindowName = 'staleWhileRevalidate' | 'staleIfError' | 'minFresh' | 'maxStale';
type FlagName = 'noStore' | 'public' | 'mustRevalidate' | 'proxyRevalidate' | 'mustUnderstand' | 'onlyIfCached';

const LIFETIMES: ReadonlyMap<string, LifetimeName> = new Map([
  ['max-age', 'maxAge'],
  ['s-maxage', 'sMaxAge'],
]);

const WINDOWS: ReadonlyMap<string, WindowName> = new Map([
  ['stale-while-revalidate', 'staleWhileRevalidate'],
  ['stale-if-error', 'staleIfError'],
  ['min-fresh', 'minFresh'],
  ['max-stale', 'maxStale'],
]);

/** Flags that restrict: they count even where something odd follows the name. */
const RESTRICTIONS: ReadonlyMap<string, FlagName> = new Map([
  ['no-store', 'noStore'],
  ['must-revalidate', 'mustRevalidate'],
  ['proxy-revalidate', 'proxyRevalidate'],
  ['only-if-cached', 'onlyIfCached'],
]);

/** Flags that permit: they count only when they stand alone. */
const PERMISSIONS: ReadonlyMap<string, FlagName> = new Map([
  ['public', 'public'],
  ['must-understand', 'mustUnderstand'],
]);

function take(into: Directives, { name, argument, isSound }: Member): void {
  const lifetime = LIFETIMES.get(name);
  if (lifetime !== undefined) return takeLifetime(into, lifetime, isSound ? argument : undefined);
  const window = WINDOWS.get(name);
  if (window !== undefined) return takeWindow(into, window, argument, isSound);
  const flag = RESTRICTIONS.get(name) ?? (isSound && argument === undefined ? PERMISSIONS.get(name) : undefined);
  if (flag !== undefined) into[flag] = true;
  else if (name === 'no-cache') into.noCache = !takeFieldNames(into, argument) || into.noCache;
  else if (name === 'private') into.private = !takeFieldNames(into, argument) || into.private;
}

function takeLifetime(into: Directives, lifetime: LifetimeName, argument: string | undefined): void {
  const seconds = parseDeltaSeconds(argument ?? '') ?? 0;
  into[lifetime] = into[lifetime] === undefined || into[lifetime] === seconds ? seconds : 0;
}

/** Windows widen reuse (and `min-fresh` narrows it): the first sound one counts, others are ignored. */
function takeWindow(into: Directives, window: WindowName, argument: string | undefined, isSound: boolean): void {
  if (!isSound || into[window] !== undefined) return;
  const isAny = window === 'maxStale' && argument === undefined;
  into[window] = isAny ? Infinity : (parseDeltaSeconds(argument ?? '') ?? undefined);
}

/** Whether `argument` names fields (RFC 9111 §5.2.2.4, §5.2.2.7); they are withheld. */
function takeFieldNames(into: Directives, argument: string | undefined): boolean {
  const names = (argument ?? '').toLowerCase().split(',').map(trimFieldValue);
  const named = names.filter((name) => name !== '');
  into.withheldFields.push(...named);
  return named.length > 0;
}

/** The directives of the lines of a `Cache-Control` field. Unknown ones are ignored (RFC 9111 §5.2.3). */
export function parseCacheControl(lines: readonly string[]): Directives {
  const directives = silent();
  for (const line of lines) for (const member of membersOf(line)) take(directives, member);
  return directives;
}

/**
 * The directives of a request: `Cache-Control`, or `Pragma: no-cache` where there is none (RFC 9111 §5.4).
 */
export function requestDirectives(headers: HeaderList): Directives {
  if (headers.has('cache-control')) return parseCacheControl(headers.getAll('cache-control'));
  const directives = silent();
  directives.noCache = headers.has('pragma') && parseCacheControl(headers.getAll('pragma')).noCache;
  return directives;
}

/**
 * The directives of the lines of a targeted field (RFC 9213 §2.1), or `null` when it is to be ignored: it is not a
 * dictionary, is empty, or gives a lifetime that is not an integer.
 */
export function parseTargeted(lines: readonly string[]): Directives | null {
  const members = parseDictionary(lines);
  if (members === null || members.size === 0) return null;
  const directives = silent();
  for (const [name, value] of members) if (!takeTargeted(directives, name, value)) return null;
  return directives;
}

/** Takes one member; `false` when its value is of a wrong type. */
function takeTargeted(into: Directives, name: string, value: MemberValue): boolean {
  if (LIFETIMES.has(name) || WINDOWS.has(name)) {
    if (typeof value !== 'number' || !Number.isInteger(value)) return false;
    take(into, { name, argument: String(value), isSound: true });
  } else if (value !== false) {
    take(into, { name, argument: undefined, isSound: true });
  }
  return true;
}

/** Directives that `Surrogate-Control` may have; a field with none of them (`content="ESI/1.0"`) says nothing about storage. */
const OF_SURROGATES: ReadonlySet<string> = new Set([
  'max-age',
  'no-store',
  'private',
  'no-cache',
  'stale-while-revalidate',
  'stale-if-error',
]);

/**
 * The directives of the lines of `Surrogate-Control` (Edge Architecture Specification 1.0), or `null` when it has none for
 * us. `max-age=60+30` is fresh for 60 s and may be served for 30 more while it is validated. Members with a target
 * (`max-age=60;abc`) are for other surrogates.
 */
export function parseSurrogateControl(lines: readonly string[]): Directives | null {
  const own = lines.flatMap(membersOf).filter(({ name, isSound }) => isSound && OF_SURROGATES.has(name));
  if (own.length === 0) return null;
  const directives = silent();
  for (const { name, argument } of own) {
    const [fresh, extra] = name === 'max-age' ? (argument ?? '').split('+', 2) : [argument];
    take(directives, { name, argument: fresh, isSound: true });
    if (extra !== undefined) directives.staleWhileRevalidate ??= parseDeltaSeconds(extra) ?? undefined;
  }
  return directives;
}

/**
 * Seconds that an `Age` field says: its first value (RFC 9111 §5.1), and 0 when that is not digits.
 */
export function parseAge(headers: HeaderList): number {
  const [first = ''] = (headers.get('age') ?? '').split(',', 1);
  return parseDeltaSeconds(trimFieldValue(first)) ?? 0;
}
