/** A WebSocket to a backend, from the moment in which its connection has switched (RFC 6455 §5 to §7). */
import type { Duplex } from 'node:stream';
import type { BackendWebSocket, MessageKind, WebSocketEvents } from '../capability/websocket.ts';
import { CLOSE, mayBeSent } from '../http/websocket.ts';
import { MAX_MESSAGE_BYTES, MAX_MESSAGE_FRAGMENTS, WEBSOCKET_CLOSE_MS, WEBSOCKET_PING_MS } from './limits.ts';
import { FrameOutput } from './websocket-output.ts';
import { Receiver, Sender, type FrameReceiver, type FrameSender } from './websocket-frames.ts';

/** Frames of a client are masked (RFC 6455 §5.3). */
const MASK = true;

const NOTHING = new Uint8Array(0);

/** What a backend is told that breaks the protocol (RFC 6455 §7.4.1), by the library's codes; everything else is 1002. */
const CODE_OF_FAULT: ReadonlyMap<unknown, number> = new Map([
  ['WS_ERR_INVALID_UTF8', 1007],
  ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 1009],
  ['WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH', 1009],
  ['WS_ERR_TOO_MANY_BUFFERED_PARTS', 1008],
]);

/** Where it is on its way. `closing`: a close frame was sent, ours or an answer. */
type Stage = 'open' | 'closing' | 'gone';

/**
 * Reads nothing before {@link start}. Answers pings unless the backend is slow to take what it is sent; pings a silent one, and gives
 * it up when it stays silent. Closing ends within {@link WEBSOCKET_CLOSE_MS}.
 */
export class OriginWebSocket implements BackendWebSocket {
  readonly protocol: string | null;
  readonly #socket: Duplex;
  readonly #output: FrameOutput;
  readonly #sender: FrameSender;
  readonly #receiver: FrameReceiver;
  #events: WebSocketEvents | null = null;
  #stage: Stage = 'open';
  #isTold = false;
  #isPaused = false;
  #isHeard = true;
  #silence = 0;
  #loss = 'the origin closed the connection without a close frame';
  #watch: NodeJS.Timeout | null = null;

  /** @param socket - The connection, with nothing read of what follows the 101. */
  constructor(socket: Duplex, protocol: string | null) {
    this.protocol = protocol;
    this.#socket = socket;
    this.#output = new FrameOutput(socket);
    this.#sender = new Sender(this.#output);
    this.#receiver = new Receiver({
      isServer: false,
      maxPayload: MAX_MESSAGE_BYTES,
      maxFragments: MAX_MESSAGE_FRAGMENTS,
      maxBufferedChunks: MAX_MESSAGE_FRAGMENTS,
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#loss = `the connection to the origin was lost (${error.code ?? error.name})`;
    });
    socket.once('close', () => this.#gone());
  }

  get isFull(): boolean {
    return this.#socket.writableNeedDrain;
  }

  start(events: WebSocketEvents): void {
    this.#events = events;
    if (this.#stage === 'gone') return this.#tellGone();
    this.#receiver
      .on('message', (bytes: Uint8Array, isBinary: boolean) => this.#message(bytes, isBinary))
      .on('ping', (data: Uint8Array) => this.#pong(data))
      .on('conclude', (code: number, reason: Uint8Array) => this.#concluded(code, reason))
      .on('error', (error: NodeJS.ErrnoException) => this.#broken(error));
    this.#watch = setInterval(() => this.#look(), WEBSOCKET_PING_MS);
    this.#socket
      .on('drain', () => events.onDrain())
      .on('data', (chunk: Uint8Array) => this.#read(chunk))
      .resume();
  }

  send(bytes: Uint8Array, kind: MessageKind): boolean {
    if (this.#stage !== 'open' || !this.#socket.writable) return false;
    this.#sender.send(bytes, { binary: kind === 'binary', compress: false, fin: true, mask: MASK });
    return true;
  }

  pause(): void {
    if (this.#stage !== 'open') return;
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#stage !== 'gone') this.#socket.resume();
  }

  close(code: number, reason: Uint8Array): void {
    this.#sendClose(mayBeSent(code) ? code : undefined, reason);
    // The answer is behind what nobody wants any more.
    this.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #read(chunk: Uint8Array): void {
    this.#isHeard = true;
    if (!this.#receiver.writableEnded && !this.#receiver.destroyed) this.#receiver.write(chunk);
  }

  #message(bytes: Uint8Array, isBinary: boolean): void {
    if (this.#stage === 'open') this.#events?.onMessage(bytes, isBinary ? 'binary' : 'text');
  }

  /** A backend that sends pings and takes no pongs would have them gathered here; RFC 6455 §5.5.3 lets us leave some out. */
  #pong(data: Uint8Array): void {
    if (this.#stage === 'open' && this.#socket.writable && !this.isFull) this.#sender.pong(data, MASK);
  }

  /** A close frame has come: it is answered with the same code (RFC 6455 §5.5.1). */
  #concluded(code: number, reason: Uint8Array): void {
    this.#sendClose(code === CLOSE.noCode ? undefined : code, reason);
    this.#tell(code, reason, null);
    this.#socket.end();
  }

  #broken(error: NodeJS.ErrnoException): void {
    this.#sendClose(CODE_OF_FAULT.get(error.code) ?? 1002, NOTHING);
    this.#tell(CLOSE.lost, NOTHING, `the origin broke the WebSocket protocol: ${error.message}`);
    this.#socket.end();
  }

  #sendClose(code: number | undefined, reason: Uint8Array): void {
    if (this.#stage !== 'open') return;
    this.#stage = 'closing';
    if (this.#watch !== null) clearInterval(this.#watch);
    this.#watch = setTimeout(() => this.destroy(), WEBSOCKET_CLOSE_MS);
    if (!this.#socket.writable) return;
    this.#sender.close(code, code === undefined ? NOTHING : reason, MASK);
    this.#output.flush();
  }

  /** Pings a backend that has been silent since the last look, and breaks it off when it stays so. Who is paused is not silent. */
  #look(): void {
    this.#silence = this.#isHeard || this.#isPaused ? 0 : this.#silence + 1;
    this.#isHeard = false;
    if (this.#silence === 1) this.#sender.ping(NOTHING, MASK);
    if (this.#silence < 2) return;
    this.#loss = `the origin answered no ping for ${WEBSOCKET_PING_MS} ms`;
    this.destroy();
  }

  #gone(): void {
    this.#stage = 'gone';
    if (this.#watch !== null) clearTimeout(this.#watch);
    this.#receiver.destroy();
    this.#tellGone();
  }

  #tellGone(): void {
    if (this.#events === null) return;
    this.#tell(CLOSE.lost, NOTHING, this.#loss);
    this.#events.onGone();
  }

  #tell(code: number, reason: Uint8Array, detail: string | null): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#events?.onClose({ code, reason, detail });
  }
}
