/** The state behind the `kerb_*` functions of one sandbox. */
import type { KvEntry, KvStore } from '../../capability/kv.ts';
import type { ObjectCache } from '../../capability/object-cache.ts';
import type { Exchange, GuestHost } from '../abi.ts';
import { FetchTable, type ResponseTaker } from './fetch-table.ts';
import { HANDLE_KIND, HandleTable } from './handles.ts';
import {
  MAX_CACHE_OPERATIONS,
  MAX_GEO_LOOKUPS,
  MAX_KV_OPERATIONS,
  MAX_OPEN_STORES,
  MAX_RATE_OPERATIONS,
} from './limits.ts';
import { Tokens } from './tokens.ts';

/** A key-value store that the request at hand has open. */
export interface OpenStore {
  readonly store: KvStore;
  /**
   * The entry that was read last, without its value: metadata and generation that are asked for next are those of the value that the
   * guest has seen.
   */
  seen: { readonly key: string; readonly entry: Omit<KvEntry, 'value'> | null } | null;
}

/** One guest. Between requests nothing is open. */
export class KerbGuest {
  readonly host: GuestHost;
  readonly fetches: FetchTable;
  readonly tokens: Tokens;
  readonly stores = new HandleTable<OpenStore>(HANDLE_KIND.kv, MAX_OPEN_STORES);
  #kvOperations = 0;
  #rateOperations = 0;
  #geoLookups = 0;
  #cacheOperations = 0;
  #objects: ObjectCache | null = null;
  #exchange: Exchange | null = null;

  constructor(host: GuestHost) {
    this.host = host;
    this.fetches = new FetchTable(host);
    this.tokens = new Tokens(host);
  }

  /** The address of the client of the request at hand; `null`: there is none. */
  get clientAddress(): string | null {
    return this.#exchange?.request.client.ip ?? null;
  }

  /** The object cache for the request at hand; `null`: it was not granted. */
  get objects(): ObjectCache | null {
    this.#objects ??= this.host.objects();
    return this.#objects;
  }

  /** Takes on a request. */
  begin(exchange: Exchange, taker: ResponseTaker): void {
    this.fetches.begin(exchange, taker);
    this.tokens.begin(exchange);
    this.#exchange = exchange;
  }

  /** Counts a question to a key-value store; `false`: the request has asked as many as it may. */
  takeKvOperation(): boolean {
    if (this.#kvOperations >= MAX_KV_OPERATIONS) return false;
    this.#kvOperations += 1;
    return true;
  }

  /** Counts a call of `kerb_rate`; `false`: the request has made as many as it may. */
  takeRateOperation(): boolean {
    if (this.#rateOperations >= MAX_RATE_OPERATIONS) return false;
    this.#rateOperations += 1;
    return true;
  }

  /** Counts a question to the object cache; `false`: the request has asked as many as it may. */
  takeCacheOperation(): boolean {
    if (this.#cacheOperations >= MAX_CACHE_OPERATIONS) return false;
    this.#cacheOperations += 1;
    return true;
  }

  /** Counts a lookup of an address; `false`: the request has made as many as it may. */
  takeGeoLookup(): boolean {
    if (this.#geoLookups >= MAX_GEO_LOOKUPS) return false;
    this.#geoLookups += 1;
    return true;
  }

  /** Ends whatever the request has begun, and forgets it. Idempotent. */
  reset(): void {
    this.fetches.end();
    this.tokens.end();
    this.stores.clear();
    this.#kvOperations = 0;
    this.#rateOperations = 0;
    this.#geoLookups = 0;
    this.#cacheOperations = 0;
    this.#objects?.end();
    this.#objects = null;
    this.#exchange = null;
  }
}
