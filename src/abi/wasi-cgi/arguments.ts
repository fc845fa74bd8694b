/** The query as the words of a command line: RFC 3875 section 4.4, and WAGI's pairs. */
import { MAX_ARGUMENTS } from './limits.ts';
import { decoded, type RequestPath } from './variables.ts';

/**
 * The arguments of a request: the path of the script, then the words of the query. A query without `=` is words between `+`; one with
 * `=` is pairs between `&`, each a word `name=value`.
 *
 * There are no words when one of them begins with `-` or there are more than {@link MAX_ARGUMENTS}: whoever writes a link must not give
 * a program its options.
 *
 * @param own - What the tenant gives instead of words of the query.
 */
export function argumentsOf({ script, query }: RequestPath, own?: readonly string[]): string[] {
  const program = script === '' ? '/' : script;
  if (own !== undefined) return [program, ...own];
  const words = wordsOf(query);
  const harmful = words.length > MAX_ARGUMENTS || words.some((word) => word.startsWith('-'));
  return harmful ? [program] : [program, ...words];
}

function wordsOf(query: string): string[] {
  const pairs = query.includes('=');
  const parts = query.split(pairs ? '&' : '+').filter((part) => part !== '');
  return parts.map((part) => decoded(pairs ? part.replaceAll('+', ' ') : part));
}
