/** A backend over undici: a pool of HTTP/1.1 connections to one URL, raw in both directions. */
import { Pool } from 'undici';
import { BackendError, type Backend, type BackendRequest, type BackendResponse } from '../capability/backend.ts';
import { MAX_HEAD_BYTES } from '../http/limits.ts';
import type { AddressPolicy } from './address-policy.ts';
import { CircuitBreaker, signOf, type CircuitSign, type Pass } from './circuit-breaker.ts';
import { parseBackendUrl, type BackendUrl } from './backend-url.ts';
import { pinnedConnector } from './connector.ts';
import { Exchange } from './exchange.ts';
import { toBackendError } from './faults.ts';
import * as limits from './limits.ts';
import { checkOutgoing, outgoingFields } from './outgoing.ts';
import { mayRepeat } from './repeat.ts';
import type { NameLookup } from './resolver.ts';

/** How backends are reached. What is left out is the constant of `limits.ts`. */
export interface UpstreamOptions {
  /** Which addresses this tenant may reach. */
  readonly policy: AddressPolicy;
  readonly connectTimeoutMs?: number;
  readonly firstByteTimeoutMs?: number;
  readonly betweenBytesTimeoutMs?: number;
  readonly maxConnections?: number;
  readonly maxWaiting?: number;
  /** Looks names up in place of the system's resolver. */
  readonly lookup?: NameLookup;
  /** Certificates (PEM) to trust in place of the system's. */
  readonly ca?: string;
  /** Milliseconds of a clock that only goes forward, for the circuit breaker. */
  readonly clock?: () => number;
}

/**
 * Sends requests as they are: follows no redirect, decodes no content coding, repeats only what {@link mayRepeat} says, once.
 * Connections are kept and shared by the tenant's requests of one thread, never with another tenant, whose policy may differ. While
 * the backend does not answer, a {@link CircuitBreaker} keeps requests from it.
 */
export class UndiciBackend implements Backend {
  readonly #url: BackendUrl;
  readonly #pool: Pool;
  readonly #capacity: number;
  readonly #circuit: CircuitBreaker;
  #inFlight = 0;

  /** @throws {KerbError} `bad_manifest` when `url` is not one of a backend ({@link parseBackendUrl}). */
  constructor(url: string, options: UpstreamOptions) {
    this.#url = parseBackendUrl(url);
    const connections = options.maxConnections ?? limits.MAX_CONNECTIONS;
    this.#capacity = connections + (options.maxWaiting ?? limits.MAX_WAITING);
    this.#circuit = new CircuitBreaker(options.clock ?? (() => performance.now()));
    this.#pool = new Pool(this.#url.origin, {
      connections,
      pipelining: 1,
      maxHeaderSize: MAX_HEAD_BYTES,
      headersTimeout: options.firstByteTimeoutMs ?? limits.FIRST_BYTE_TIMEOUT_MS,
      bodyTimeout: options.betweenBytesTimeoutMs ?? limits.BETWEEN_BYTES_TIMEOUT_MS,
      keepAliveTimeout: limits.IDLE_TIMEOUT_MS,
      keepAliveMaxTimeout: limits.MAX_IDLE_TIMEOUT_MS,
      connect: pinnedConnector({
        ...options,
        port: this.#url.port,
        connectTimeoutMs: options.connectTimeoutMs ?? limits.CONNECT_TIMEOUT_MS,
      }),
    });
  }

  /**
   * Sends a request; see {@link Backend.fetch}. The answer's body holds a connection until it is read to its end, cancelled,
   * or aborted by the request's signal: the caller does one of these.
   */
  async fetch(request: BackendRequest): Promise<BackendResponse> {
    const pass = this.#passFor(request);
    let sign: CircuitSign = 'neither';
    try {
      const response = await this.#exchange(request);
      sign = 'answered';
      return response;
    } catch (error) {
      if (error instanceof BackendError) sign = signOf(error.fault);
      throw error;
    } finally {
      this.#circuit.settle(pass, sign);
    }
  }

  /** Closes every connection. Exchanges under way fail with `aborted`. Idempotent. */
  async close(): Promise<void> {
    await this.#pool.destroy(new BackendError('aborted', `${this.#url.authority}: the backend was closed`));
  }

  /** Throws {@link BackendError} when the request may not go out. */
  #passFor(request: BackendRequest): Pass {
    try {
      return this.#admit(request);
    } catch (error) {
      request.body?.cancel();
      throw toBackendError(error, this.#url.authority);
    }
  }

  /** The circuit is asked last: a pass that nobody settles would keep it open. */
  #admit(request: BackendRequest): Pass {
    const { authority } = this.#url;
    if (request.signal.aborted) throw new BackendError('aborted', `${authority}: the exchange was given up`);
    checkOutgoing(request);
    if (this.#inFlight >= this.#capacity)
      throw new BackendError('overloaded', `${authority}: ${this.#inFlight} requests are under way or waiting`);
    const pass = this.#circuit.admit();
    if (pass !== null) return pass;
    throw new BackendError('resting', `${authority}: it failed too often and is left alone for a while`);
  }

  async #exchange(request: BackendRequest): Promise<BackendResponse> {
    const first = this.#dispatch(request);
    try {
      return await first.response;
    } catch (error) {
      if (!(error instanceof BackendError) || !mayRepeat(request, error, first.unanswered)) throw error;
      return this.#dispatch(request).response;
    }
  }

  #dispatch(request: BackendRequest): Exchange {
    const { method, target } = request;
    const headers = outgoingFields(request);
    this.#inFlight += 1;
    const exchange = new Exchange(request, this.#url.authority, () => (this.#inFlight -= 1));
    const path = this.#url.basePath + target;
    this.#pool.dispatch({ method, path, headers, body: exchange.requestBody() }, exchange);
    return exchange;
  }
}
