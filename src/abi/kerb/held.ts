/** Values that the host keeps while somebody else takes them: on the account of the request. */
import { KvError } from '../../capability/kv.ts';
import { ObjectCacheError } from '../../capability/object-cache.ts';
import type { GuestHost } from '../abi.ts';

const PAGE_BYTES = 65_536;

/**
 * Has `bytes` on the request's account while `act` goes on. An account whose request has ended is closed: nothing is taken off it.
 * Rejects as `act`; throws what {@link GuestHost.hold} throws.
 */
export async function heldWhile<T>(host: Pick<GuestHost, 'hold'>, bytes: number, act: () => Promise<T>): Promise<T> {
  const pages = Math.floor(bytes / PAGE_BYTES);
  if (pages === 0) return act();
  host.hold(pages);
  try {
    const result = await act();
    host.hold(-pages);
    return result;
  } catch (error) {
    if (!isOver(error)) host.hold(-pages);
    throw error;
  }
}

function isOver(error: unknown): boolean {
  return (error instanceof KvError || error instanceof ObjectCacheError) && error.fault === 'aborted';
}
