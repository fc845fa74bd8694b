/** The request as one http-wasm guest sees and changes it before "next". */
import { BytesSource, type BodySource, PrefixedSource } from '../../http/body.ts';
import { declaredLength } from '../../http/framing.ts';
import type { HeaderList } from '../../http/headers.ts';
import type { ClientAddress } from '../../http/message.ts';
import type { Exchange } from '../abi.ts';
import { GuestFault } from '../guest-fault.ts';
import { CollectedBytes, type Hold } from '../collected-bytes.ts';
import { MAX_BUFFERED_BODY_BYTES } from './limits.ts';

/** A request's head and body; guests read it, overwrite parts of it, and hand it on. */
export class RequestDraft {
  method: string;
  target: string;
  readonly protocol: string;
  readonly client: ClientAddress;
  readonly headers: HeaderList;
  readonly #hold: Hold;
  readonly #body: BodySource | null;
  /** Content-Length of the client's body as it came; the guest may change the field, which is the host's. */
  readonly #declared: number | null;
  #consumed = false;
  /** What the guest wrote in place of the body; `null`: it wrote nothing. */
  #written: CollectedBytes | null = null;
  /** What the guest read while it had asked for buffering, to be replayed to the next handler. */
  #kept: CollectedBytes | null = null;

  constructor(exchange: Exchange, hold: Hold) {
    this.#hold = hold;
    const { method, target, protocol, client, headers } = exchange.request;
    this.method = method;
    this.target = target;
    this.protocol = protocol;
    this.client = client;
    this.headers = headers;
    this.#body = exchange.body;
    this.#declared = exchange.body === null ? null : declaredLength(headers);
  }

  /** Bytes that {@link outgoingBody} will give; `undefined`: not known before. */
  get outgoingLength(): number | undefined {
    if (this.#written !== null) return this.#written.length;
    return this.#consumed ? undefined : (this.#declared ?? undefined);
  }

  /** Reads on in the client's body; see {@link BodySource.read}. */
  read(maxBytes: number, keep: 'keep' | 'consume'): Uint8Array | null | Promise<Uint8Array | null> {
    if (this.#body === null) return null;
    const chunk = this.#body.read(maxBytes);
    if (keep === 'consume') this.#consumed = true;
    if (keep === 'consume') return chunk;
    return chunk instanceof Promise ? chunk.then((late) => this.#keep(late)) : this.#keep(chunk);
  }

  /** Adds to the body that replaces the client's. */
  write(chunk: Uint8Array): void {
    this.#written ??= new CollectedBytes(this.#hold);
    add(this.#written, chunk);
  }

  /** The body for the next handler: written, replayed, or what the guest left unread. */
  outgoingBody(): BodySource | null {
    if (this.#written !== null) {
      this.#body?.cancel();
      return this.#written.length === 0 ? null : new BytesSource(this.#written.bytes);
    }
    if (this.#body === null || this.#kept === null) return this.#body;
    return new PrefixedSource(this.#kept.bytes, this.#body);
  }

  #keep(chunk: Uint8Array | null): Uint8Array | null {
    if (chunk !== null) add((this.#kept ??= new CollectedBytes(this.#hold)), chunk);
    return chunk;
  }
}

function add(collected: CollectedBytes, chunk: Uint8Array): void {
  if (collected.length + chunk.length > MAX_BUFFERED_BODY_BYTES) {
    throw new GuestFault(`the request body passes ${MAX_BUFFERED_BODY_BYTES} buffered bytes`, 'memory_limit');
  }
  collected.add(chunk);
}
