/** An http-wasm guest whose code is the test: hostcalls are made directly, on real memory, around a handled exchange. */
import { NO_FILES } from '../../../../src/capability/files.ts';
import { NO_STORES } from '../../../../src/capability/stores.ts';
import type { Enter, Exchange, Reply } from '../../../../src/abi/abi.ts';
import { GuestMemory } from '../../../../src/abi/guest-memory.ts';
import type { Scalar } from '../../../../src/abi/host-function.ts';
import { HttpWasmGuest } from '../../../../src/abi/http-wasm/guest.ts';
import type { Backend, BackendRequest, BackendResponse } from '../../../../src/capability/backend.ts';
import type { TokenIssuer, TokenSigner } from '../../../../src/capability/jwt.ts';
import { BytesSource, type BodySource } from '../../../../src/http/body.ts';
import { HeaderList } from '../../../../src/http/headers.ts';
import type { ResponseHead } from '../../../../src/http/message.ts';
import { RecordingHost } from '../recording-host.ts';

/** What a request of a test has. */
export interface TestExchange {
  readonly method?: string;
  readonly target?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: BodySource | string;
  readonly ip?: string;
  readonly origin?: Backend;
  /** By name. */
  readonly backends?: Readonly<Record<string, Backend>>;
  readonly issuers?: Readonly<Record<string, TokenIssuer>>;
  readonly signers?: Readonly<Record<string, TokenSigner>>;
  /** Fires when the request must end. */
  readonly signal?: AbortSignal;
}

/** Where texts that a call names are put. */
const TEXT_AT = 40_000;

/** A guest and its host. */
export class DirectGuest extends RecordingHost {
  readonly pages = new WebAssembly.Memory({ initial: 1, maximum: 600 });
  readonly memory = new GuestMemory(this.pages);
  readonly grants = { config: Buffer.from('conf\0ig'), env: {}, files: NO_FILES, stores: NO_STORES, geo: false };
  readonly guest = new HttpWasmGuest(
    this,
    new Set(['http_handler', 'wasi_snapshot_preview1', 'kerb_fetch', 'kerb_jwt', 'kerb_geo', 'kerb_cache']),
  );
  /** Heads that were streamed, and the bytes after them. */
  readonly streamed: { head: ResponseHead; body: string }[] = [];
  /** What a streamed write answers. */
  backpressure: Promise<void> | undefined;

  /** Makes a hostcall, of `http_handler` unless it names a module, that answers at once; texts are put into memory and stand for their place and length. */
  call(name: string, ...args: (Scalar | string)[]): Scalar | void {
    const answer = this.invoke(name, ...args);
    if (answer instanceof Promise) throw new Error(`${name} waits`);
    return answer;
  }

  /** Makes a hostcall that may wait. */
  invoke(name: string, ...args: (Scalar | string)[]): Scalar | void | Promise<Scalar | void> {
    const [module = '', member = ''] = name.includes('.') ? name.split('.') : ['http_handler', name];
    const found = this.guest.imports.get(module)?.get(member);
    if (found === undefined) throw new Error(`no function ${name}`);
    let at = TEXT_AT;
    const scalars = args.flatMap((arg) => {
      if (typeof arg !== 'string') return [arg];
      const bytes = Buffer.from(arg);
      this.memory.write(at, bytes);
      at += bytes.length;
      return [at - bytes.length, bytes.length];
    });
    if (scalars.length !== found.parameters) throw new Error(`${name} takes ${found.parameters} parameters`);
    return found.call(...scalars);
  }

  /** Calls a `get_` function with room at address 0; answers the text. */
  text(name: string, ...args: (Scalar | string)[]): string {
    const length = Number(BigInt.asUintN(32, BigInt(this.call(name, ...args, 0, 30_000) as Scalar)));
    return this.memory.readText(0, length);
  }

