/** The state behind the `kerb_*` functions of one sandbox. */
import type { Exchange, GuestHost } from '../abi.ts';
import { FetchTable, type ResponseTaker } from './fetch-table.ts';
import { Verifications } from './verification.ts';

/** One guest. Between requests nothing is open. */
export class KerbGuest {
  readonly host: GuestHost;
  readonly fetches: FetchTable;
  readonly verifications: Verifications;

  constructor(host: GuestHost) {
    this.host = host;
    this.fetches = new FetchTable(host);
    this.verifications = new Verifications(host.memory);
  }

  /** Takes on a request. */
  begin(exchange: Exchange, taker: ResponseTaker): void {
    this.fetches.begin(exchange, taker);
    this.verifications.begin(exchange);
  }

  /** Ends whatever the request has begun. Idempotent. */
  reset(): void {
    this.fetches.end();
    this.verifications.end();
  }
}
