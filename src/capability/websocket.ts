/** The port through which a WebSocket to a backend is used once its handshake is done. */

/** What a message holds (RFC 6455 §5.6). */
export type MessageKind = 'text' | 'binary';

/** How a WebSocket ended, or is ending, on one side. */
export interface Closing {
  /** The code of the close frame: 1005 without one in it, 1006 without a close frame (RFC 6455 §7.1.5). */
  readonly code: number;
  /** UTF-8, at most 123 bytes. */
  readonly reason: Uint8Array;
  /** Why it was lost, for people; `null` when it was closed in order. */
  readonly detail: string | null;
}

/** What a side of a WebSocket tells. Nothing here may throw. */
export interface WebSocketEvents {
  /** A whole message; text is valid UTF-8. `bytes` belong to the receiver. */
  onMessage(bytes: Uint8Array, kind: MessageKind): void;
  /** The peer has taken what waited: there is room again. */
  onDrain(): void;
  /** The peer has begun to close or is lost; no message follows. Once. */
  onClose(closing: Closing): void;
  /** The connection is gone; comes after {@link onClose}. Once. */
  onGone(): void;
}

/** A side of a WebSocket. Until {@link start} it reads nothing. */
export interface WebSocketPeer {
  /** Whether so much waits for the peer that nothing should be sent before {@link WebSocketEvents.onDrain}. */
  readonly isFull: boolean;
  /** Begins to read. */
  start(events: WebSocketEvents): void;
  /** Sends a message; `bytes` are the socket's from now on. Answers `false` when it had to be dropped. */
  send(bytes: Uint8Array, kind: MessageKind): boolean;
  /** Reads no more; what was read already still comes. */
  pause(): void;
  resume(): void;
  /** Begins the closing handshake; a code that may not be sent, and `lost`, become none. Without effect once it is closing. */
  close(code: number, reason: Uint8Array): void;
  /** Breaks the connection off. Idempotent. */
  destroy(): void;
}

/** A WebSocket to a backend. */
export interface BackendWebSocket extends WebSocketPeer {
  /** The subprotocol that the backend chose; `null`: none. */
  readonly protocol: string | null;
}
