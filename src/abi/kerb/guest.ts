/** The state behind the `kerb_*` functions of one sandbox. */
import type { KvEntry, KvStore } from '../../capability/kv.ts';
import type { Exchange, GuestHost } from '../abi.ts';
import { FetchTable, type ResponseTaker } from './fetch-table.ts';
import { HANDLE_KIND, HandleTable } from './handles.ts';
import { MAX_KV_OPERATIONS, MAX_OPEN_STORES, MAX_RATE_OPERATIONS } from './limits.ts';
import { Verifications } from './verification.ts';

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
  readonly verifications: Verifications;
  readonly stores = new HandleTable<OpenStore>(HANDLE_KIND.kv, MAX_OPEN_STORES);
  #kvOperations = 0;
  #rateOperations = 0;

  constructor(host: GuestHost) {
    this.host = host;
    this.fetches = new FetchTable(host);
    this.verifications = new Verifications(host);
  }

  /** Takes on a request. */
  begin(exchange: Exchange, taker: ResponseTaker): void {
    this.fetches.begin(exchange, taker);
    this.verifications.begin(exchange);
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

  /** Ends whatever the request has begun, and forgets it. Idempotent. */
  reset(): void {
    this.fetches.end();
    this.verifications.end();
    this.stores.clear();
    this.#kvOperations = 0;
    this.#rateOperations = 0;
  }
}
