/** The tags by which responses are purged together. */
import type { HeaderList } from '../http/headers.ts';
import { MAX_TAG_CHARS, MAX_TAGS } from './limits.ts';
import { parseStringList } from './structured-dictionary.ts';

/**
 * The tags of a response, as one set: `Surrogate-Key` separates them by blanks, `Cache-Tag` by commas, and `Cache-Groups` is
 * a list of strings (RFC 9875 §2; ignored where it is not). Case counts. `null` when there are too many or one is too long:
 * such a response is not to be stored, since a purge by what was left out would miss it.
 */
export function tagsOf(headers: HeaderList): ReadonlySet<string> | null {
  const tags = new Set<string>();
  for (const value of headers.getAll('surrogate-key')) addAll(tags, value.split(/[ \t]+/));
  for (const value of headers.getAll('cache-tag')) addAll(tags, value.split(','));
  if (headers.has('cache-groups')) addAll(tags, parseStringList(headers.getAll('cache-groups')) ?? []);
  if (tags.size > MAX_TAGS) return null;
  for (const tag of tags) if (tag.length > MAX_TAG_CHARS) return null;
  return tags;
}

/** Groups that an answer to an unsafe method invalidates with the URL (RFC 9875 §3), or none. */
export function invalidatedGroups(headers: HeaderList): readonly string[] {
  if (!headers.has('cache-group-invalidation')) return [];
  return (parseStringList(headers.getAll('cache-group-invalidation')) ?? []).slice(0, MAX_TAGS);
}

function addAll(tags: Set<string>, names: readonly string[]): void {
  for (const name of names) {
    const trimmed = name.trim();
    if (trimmed !== '') tags.add(trimmed);
  }
}
