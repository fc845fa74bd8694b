/** Reads HTTP/1.1 responses off a connection, as little of them as a load generator needs. Pure. */

/** A response that has come whole. */
export interface Response {
  readonly status: number;
  /** The `kerb-outcome` field; empty: none. */
  readonly outcome: string;
  /** In Latin-1, as all text here; without its last line end. */
  readonly head: string;
  readonly body: string;
}

/** A response in a text, and where the next one begins. */
interface Found extends Response {
  readonly end: number;
}

/** Cuts a stream of bytes into responses. It trusts the server: what it is used with are servers under measurement. */
export class ResponseParser {
  readonly #onResponse: (response: Response) => void;
  #text = '';

  /** @param onResponse - Called once per response, in order. */
  constructor(onResponse: (response: Response) => void) {
    this.#onResponse = onResponse;
  }

  /** Takes the next bytes of the connection. Throws `Error` for a response that says nothing of its length. */
  push(chunk: Buffer): void {
    this.#text += chunk.toString('latin1');
    for (let found = firstResponse(this.#text); found !== null; found = firstResponse(this.#text)) {
      this.#text = this.#text.slice(found.end);
      this.#onResponse(found);
    }
  }
}

/** The first response of a text in Latin-1, `null` while it is not whole. Throws `Error` for one without a length. */
function firstResponse(text: string): Found | null {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return null;
  const head = text.slice(0, headEnd);
  const content = contentOf(text, head, headEnd + 4);
  if (content === null || content.end > text.length) return null;
  const outcome = /\r\nkerb-outcome: *([^\r]*)/i.exec(head)?.[1] ?? '';
  return { status: Number(head.slice(9, 12)), outcome, head, ...content };
}

/** The content of a response and where it ends. */
type Content = Pick<Found, 'body' | 'end'>;

function contentOf(text: string, head: string, start: number): Content | null {
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) return { body: text.slice(start, start + Number(length)), end: start + Number(length) };
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) return joinChunks(text, start);
  throw new Error(`a response without a length: ${head}`);
}

/** What chunks (RFC 9112 §7.1) without trailers hold. */
function joinChunks(text: string, start: number): Content | null {
  let body = '';
  for (let at = start; ;) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd < 0) return null;
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    body += text.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + 2 + size + 2;
    if (size === 0) return { body, end: at };
  }
}
