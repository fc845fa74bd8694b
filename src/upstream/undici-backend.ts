/** A backend over undici: a pool of HTTP/1.1 connections to one URL, raw in both directions. */
import { Pool } from 'undici';
import { BackendError, type Backend, type BackendRequest, type BackendResponse } from '../capability/backend.ts';
import { MAX_HEAD_BYTES } from '../http/limits.ts';
import type { AddressPolicy } from './address-policy.ts';
import { CheckSlots } from './check-slots.ts';
import { CircuitBreaker, signOf, type CircuitSign, type Pass } from './circuit-breaker.ts';
import { parseBackendUrl, type BackendUrl } from './backend-url.ts';
import { pinnedConnector, type SocketAccount } from './connector.ts';
import { Exchange } from './exchange.ts';
import { toBackendError } from './faults.ts';
import { checkHealth, type HealthCheckSpec } from './health-check.ts';
import { HealthWatch } from './health-watch.ts';
import * as limits from './limits.ts';
import { checkOutgoing, outgoingFields } from './outgoing.ts';
import { mayRepeat } from './repeat.ts';
import type { NameLookup } from './resolver.ts';
import { Handshake } from './websocket-handshake.ts';

/** How backends are reached. What is left out is the constant of `limits.ts`. */
export interface UpstreamOptions {
  /** Which addresses this tenant may reach. */
  readonly policy: AddressPolicy;
  readonly connectTimeoutMs?: number;
  readonly firstByteTimeoutMs?: number;
  readonly betweenBytesTimeoutMs?: number;
  readonly maxConnections?: number;
  readonly maxWaiting?: number;
  /** By default connections are not counted for the tenant. */
  readonly sockets?: SocketAccount | undefined;
  /** By default the backend is not checked. */
  readonly health?: HealthCheckSpec | undefined;
  /** The health checks that this thread may make; by default as many as the process may. */
  readonly checks?: CheckSlots | undefined;
  /** Whose backends share a part of those; by default each has its own. */
  readonly owner?: object | undefined;
  /** Looks names up in place of the system's resolver. */
  readonly lookup?: NameLookup;
  /** Certificates (PEM) to trust in place of the system's. */
  readonly ca?: string;
  /** Milliseconds of a clock that only goes forward, for the circuit breaker and for how long an answer is waited for. */
  readonly clock?: () => number;
}

/**
 * Sends requests as they are: follows no redirect, decodes no content coding, repeats only what {@link mayRepeat} says, once.
 * Connections are kept and shared by the tenant's requests of one thread, never with another tenant, whose policy may differ. While
 * the backend does not answer, a {@link CircuitBreaker} keeps requests from it, and while it fails its health checks, a
 * {@link HealthWatch}.
 */
export class UndiciBackend implements Backend {
  readonly #url: BackendUrl;
  readonly #pool: Pool;
  /** Whether it is well, and where its checks go: they do not wait behind requests to a slow backend. */
  readonly #health: { readonly watch: HealthWatch; readonly pool: Pool } | null;
  readonly #capacity: number;
  readonly #circuit: CircuitBreaker;
  readonly #clock: () => number;
  #inFlight = 0;
  /** When a request was answered last. */
  #answeredMs = -Infinity;

