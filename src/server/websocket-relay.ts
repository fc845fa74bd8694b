/** One WebSocket through Kerb: messages from either side to the other, at the pace of the slower one. */
import type { Closing, MessageKind, WebSocketEvents, WebSocketPeer } from '../capability/websocket.ts';
import { CLOSE } from '../http/websocket.ts';
import type { Outcome } from '../outcome.ts';
import type { WebSocketRecord } from '../telemetry/access-log.ts';
import { STALLED_WEBSOCKET_MS } from './limits.ts';

/** How a WebSocket ended. */
export interface WebSocketEnd {
  readonly outcome: Outcome;
  readonly detail: string | null;
  readonly figures: WebSocketRecord;
}

/** The two sides. */
type Side = 'client' | 'origin';

const NOTHING = new Uint8Array(0);

/** What the outcome is when a side is lost, and what the other side is then told. */
const LOSS = {
  client: { outcome: 'client_closed', code: CLOSE.goingAway },
  origin: { outcome: 'backend_error', code: CLOSE.badGateway },
} as const satisfies Record<Side, { readonly outcome: Outcome; readonly code: number }>;

/** What has come from one side, and whether the other side has to wait for it. */
class Flow {
  messages = 0;
  bytes = 0;
  /** Runs while the side takes nothing of what was sent to it. */
  stall: NodeJS.Timeout | null = null;
  isClosed = false;
  isGone = false;
}

/**
 * Relays until both sides are gone; tells it once. Whichever side closes first, its code and reason go to the other one as they are; a
 * side that is lost is told to the other as {@link LOSS} says, since 1006 is never sent (RFC 6455 §7.4.1).
 */
export class WebSocketRelay {
  readonly #peers: Readonly<Record<Side, WebSocketPeer>>;
  readonly #flows = { client: new Flow(), origin: new Flow() };
  readonly #onOver: (end: WebSocketEnd) => void;
  /** Why it ends; the first reason counts. */
  #cause: Omit<WebSocketEnd, 'figures'> | null = null;
  #closeCode: number = CLOSE.lost;

  /** @param onOver - Called once, when both sides are gone. */
  constructor(client: WebSocketPeer, origin: WebSocketPeer, onOver: (end: WebSocketEnd) => void) {
    this.#peers = { client, origin };
    this.#onOver = onOver;
  }

  /** Begins. A side that is gone already may end it at once. */
  start(): void {
    this.#peers.client.start(this.#eventsOf('client', 'origin'));
    this.#peers.origin.start(this.#eventsOf('origin', 'client'));
  }

  /** Whether messages wait in memory for one of its sides. */
  get isFull(): boolean {
    return this.#peers.client.isFull || this.#peers.origin.isFull;
  }

  /** Closes both sides for a reason of ours. */
  end(outcome: Outcome, detail: string, code: number): void {
    if (this.#cause === null) this.#closeCode = code;
    this.#cause ??= { outcome, detail };
    this.#peers.origin.close(CLOSE.goingAway, NOTHING);
    this.#peers.client.close(code, NOTHING);
  }

  /** Breaks both sides off. */
  destroy(): void {
    this.#peers.origin.destroy();
    this.#peers.client.destroy();
  }

  #eventsOf(side: Side, other: Side): WebSocketEvents {
    return {
      onMessage: (bytes, kind) => this.#carry(side, other, bytes, kind),
      onDrain: () => this.#room(side, other),
      onClose: (closing) => this.#closed(side, other, closing),
      onGone: () => this.#gone(side),
    };
  }

  #carry(from: Side, to: Side, bytes: Uint8Array, kind: MessageKind): void {
    const [flow, peer] = [this.#flows[from], this.#peers[to]];
    if (this.#flows[to].isClosed) return;
    flow.messages += 1;
    flow.bytes += bytes.length;
    if (!peer.send(bytes, kind)) return this.#overflow(to);
    if (!peer.isFull) return;
    this.#peers[from].pause();
    this.#flows[to].stall ??= setTimeout(() => this.#stalled(to), STALLED_WEBSOCKET_MS);
  }

  /** `side` has room: the other one is read again. */
  #room(side: Side, other: Side): void {
    this.#takesOn(side);
    this.#peers[other].resume();
  }

  #takesOn(side: Side): void {
    const flow = this.#flows[side];
    if (flow.stall !== null) clearTimeout(flow.stall);
    flow.stall = null;
  }

  /** What cannot be kept for a side, nor be left out of the middle of a conversation. A side that is about to end tells so itself. */
  #overflow(side: Side): void {
    if (side === 'client') this.end('client_closed', 'the client was too slow for the origin', CLOSE.tryAgain);
  }

  #stalled(side: Side): void {
    const detail = `the ${side} took nothing for ${STALLED_WEBSOCKET_MS} ms`;
    this.end(LOSS[side].outcome, detail, side === 'client' ? CLOSE.policy : LOSS.origin.code);
    // Nothing more would get through to it, not even that.
    this.#peers[side].destroy();
  }

  #closed(side: Side, other: Side, { code, reason, detail }: Closing): void {
    this.#takesOn(side);
    this.#flows[side].isClosed = true;
    if (this.#cause === null) this.#closeCode = code;
    const isLost = code === CLOSE.lost;
    this.#cause ??= { outcome: isLost ? LOSS[side].outcome : 'ok', detail };
    this.#peers[other].close(isLost ? LOSS[side].code : code, isLost ? NOTHING : reason);
  }

  #gone(side: Side): void {
    const { client, origin } = this.#flows;
    if (this.#flows[side].isGone) return;
    this.#flows[side].isGone = true;
    if (!client.isGone || !origin.isGone) return;
    this.#takesOn('client');
    this.#takesOn('origin');
    this.#onOver({ ...(this.#cause ?? { outcome: 'ok', detail: null }), figures: this.#figures() });
  }

  #figures(): WebSocketRecord {
    const { client, origin } = this.#flows;
    return {
      receivedMessages: client.messages,
      receivedBytes: client.bytes,
      sentMessages: origin.messages,
      sentBytes: origin.bytes,
      closeCode: this.#closeCode,
    };
  }
}