  /** Handles an exchange: `request` and `response` are the code of the two exports. */
  handle(
    {
      method = 'GET',
      target = '/',
      headers = [],
      body,
      ip = '192.0.2.1',
      origin,
      backends,
      issuers,
      signers,
      signal,
    }: TestExchange,
    request: () => bigint | void | Promise<bigint | void>,
    response: (context: number, isError: number) => void | Promise<void> = () => {},
  ): Promise<Reply> {
    const enter: Enter = async (name, ...args) => {
      if (name === 'handle_request') return (await request()) ?? 0n;
      return response(Number(args[0]), Number(args[1]));
    };
    const exchange: Exchange = {
      request: { method, target, protocol: 'HTTP/1.1', headers: HeaderList.from(headers), client: { ip, port: 1234 } },
      body: typeof body === 'string' ? new BytesSource(Buffer.from(body)) : (body ?? null),
      origin: origin ?? null,
      backend: (name) => new Map(Object.entries(backends ?? {})).get(name) ?? null,
      issuer: (name) => new Map(Object.entries(issuers ?? {})).get(name) ?? null,
      signer: (name) => new Map(Object.entries(signers ?? {})).get(name) ?? null,
      forwarded: { for: ip, proto: 'http', host: 'h' },
      signal: signal ?? new AbortController().signal,
      stream: (head) => {
        const sent = { head, body: '' };
        this.streamed.push(sent);
        return {
          write: (chunk) => {
            sent.body += Buffer.from(chunk).toString('latin1');
            return this.backpressure;
          },
        };
      },
    };
    return this.guest.handle(enter, exchange);
  }
}

/** A whole reply's status, fields and text. */
export function whole(reply: Reply): { status: number; fields: [string, string][]; text: string } {
  if (reply.kind !== 'whole') throw new Error(`the reply is ${reply.kind}`);
  const fields: [string, string][] = [];
  reply.head.headers.forEach((name, value) => fields.push([name, value]));
  return { status: reply.head.status, fields, text: Buffer.from(reply.body).toString() };
}

/** Everything of a source. */
export async function readAll(source: BodySource | null): Promise<string> {
  const chunks: Uint8Array[] = [];
  for (let chunk = await source?.read(1000); chunk !== null && chunk !== undefined; chunk = await source?.read(1000)) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** A source of pieces, each of which comes late. Counts cancellations. */
export class LateSource implements BodySource {
  readonly #pieces: string[];
  cancelled = 0;

  constructor(...pieces: string[]) {
    this.#pieces = pieces;
  }

  async read(maxBytes: number): Promise<Uint8Array | null> {
    await Promise.resolve();
    const piece = this.#pieces.shift();
    if (piece === undefined) return null;
    if (piece.length > maxBytes) this.#pieces.unshift(piece.slice(maxBytes));
    return Buffer.from(piece.slice(0, maxBytes));
  }

  cancel(): void {
    this.cancelled += 1;
  }
}

/** A backend that notes what it is sent, body and all, and answers `response` or rejects with it. */
export class NotingBackend implements Backend {
  readonly #response: (Partial<BackendResponse> & { readonly text?: string }) | Error;
  readonly asked: (BackendRequest & { readonly text: string })[] = [];

  constructor(response: (Partial<BackendResponse> & { readonly text?: string }) | Error = {}) {
    this.#response = response;
  }

  async fetch(request: BackendRequest): Promise<BackendResponse> {
    this.asked.push({ ...request, text: await readAll(request.body) });
    if (this.#response instanceof Error) throw this.#response;
    const { text = 'from origin', ...rest } = this.#response;
    const standard = { status: 200, headers: new HeaderList(), trailers: new HeaderList() };
    return { ...standard, body: new BytesSource(Buffer.from(text)), ...rest };
  }
}

/** Runs `code` inside `handle_request` of a new guest, and answers that guest. */
export async function inRequest(exchange: TestExchange, code: (guest: DirectGuest) => unknown): Promise<DirectGuest> {
  const guest = new DirectGuest();
  await guest.handle(exchange, async () => {
    await code(guest);
  });
  return guest;
}
