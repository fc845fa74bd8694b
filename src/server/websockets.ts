/** The WebSockets of one data thread: handshakes on their way through a guest, and relays until their end. */
import type { Backend, BackendRequest } from '../capability/backend.ts';
import type { BackendWebSocket } from '../capability/websocket.ts';
import { asksForWebSocket, CLOSE } from '../http/websocket.ts';
import type { Deployment } from '../runtime/deployment.ts';
import type { ProcessBudgets } from '../runtime/process-budgets.ts';
import type { TenantCounters } from '../runtime/tenant-counters.ts';
import type { TransportUpgrade } from './transport.ts';
import type { ClientWebSocket } from './websocket-client.ts';
import { WebSocketRelay, type WebSocketEnd } from './websocket-relay.ts';

/** A client's valid handshake while its request is on its way, and the place that it has among its tenant's WebSockets. */
export class PendingWebSocket {
  readonly upgrade: TransportUpgrade;
  #socket: BackendWebSocket | null = null;
  #leave: (() => void) | null = null;
  #isOver = false;

  constructor(upgrade: TransportUpgrade) {
    this.upgrade = upgrade;
  }

  /** Notes how the place is given back. */
  entered(leave: () => void): void {
    this.#leave = leave;
  }

  /**
   * The origin as the guest's "next" reaches it: a request that still is a handshake goes out as one. A guest that has made something
   * else of it, or has removed `Upgrade`, gets an ordinary answer.
   */
  through(origin: Backend): Backend {
    return { fetch: (request) => origin.fetch(isStill(request) ? { ...request, onSwitch: this.#keep } : request) };
  }

  /** The socket that the origin's 101 came with, if any: its owner is the caller now. */
  take(): BackendWebSocket | null {
    const socket = this.#socket;
    this.#socket = null;
    return socket;
  }

  /** Gives back the place, and breaks off a socket that nobody took, or that comes now: the guest has answered something else. Idempotent. */
  over(): void {
    this.#isOver = true;
    this.take()?.destroy();
    this.#leave?.();
    this.#leave = null;
  }

  readonly #keep = (socket: BackendWebSocket): void => {
    if (this.#isOver) return socket.destroy();
    this.#socket?.destroy();
    this.#socket = socket;
  };
}

function isStill({ method, body, headers }: BackendRequest): boolean {
  return method === 'GET' && body === null && asksForWebSocket(headers);
}

/** Counts WebSockets per tenant and process, and knows those that are open. */
export class WebSockets {
  readonly #counters: TenantCounters;
  readonly #budgets: ProcessBudgets;
  readonly #relays = new Map<WebSocketRelay, string>();

  constructor(counters: TenantCounters, budgets: ProcessBudgets) {
    this.#counters = counters;
    this.#budgets = budgets;
  }

  /**
   * Gives a handshake a place; it gives it back when it is over. Answers `false` when the tenant has as many as it may. Throws
   * a `Refusal` (`capacity`) when the process has.
   */
  enter(pending: PendingWebSocket, { slot, budgets }: Deployment): boolean {
    if (!this.#counters.tryEnterWebSocket(slot, budgets.webSockets)) return false;
    try {
      this.#budgets.take('websockets');
    } catch (error) {
      this.#counters.leaveWebSocket(slot);
      throw error;
    }
    pending.entered(() => {
      this.#counters.leaveWebSocket(slot);
      this.#budgets.give('websockets', 1);
    });
    return true;
  }

  /** Relays between a client and an origin until both are gone; `onOver` is then called, once. */
  relay(tenant: string, client: ClientWebSocket, origin: BackendWebSocket, onOver: (end: WebSocketEnd) => void): void {
    const relay = new WebSocketRelay(client, origin, (end) => {
      this.#relays.delete(relay);
      onOver(end);
    });
    this.#relays.set(relay, tenant);
    relay.start();
  }

  /** Closes those of tenants that are no longer served: nothing else would ever end them. */
  keepTenants(served: () => ReadonlySet<string>): void {
    if (this.#relays.size === 0) return;
    const tenants = served();
    for (const [relay, tenant] of this.#relays) {
      if (!tenants.has(tenant)) relay.end('draining', 'the app was removed', CLOSE.goingAway);
    }
  }

  /** Closes those that hold messages for a slow side, as the process is short of memory. */
  relieve(): void {
    for (const relay of this.#relays.keys()) {
      if (relay.isFull) relay.end('capacity', 'the edge is short of memory, and a side was slow', CLOSE.tryAgain);
    }
  }

  /** Closes all with 1001, as the thread is about to end. */
  close(): void {
    for (const relay of this.#relays.keys()) relay.end('draining', 'the edge shut down', CLOSE.goingAway);
  }

  /** Breaks off what is left. */
  destroy(): void {
    for (const relay of this.#relays.keys()) relay.destroy();
  }
}
