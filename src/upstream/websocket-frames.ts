/** The framing of WebSocket (RFC 6455 §5), as the library `ws` has it; its types know only the sockets built on these two. */
import type { Writable } from 'node:stream';
import * as library from 'ws';

/** Options of a receiver. */
export interface ReceiverOptions {
  /** Of a client frames are masked, of a server they are not; the other is an error. */
  readonly isServer: boolean;
  readonly maxPayload: number;
  readonly maxFragments: number;
  readonly maxBufferedChunks: number;
}

/**
 * Takes the bytes of a peer. Emits `message` with bytes and whether they are binary, `ping`, `pong`, `conclude` with code and
 * reason of a close frame, and `error` with a `code` of the library's for what breaks the protocol.
 */
export type FrameReceiver = Writable;

/** What a sender writes to: the part of a socket that it uses. */
export interface FrameSink {
  cork(): void;
  uncork(): void;
  write(piece: Uint8Array): unknown;
}

/** Writes frames to a socket. With `mask` they are masked, in place. */
export interface FrameSender {
  send(
    data: Uint8Array,
    options: { readonly binary: boolean; readonly compress: false; readonly fin: true; readonly mask: boolean },
  ): void;
  close(code: number | undefined, reason: Uint8Array, mask: boolean): void;
  ping(data: Uint8Array, mask: boolean): void;
  pong(data: Uint8Array, mask: boolean): void;
}

interface Framing {
  readonly Receiver: new (options: ReceiverOptions) => FrameReceiver;
  readonly Sender: new (socket: FrameSink) => FrameSender;
}

/** The two classes. No extension is ever given to them. */
export const { Receiver, Sender } = library as unknown as Framing;
