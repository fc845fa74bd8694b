/** The client's side of a WebSocket: the transport's socket as a {@link WebSocketPeer}. */
import type { Closing, MessageKind, WebSocketEvents, WebSocketPeer } from '../capability/websocket.ts';
import { CLOSE, mayBeSent } from '../http/websocket.ts';
import {
  MAX_MESSAGES_PER_TURN,
  PAUSED_PUSH_MS,
  WEBSOCKET_HIGH_WATER_BYTES,
  WEBSOCKET_LOW_WATER_BYTES,
} from './limits.ts';
import type { TransportWebSocket, TransportWebSocketEvents } from './transport.ts';

/** The transport's answer to `send` when it has dropped the message. */
const DROPPED = 2;

const NOTHING = new Uint8Array(0);

/**
 * Stands for the client from the moment in which the transport has opened its socket. Pings and pongs are the transport's, and so is
 * the answer to a close frame; an `onClose` of the client's is therefore followed by `onGone` at once.
 *
 * While it is paused the transport tells nothing about the connection, neither that there is room nor that it was lost; and it reads
 * again, without being asked, when a write has met a full socket. So every write is followed by another pause, and what waits is
 * pushed on with a ping every {@link PAUSED_PUSH_MS}, or two peers that wait for each other would wait for ever.
 */
export class ClientWebSocket implements WebSocketPeer, TransportWebSocketEvents {
  #socket: TransportWebSocket | null = null;
  #events: WebSocketEvents | null = null;
  #isPaused = false;
  #push: NodeJS.Timeout | null = null;
  #inTurn = 0;

  get isFull(): boolean {
    return this.#buffered > WEBSOCKET_HIGH_WATER_BYTES;
  }

  /** @param events - Told from now on; to be called before the transport opens the socket, or at once behind it. */
  start(events: WebSocketEvents): void {
    this.#events = events;
  }

  send(bytes: Uint8Array, kind: MessageKind): boolean {
    if (this.#socket === null) return false;
    const sent = this.#socket.send(bytes, kind === 'binary', false);
    this.#stayPaused();
    return sent !== DROPPED;
  }

  pause(): void {
    this.#isPaused = true;
    this.#stayPaused();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#stopPushing();
    this.#socket?.resume();
  }

  /** Sends a close frame; the transport tells of the end at once, and waits for the client's answer by itself. */
  close(code: number, reason: Uint8Array): void {
    // A paused connection would not see the client's answer.
    this.resume();
    if (mayBeSent(code)) this.#socket?.end(code, reason);
    else this.#socket?.end();
  }

  destroy(): void {
    this.#socket?.close();
  }

  opened(socket: TransportWebSocket): void {
    this.#socket = socket;
  }

  message(lent: ArrayBuffer, isBinary: boolean): void {
    if (this.#inTurn === 0) setImmediate(() => this.#nextTurn());
    this.#inTurn += 1;
    if (this.#inTurn > MAX_MESSAGES_PER_TURN) return this.destroy();
    this.#events?.onMessage(new Uint8Array(lent.slice(0)), isBinary ? 'binary' : 'text');
    this.#stayPaused();
  }

  drained(): void {
    if (this.#buffered <= WEBSOCKET_LOW_WATER_BYTES) this.#events?.onDrain();
  }

  closed(code: number, reason: ArrayBuffer): void {
    this.#socket = null;
    this.#stopPushing();
    const isFlood = code === CLOSE.lost && this.#inTurn > MAX_MESSAGES_PER_TURN;
    const closing = closingOf(code, new Uint8Array(reason.slice(0)));
    this.#events?.onClose(isFlood ? { ...closing, detail: FLOOD } : closing);
    this.#events?.onGone();
  }

  get #buffered(): number {
    return this.#socket?.getBufferedAmount() ?? 0;
  }

  #nextTurn(): void {
    this.#inTurn = 0;
  }

  #stayPaused(): void {
    if (!this.#isPaused || this.#socket === null) return;
    this.#socket.pause();
    if (this.#buffered > 0) this.#push ??= setInterval(() => this.#pushOn(), PAUSED_PUSH_MS);
  }

  #pushOn(): void {
    this.#socket?.ping();
    if (this.#buffered === 0) this.#stopPushing();
    this.#stayPaused();
    this.drained();
  }

  #stopPushing(): void {
    if (this.#push !== null) clearInterval(this.#push);
    this.#push = null;
  }
}

const FLOOD = `the client was cut off: it sent more than ${MAX_MESSAGES_PER_TURN} messages at once`;

/** What the transport says in place of a code that it does not know, 1012 to 3999 among them: the frame was there, the code is not told. */
const UNTOLD_CODE = 'Received invalid close payload';

function closingOf(code: number, reason: Uint8Array): Closing {
  if (code !== CLOSE.lost) return { code, reason, detail: null };
  const text = Buffer.from(reason).toString();
  if (text === UNTOLD_CODE) return { code: CLOSE.noCode, reason: NOTHING, detail: null };
  return { code, reason: NOTHING, detail: `the client was lost: ${text === '' ? 'its connection broke' : text}` };
}