  /** @throws {KerbError} `bad_manifest` when `url` is not one of a backend ({@link parseBackendUrl}). */
  constructor(url: string, options: UpstreamOptions) {
    this.#url = parseBackendUrl(url);
    const connections = options.maxConnections ?? limits.MAX_CONNECTIONS;
    this.#capacity = connections + (options.maxWaiting ?? limits.MAX_WAITING);
    this.#clock = options.clock ?? (() => performance.now());
    this.#circuit = new CircuitBreaker(this.#clock);
    const transport = transportOf(this.#url, options);
    this.#pool = new Pool(this.#url.origin, { ...transport, connections, pipelining: 1 });
    this.#health = options.health === undefined ? null : this.#watch(options.health, options, transport);
  }

  /**
   * Sends a request; see {@link Backend.fetch}. The answer's body holds a connection until it is read to its end, cancelled,
   * or aborted by the request's signal: the caller does one of these.
   */
  async fetch(request: BackendRequest): Promise<BackendResponse> {
    const pass = this.#passFor(request);
    const sent = { sign: 'neither' as CircuitSign };
    try {
      return await this.#exchange(request, sent);
    } finally {
      this.#circuit.settle(pass, sent.sign);
    }
  }

  /** Ends the health checks for good: the deployment is not in force any more. Idempotent. */
  unwatch(): void {
    this.#health?.watch.stop();
  }

  /** Closes every connection. Exchanges under way fail with `aborted`. Idempotent. */
  async close(): Promise<void> {
    this.unwatch();
    const reason = new BackendError('aborted', `${this.#url.authority}: the backend was closed`);
    await Promise.all([this.#pool.destroy(reason), this.#health?.pool.destroy(reason)]);
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
    if (this.#health?.watch.ask() === false)
      throw new BackendError('resting', `${authority}: it fails its health checks and is left alone until it does not`);
    if (this.#inFlight >= this.#capacity)
      throw new BackendError('overloaded', `${authority}: ${this.#inFlight} requests are under way or waiting`);
    const pass = this.#circuit.admit();
    if (pass !== null) return pass;
    throw new BackendError('resting', `${authority}: it failed too often and is left alone for a while`);
  }

  /** Leaves in `sent` what the last try says of the backend. */
  async #exchange(request: BackendRequest, sent: { sign: CircuitSign }): Promise<BackendResponse> {
    const first = this.#dispatch(request);
    try {
      return await this.#answerOf(first, sent);
    } catch (error) {
      if (!(error instanceof BackendError) || !mayRepeat(request, error, first.unanswered)) throw error;
      return this.#answerOf(this.#dispatch(request), sent);
    }
  }

  async #answerOf(exchange: Exchange, sent: { sign: CircuitSign }): Promise<BackendResponse> {
    try {
      const response = await exchange.response;
      this.#answeredMs = this.#clock();
      sent.sign = 'answered';
      return response;
    } catch (error) {
      const sinceAnswerMs = this.#clock() - this.#answeredMs;
      if (error instanceof BackendError) sent.sign = signOf(error.fault, exchange.progress, sinceAnswerMs);
      throw error;
    }
  }

  #dispatch(request: BackendRequest): Exchange {
    this.#inFlight += 1;
    return this.#send(request, this.#pool, () => (this.#inFlight -= 1));
  }

  #send(request: BackendRequest, pool: Pool, onOver: () => void): Exchange {
    const { method } = request;
    const handshake = request.onSwitch === undefined ? null : new Handshake(request.headers);
    const headers = [...outgoingFields(request), ...(handshake?.fields ?? [])];
    const exchange = new Exchange(request, this.#url.authority, handshake, onOver, this.#clock);
    const path = this.#url.basePath + request.target;
    const upgrade = handshake === null ? null : 'websocket';
    pool.dispatch({ method, path, headers, upgrade, body: exchange.requestBody() }, exchange);
    return exchange;
  }

  /** Each check makes a connection of its own (`pipelining: 0`): one that was made before says little. */
  #watch(
    spec: HealthCheckSpec,
    { checks, owner }: UpstreamOptions,
    transport: Pool.Options,
  ): { watch: HealthWatch; pool: Pool } {
    const pool = new Pool(this.#url.origin, { ...transport, connections: 1, pipelining: 0 });
    const send = (request: BackendRequest): Promise<BackendResponse> =>
      this.#send(request, pool, () => undefined).response;
    const watch = new HealthWatch({
      spec,
      check: () => checkHealth(spec, send),
      slots: checks ?? new CheckSlots(1),
      owner: owner ?? this,
      clock: this.#clock,
    });
    return { watch, pool };
  }
}

/** How connections to a backend are made, and how long they may take. */
function transportOf({ port }: BackendUrl, options: UpstreamOptions): Pool.Options {
  return {
    maxHeaderSize: MAX_HEAD_BYTES,
    headersTimeout: options.firstByteTimeoutMs ?? limits.FIRST_BYTE_TIMEOUT_MS,
    bodyTimeout: options.betweenBytesTimeoutMs ?? limits.BETWEEN_BYTES_TIMEOUT_MS,
    keepAliveTimeout: limits.IDLE_TIMEOUT_MS,
    keepAliveMaxTimeout: limits.MAX_IDLE_TIMEOUT_MS,
    connect: pinnedConnector({
      ...options,
      port,
      connectTimeoutMs: options.connectTimeoutMs ?? limits.CONNECT_TIMEOUT_MS,
    }),
  };
}
