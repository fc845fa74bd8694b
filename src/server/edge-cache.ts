/** The HTTP cache as one data thread sees it: the URLs that are its own, copies of others', and the threads that own those. */
import { HttpCache } from '../cache/http-cache.ts';
import { answerFromStored, type CachedAnswer } from '../cache/answer.ts';
import { Generations, hashOf, type GenerationShare } from '../cache/generations.ts';
import { primaryKey, urlKey } from '../cache/key.ts';
import { NearCopies } from '../cache/near-copies.ts';
import { passOn, type Purger } from '../cache/pass.ts';
import { bypassReason, planFor } from '../cache/plan.ts';
import { PROCESS_CLOCK, type CacheRequest, type Forward } from '../cache/ports.ts';
import { purgeFrom, type Purge } from '../cache/purge.ts';
import type { PurgeMode } from '../cache/shelf.ts';
import type { CachePort, CacheQuestion, CacheReply, Through } from './cache-messages.ts';
import { CacheOwner, type ForwardThrough } from './cache-owner.ts';
import { CachePeer, type StoredAnswer } from './cache-peer.ts';
import { HostNames } from './host-names.ts';
import { LARGEST_BODY_PART, NEAR_COPIES_PART } from './limits.ts';

/** How the cache of a thread is set up. */
export interface EdgeCacheOptions {
  readonly threads: number;
  /** Bytes of all threads together. */
  readonly maxBytes: number;
  readonly generations: GenerationShare;
  /** Bytes that a tenant may have stored on all threads together. */
  readonly quotaBytes: (tenant: string) => number;
  readonly forwardThrough: ForwardThrough;
}

/** A link to another thread; both sides of it are here. */
export interface Peering {
  readonly peer: CachePeer;
  readonly owner: CacheOwner;
  /** Takes a message of the other thread. */
  readonly hear: (message: CacheQuestion | CacheReply) => void;
}

/**
 * Each URL has one owner among the threads, which stores it, collapses requests for it and asks its backend. What a thread has got
 * from an owner it answers with again, for a moment and while nothing about the URL changes.
 */
export class EdgeCache implements Purger {
  /** Spells hosts for keys. */
  readonly hosts = new HostNames();
  readonly #options: EdgeCacheOptions;
  readonly #own: HttpCache;
  readonly #generations: Generations;
  readonly #near: NearCopies;
  readonly #peers = new Map<number, Peering>();

