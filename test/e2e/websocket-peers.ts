/** Both ends of WebSockets for tests: clients, and origins whose every handshake and socket a test gets hold of. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import WebSocket, { WebSocketServer } from 'ws';
import type { Listening } from './raw-client.ts';

/** A message as tests compare it. */
export interface Message {
  readonly bytes: Buffer;
  readonly isBinary: boolean;
}

/** One end of a WebSocket, with everything that has come. */
export class Peer {
  readonly socket: WebSocket;
  readonly messages: Message[] = [];
  closed: { readonly code: number; readonly reason: string } | null = null;
  readonly pongs: string[] = [];
  readonly #watchers = new Set<() => void>();

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (bytes: Buffer, isBinary) => {
      this.messages.push({ bytes, isBinary });
      this.#notify();
    });
    socket.on('pong', (data) => {
      this.pongs.push(data.toString());
      this.#notify();
    });
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.#notify();
    });
    socket.on('error', () => undefined);
  }

  /** The connection underneath, for bytes that are no frames. */
  get rawSocket(): Socket {
    return Reflect.get(this.socket, '_socket') as Socket;
  }

  /** Settles with the first truthy answer of `look`, asked after everything that happens here. */
  async until<T>(look: () => T | undefined | null | false): Promise<T> {
    for (;;) {
      const found = look();
      if (found !== undefined && found !== null && found !== false) return found;
      await new Promise<void>((resolve) => {
        this.#watchers.add(resolve);
      });
    }
  }

  /** Settles with the message of that number. */
  message(number = 0): Promise<Message> {
    return this.until(() => this.messages[number]);
  }

  /** Settles with how it was closed. */
  over(): Promise<{ readonly code: number; readonly reason: string }> {
    return this.until(() => this.closed);
  }

  #notify(): void {
    for (const wake of this.#watchers) wake();
    this.#watchers.clear();
  }
}

/** What a client asks with. */
export interface Asking {
  readonly path?: string;
  readonly protocols?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly compress?: boolean;
}

/** An answer to a handshake that is no 101. */
export class Refused extends Error {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;

  constructor({ statusCode = 0, headers }: IncomingMessage, text: string) {
    super(`refused with ${statusCode}: ${text}`);
    this.status = statusCode;
    this.headers = headers;
    this.text = text;
  }
}

/** Opens a WebSocket to an app. Rejects with {@link Refused} when it is answered by another status. */
export function openWebSocket({ port }: Listening, app: string, asking: Asking = {}): Promise<Peer> {
  const { path = '/', protocols = [], headers = {}, compress = false } = asking;
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, [...protocols], {
    headers: { host: `${app}.localhost`, ...headers },
    perMessageDeflate: compress,
  });
  const peer = new Peer(socket);
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(peer));
    socket.once('error', reject);
    socket.once('unexpected-response', (_request, response) => void refuse(response).then(reject, reject));
  });
}

/** The refusal that a client got. */
export async function refusalOf(opening: Promise<Peer>): Promise<Refused> {
  const refused = await opening.then(
    () => null,
    (error: unknown) => error,
  );
  if (refused instanceof Refused) return refused;
  throw new Error(`the handshake was not refused: ${String(refused)}`);
}

async function refuse(response: IncomingMessage): Promise<Refused> {
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return new Refused(response, text);
}

/** An origin: hands on what it accepts, and answers the rest as a test says. */
export class Origin {
  readonly handshakes: IncomingMessage[] = [];
  readonly peers: Peer[] = [];
  /** What handshakes at `/later` wait for. */
  readonly later = Promise.withResolvers<void>();
  readonly #http: Server;
  readonly #sockets: WebSocketServer;
  readonly #watchers = new Set<() => void>();

  private constructor() {
    this.#sockets = new WebSocketServer({
      noServer: true,
      maxPayload: 8 * 1024 * 1024,
      handleProtocols: (protocols) => (protocols.has('second') ? 'second' : false),
    });
    this.#http = createServer((request, response) => {
      response.setHeader('x-asked', String(request.headers.upgrade ?? 'nothing'));
      response.end(`plain ${request.method ?? ''} ${request.url ?? ''}`);
    });
    this.#http.on('upgrade', (request, socket, head) => {
      this.handshakes.push(request);
      if (request.url === '/base/refuse') {
        socket.end('HTTP/1.1 403 Forbidden\r\nX-Why: not you\r\nContent-Length: 7\r\n\r\nnot you');
        return this.#notify();
      }
      if (request.url === '/base/lie') {
        socket.end(
          'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: no\r\n\r\n',
        );
        return this.#notify();
      }
      if (request.url === '/base/gone') {
        const accept = createHash('sha1').update(
          `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`,
        );
        const switching = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n';
        socket.end(`${switching}Sec-WebSocket-Accept: ${accept.digest('base64')}\r\n\r\n`);
        return this.#notify();
      }
      const accept = (): void =>
        this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
          this.peers.push(new Peer(webSocket));
          this.#notify();
        });
      if (request.url !== '/base/later') return accept();
      this.#notify();
      void this.later.promise.then(accept);
    });
    this.#sockets.on('headers', (headers) => headers.push('X-Origin: here', 'Set-Cookie: a=1', 'Set-Cookie: b=2'));
  }

  static async start(): Promise<Origin> {
    const origin = new Origin();
    origin.#http.listen(0, '127.0.0.1');
    await once(origin.#http, 'listening');
    return origin;
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  /** Lines of a manifest whose origin it is. */
  get manifest(): string {
    return `origin = "main"\n[backends.main]\nurl = "http://127.0.0.1:${this.port}/base"`;
  }

  /** Settles with the peer of that number. */
  peer(number: number): Promise<Peer> {
    return this.#until(() => this.peers[number]);
  }

  /** Settles with the first handshake at a path. */
  handshake(path: string): Promise<IncomingMessage> {
    return this.#until(() => this.handshakes.find(({ url }) => url === path));
  }

  async #until<T>(look: () => T | undefined): Promise<T> {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        this.#watchers.add(resolve);
      });
    }
  }

  async close(): Promise<void> {
    for (const { socket } of this.peers) socket.terminate();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  #notify(): void {
    for (const wake of this.#watchers) wake();
    this.#watchers.clear();
  }
}

/** Opens a WebSocket through an app; answers both of its ends. */
export async function openThrough(
  edge: Listening,
  origin: Origin,
  app: string,
  asking: Asking = {},
): Promise<{ client: Peer; far: Peer }> {
  const number = origin.peers.length;
  const client = await openWebSocket(edge, app, asking);
  return { client, far: await origin.peer(number) };
}
