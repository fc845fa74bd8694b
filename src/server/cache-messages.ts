/** What data threads say to each other about the cache: each owns the URLs that hash to it, and the others ask it. */
import type { BackendFault, ForwardedFor } from '../capability/backend.ts';
import type { ForwardReason } from '../cache/cache-status.ts';
import type { PlainEntry, PlainFields } from '../cache/entry-copy.ts';
import type { KeyParts } from '../cache/key.ts';
import type { CacheOutcome } from '../cache/outcome.ts';
import type { CacheRequest } from '../cache/ports.ts';
import type { Purge } from '../cache/purge.ts';

/** A request as plain data. */
export interface PlainRequest extends KeyParts {
  readonly method: string;
  readonly headers: PlainFields;
  readonly waits: CacheRequest['waits'];
}

/** The backend that answers what is not stored: a name in a deployment, and whom the request is made for. */
export interface Through {
  readonly deployment: number;
  readonly backend: string;
  readonly forwarded: ForwardedFor | undefined;
}

/** A question to the owner of a URL. Numbers are the asker's, and each is answered. */
export type CacheQuestion =
  /** Answered by `entry`, `pass`, `failed` or `head`; after a head come chunks and `end` or `broken`. */
  | { readonly kind: 'ask'; readonly id: number; readonly request: PlainRequest; readonly through: Through }
  /** What is stored, fresh or not: answered by `entry`, `nothing`, or `head` and what follows it. */
  | { readonly kind: 'stored'; readonly id: number; readonly request: PlainRequest }
  /** A chunk has room again. */
  | { readonly kind: 'more'; readonly id: number }
  /** Nobody waits for the answer, or reads on. */
  | { readonly kind: 'cancel'; readonly id: number }
  /** Answered by `purged`, when it is done. */
  | { readonly kind: 'purge'; readonly id: number; readonly purge: Purge };

/** An owner's answer. */
export type CacheReply =
  /** Answer from this, and keep a copy while the URL's generation stays. */
  | { readonly kind: 'entry'; readonly id: number; readonly entry: PlainEntry; readonly generation: number }
  /** Send it on yourself: its answer is nobody else's. */
  | { readonly kind: 'pass'; readonly id: number; readonly why: ForwardReason }
  | { readonly kind: 'nothing'; readonly id: number }
  | {
      readonly kind: 'head';
      readonly id: number;
      readonly status: number;
      readonly headers: PlainFields;
      readonly outcome: CacheOutcome;
    }
  | { readonly kind: 'chunk'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: 'end'; readonly id: number }
  | { readonly kind: 'broken'; readonly id: number }
  /** The backend did not answer; without a fault it is one of Kerb's own. */
  | { readonly kind: 'failed'; readonly id: number; readonly fault: BackendFault | null; readonly message: string }
  | { readonly kind: 'purged'; readonly id: number; readonly count: number };

/** A link to another data thread, as one end of it is used. */
export interface CachePort {
  postMessage(message: CacheQuestion | CacheReply, transfer?: { transfer: ArrayBuffer[] }): void;
}