  constructor(options: EdgeCacheOptions) {
    const { maxBytes, threads, quotaBytes, generations } = options;
    this.#options = options;
    this.#generations = new Generations(generations);
    const [nearBytes, ownBytes] = sharesOf(maxBytes / threads, threads);
    this.#near = new NearCopies(this.#generations, nearBytes, () => PROCESS_CLOCK.monotonicMs());
    this.#own = new HttpCache({
      maxBytes: ownBytes,
      quotaBytes: (tenant) => quotaBytes(tenant) / threads,
      maxBodyBytes: Math.floor(ownBytes / LARGEST_BODY_PART),
      onChange: this.#generations.advance,
      onTenantChange: this.#generations.advanceTenant,
    });
  }

  /** Links this thread with another one, through a port between the two. */
  link(thread: number, port: CachePort): Peering {
    const peer = new CachePeer(port);
    const owner = new CacheOwner(this.#own, this.#generations, this.#options.forwardThrough, port);
    const hear = (message: CacheQuestion | CacheReply): void =>
      isQuestion(message) ? owner.hear(message) : peer.hear(message);
    const peering: Peering = { peer, owner, hear };
    this.#peers.set(thread, peering);
    return peering;
  }

  /** Whether it keeps nothing at all: backends are reached without it then. */
  get isOff(): boolean {
    return this.#options.maxBytes === 0;
  }

  /** Questions of other threads that are being answered. */
  get open(): number {
    return [...this.#peers.values()].reduce((sum, { owner }) => sum + owner.open, 0);
  }

  /**
   * Answers a request from the store, or by its backend; see {@link HttpCache.handle}.
   *
   * @param through - How the owner of the URL reaches the backend that `forward` asks.
   */
  async handle(request: CacheRequest, forward: Forward, through: Through): Promise<CachedAnswer> {
    const why = bypassReason(request);
    if (why !== null) return passOn(request, forward, why, this);
    const peering = this.#ownerOf(request);
    if (peering === undefined) return this.#own.handle(request, forward);
    const near = this.#fromNear(request);
    if (near !== null) return near;
    const answer = await peering.peer.ask(request, through);
    if (answer.kind === 'answer') return answer.answer;
    if (answer.kind === 'pass') return passOn(request, forward, answer.why, this);
    this.#near.keep(answer.entry, answer.generation);
    return answerFromStored(answer.entry, request);
  }

  /** What is stored for a request, fresh or stale, as an answer to it; `null`: nothing. */
  async stored(request: CacheRequest): Promise<CachedAnswer | null> {
    const peering = this.#ownerOf(request);
    const answer = peering === undefined ? this.#ownStored(request) : await peering.peer.stored(request);
    if (answer === null) return null;
    return answer.kind === 'answer' ? answer.answer : answerFromStored(answer.entry, request);
  }

  #ownStored(request: CacheRequest): StoredAnswer | null {
    const entry = this.#own.stored(request);
    return entry === undefined ? null : { kind: 'entry', entry };
  }

  /** Purges what this thread owns. Answers how many responses that were. */
  purgeOwn(purge: Purge): number {
    return purgeFrom(this.#own, purge);
  }

  /** Purges a URL wherever it is stored. */
  async purgeUrl(url: { tenant: string; host: string; target: string }, mode: PurgeMode): Promise<number> {
    const { tenant, host, target } = url;
    return this.#purgeAt(this.#ownerOf(url), { tenant, subject: { kind: 'url', host, target }, mode });
  }

  /** Purges a tag of a tenant on all threads. */
  async purgeTag(tenant: string, tag: string, mode: PurgeMode): Promise<number> {
    const purge: Purge = { tenant, subject: { kind: 'tag', tag }, mode };
    const counts = await Promise.all([undefined, ...this.#peers.values()].map((at) => this.#purgeAt(at, purge)));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** Bytes and entries that this thread stores as their owner, of one tenant or of all. */
  usage(tenant?: string): { readonly bytes: number; readonly entries: number } {
    return this.#own.usage(tenant);
  }

  async #purgeAt(peering: Peering | undefined, purge: Purge): Promise<number> {
    return peering === undefined ? this.purgeOwn(purge) : peering.peer.purge(purge);
  }

  /** The thread that owns a URL; `undefined`: this one. */
  #ownerOf(url: { readonly tenant: string; readonly host: string; readonly target: string }): Peering | undefined {
    if (this.#peers.size === 0) return undefined;
    return this.#peers.get(hashOf(urlKey(url)) % this.#options.threads);
  }

  /** An answer from a copy, where that is all that its owner would do. */
  #fromNear(request: CacheRequest): CachedAnswer | null {
    const entry = this.#near.find(primaryKey(request), request.headers);
    if (entry === undefined) return null;
    const plan = planFor(request, { entry, hasVariants: true }, PROCESS_CLOCK.monotonicMs());
    return plan.kind === 'hit' ? answerFromStored(entry, request) : null;
  }
}

/** Of a thread's bytes: those of copies, and those of what it owns. A thread that is alone needs no copies. */
function sharesOf(bytes: number, threads: number): readonly [number, number] {
  const near = threads === 1 ? 0 : Math.floor(bytes / NEAR_COPIES_PART);
  return [near, Math.floor(bytes) - near];
}

const QUESTIONS: ReadonlySet<string> = new Set([
  'ask',
  'stored',
  'more',
  'cancel',
  'purge',
] satisfies CacheQuestion['kind'][]);

function isQuestion(message: CacheQuestion | CacheReply): message is CacheQuestion {
  return QUESTIONS.has(message.kind);
}
