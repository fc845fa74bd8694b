/** Requests that the cache sends on as they are, and what their answers make invalid. */
import { stripHopByHop } from '../http/fields.ts';
import type { HeaderList } from '../http/headers.ts';
import type { CachedAnswer } from './answer.ts';
import { appendCacheStatus, type ForwardReason } from './cache-status.ts';
import { invalidatedTargets, isNonError, isUnsafe } from './invalidation.ts';
import type { KeyParts } from './key.ts';
import type { CacheRequest, Forward } from './ports.ts';
import type { PurgeMode } from './shelf.ts';
import { invalidatedGroups } from './tags.ts';

/** Where purges go. A promise settles when nothing that was purged is served any more. */
export interface Purger {
  purgeUrl(url: Pick<KeyParts, 'tenant' | 'host' | 'target'>, mode: PurgeMode): unknown;
  purgeTag(tenant: string, tag: string, mode: PurgeMode): unknown;
}

/**
 * Sends a request on as it is, and ends what its answer makes invalid (RFC 9111 §4.4, RFC 9875 §3) before that answer is given, so
 * that whoever has it finds the change. Rejects with what `forward` rejects with.
 */
export async function passOn(
  request: CacheRequest,
  forward: Forward,
  why: ForwardReason,
  purger: Purger,
): Promise<CachedAnswer> {
  const { method, headers: sent, signal = new AbortController().signal } = request;
  const response = await forward({ method, headers: sent, signal });
  if (isUnsafe(method) && isNonError(response.status)) await invalidate(request, response.headers, purger);
  const headers = stripHopByHop(response.headers);
  appendCacheStatus(headers, { forward: why, url: request.host + request.target });
  return { status: response.status, headers, body: response.body, outcome: 'pass' };
}

async function invalidate(request: CacheRequest, response: HeaderList, purger: Purger): Promise<void> {
  const urls = invalidatedTargets(request, response).map((target) => purger.purgeUrl({ ...request, target }, 'hard'));
  const groups = invalidatedGroups(response).map((group) => purger.purgeTag(request.tenant, group, 'hard'));
  await Promise.all([...urls, ...groups]);
}
