/** A side of a WebSocket that does what a test says. */
import type { MessageKind, WebSocketEvents, WebSocketPeer } from '../../../src/capability/websocket.ts';

/** Notes what it is told to do, in order. */
export class FakePeer implements WebSocketPeer {
  readonly calls: string[] = [];
  isFull = false;
  takes = true;
  #events: WebSocketEvents | null = null;

  /** What it has been started with. */
  get events(): WebSocketEvents {
    if (this.#events === null) throw new Error('it was not started');
    return this.#events;
  }

  start(events: WebSocketEvents): void {
    this.#events = events;
  }

  send(bytes: Uint8Array, kind: MessageKind): boolean {
    if (this.takes) this.calls.push(`${kind} ${Buffer.from(bytes).toString()}`);
    return this.takes;
  }

  pause(): void {
    this.calls.push('pause');
  }

  resume(): void {
    this.calls.push('resume');
  }

  close(code: number, reason: Uint8Array): void {
    this.calls.push(`close ${code} ${Buffer.from(reason).toString()}`.trimEnd());
  }

  destroy(): void {
    this.calls.push('destroy');
  }

  /** Closes, or is lost, and goes. */
  leave(code: number, reason = '', detail: string | null = null): void {
    this.events.onClose({ code, reason: Buffer.from(reason), detail });
    this.events.onGone();
  }
}
