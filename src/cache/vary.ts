/** The secondary key of a response: the request fields that its `Vary` names, and their values in one spelling. */
import { isToken, trimFieldValue } from '../http/fields.ts';
import type { HeaderList } from '../http/headers.ts';
import { MAX_VARY_NAMES } from './limits.ts';

/** What the host tells a backend about the client's address: in no key, and not what the client's own fields of that name say. */
const OF_THE_CLIENT: ReadonlySet<string> = new Set(['forwarded', 'x-forwarded-for']);

/**
 * The fields that a response varies on, in lower case, sorted and each once. `null` when no request can be known to match:
 * `*` is among them (RFC 9111 §4.1), one is not a field name or tells the client's address, or there are more than {@link MAX_VARY_NAMES}.
 */
export function varyNames(headers: HeaderList): readonly string[] | null {
  if (!headers.has('vary')) return NONE;
  const members = headers.getAll('vary').flatMap((value) => value.toLowerCase().split(','));
  const names = new Set(members.map(trimFieldValue).filter((name) => name !== ''));
  if (names.size > MAX_VARY_NAMES) return null;
  for (const name of names) if (name === '*' || OF_THE_CLIENT.has(name) || !isToken(name)) return null;
  return [...names].toSorted();
}

const NONE: readonly string[] = Object.freeze([]);

/**
 * The values that a request has for `names`: equal texts for requests that select the same response. What is normalised is
 * what cannot change a meaning (RFC 9111 §4.1): a field in several lines is one list, blanks around commas go, and the
 * order and case of language and coding preferences go as their weights are sorted. A field that is absent differs from an
 * empty one.
 */
export function varyValues(names: readonly string[], headers: HeaderList): string {
  if (names.length === 0) return '';
  return JSON.stringify(names.map((name) => (headers.has(name) ? normalised(name, headers.getAll(name)) : null)));
}

/** Fields whose value is a ranked list of case-insensitive names (RFC 9110 §12.5.3, §12.5.4). */
const RANKED: ReadonlySet<string> = new Set(['accept-charset', 'accept-encoding', 'accept-language']);

/** Fields that are no lists: a comma in them, and the blanks beside it, belong to the value. */
const NO_LISTS: ReadonlySet<string> = new Set(['authorization', 'cookie', 'date', 'from', 'referer', 'user-agent']);

function normalised(name: string, values: readonly string[]): string | readonly string[] {
  if (NO_LISTS.has(name)) return values;
  const list = values.join(',');
  if (!RANKED.has(name)) return withoutBlanks(list);
  return ranked(list);
}

/** Ranked lists that were seen lately in their one spelling: a browser sends the same few with every request. */
const spellings = new Map<string, string>();
const MAX_SPELLINGS = 512;
const MAX_SPELLING_CHARS = 128;

function ranked(list: string): string {
  const known = spellings.get(list);
  if (known !== undefined) return known;
  const spelling = preferences(list)
    .map(({ item, weight }) => `${item};${weight}`)
    .join(',');
  if (list.length > MAX_SPELLING_CHARS) return spelling;
  if (spellings.size >= MAX_SPELLINGS) spellings.clear();
  spellings.set(list, spelling);
  return spelling;
}

/** A list without blanks around its commas, and without empty members. What is between quotes stays. */
function withoutBlanks(list: string): string {
  if (list.includes('"')) return trimFieldValue(list);
  const members = list.split(',').map(trimFieldValue);
  return members.filter((member) => member !== '').join(',');
}

interface Preference {
  readonly item: string;
  /** In thousandths. */
  readonly weight: number;
}

const WEIGHT = /^q=(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;

/** What a client prefers, best first, names of one weight in the order of the alphabet. */
function preferences(list: string): Preference[] {
  const members = list.toLowerCase().split(',').map(trimFieldValue);
  const items = members.filter((member) => member !== '').map(preferenceOf);
  return items.toSorted((a, b) => b.weight - a.weight || (a.item < b.item ? -1 : Number(a.item > b.item)));
}

/** `en;q=0.5`; a member with any other parameter is one odd name of full weight. */
function preferenceOf(member: string): Preference {
  const [item = '', parameter = 'q=1', ...others] = member.split(';').map(trimFieldValue);
  if (others.length > 0 || !WEIGHT.test(parameter)) return { item: member, weight: 1000 };
  return { item, weight: Math.round(Number(parameter.slice(2)) * 1000) };
}

/**
 * The one language that a request prefers to all others, in lower case, or `null` when there is no such. A stored response
 * in that language is what selection by preference would find (RFC 9111 §4.1).
 */
export function preferredLanguage(headers: HeaderList): string | null {
  if (!headers.has('accept-language')) return null;
  const [best, next] = preferences(headers.getAll('accept-language').join(','));
  if (best === undefined || best.weight === 0 || best.weight === next?.weight || best.item === '*') return null;
  return best.item;
}
