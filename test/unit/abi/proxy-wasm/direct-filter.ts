/** A Proxy-Wasm filter whose code is the test: hostcalls are made directly, on real memory, from callbacks in JavaScript. */
import type { Enter, Exchange, Reply } from '../../../../src/abi/abi.ts';
import { GuestMemory } from '../../../../src/abi/guest-memory.ts';
import type { Scalar } from '../../../../src/abi/host-function.ts';
import { ProxyWasmGuest } from '../../../../src/abi/proxy-wasm/guest.ts';
import type { Backend } from '../../../../src/capability/backend.ts';
import { NO_FILES } from '../../../../src/capability/files.ts';
import { NO_STORES } from '../../../../src/capability/stores.ts';
import { BytesSource, type BodySource } from '../../../../src/http/body.ts';
import { HeaderList } from '../../../../src/http/headers.ts';
import type { ResponseHead } from '../../../../src/http/message.ts';
import { RecordingHost } from '../recording-host.ts';

/** Where texts of calls are put, where results are wanted, and where the allocator begins. */
const TEXT_AT = 40_000;
export const RESULT = 16;
const HEAP_AT = 60_000;

/** Callbacks by the name of their export. A result that is left out is 0, or 1 where 0 refuses. */
export type Code = Readonly<Record<string, (...args: number[]) => number | void | Promise<number | void>>>;

/** What a request of a test has. */
export interface TestExchange {
  readonly method?: string;
  readonly target?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: BodySource | string;
  readonly origin?: Backend;
  readonly backends?: Readonly<Record<string, Backend>>;
  readonly signal?: AbortSignal;
}

/** A filter, its memory and its host. */
export class DirectFilter extends RecordingHost {
  readonly pages = new WebAssembly.Memory({ initial: 1, maximum: 600 });
  readonly memory = new GuestMemory(this.pages);
  readonly grants = { config: Buffer.from('the config'), env: {}, files: NO_FILES, stores: NO_STORES, geo: false };
  readonly guest: ProxyWasmGuest;
  /** Callbacks in the order in which they came, with their arguments. */
  readonly called: string[] = [];
  /** What the allocator answers next instead of memory. */
  allocates: number | null = null;
  /** Heads that were streamed, and the bytes after them. */
  readonly streamed: { head: ResponseHead; body: string }[] = [];
  readonly #code: Code;
  #heap = HEAP_AT;

  constructor(code: Code = {}) {
    super();
    this.#code = code;
    const reenter = (_name: string, size: unknown): number => this.allocates ?? this.#allocate(Number(size));
    this.guest = new ProxyWasmGuest(this, new Set(['env', 'wasi_snapshot_preview1']), reenter);
  }

  #allocate(size: number): number {
    const needed = this.#heap + size - this.pages.buffer.byteLength;
    if (needed > 0) this.pages.grow(Math.ceil(needed / 65_536));
    this.#heap += size;
    return this.#heap - size;
  }

  /** Names of the exports that the filter has. */
  get exports(): ReadonlySet<string> {
    return new Set([...Object.keys(this.#code), 'malloc']);
  }

  readonly enter: Enter = async (name, ...args) => {
    this.called.push(`${name.replace('proxy_on_', '')} ${args.join(' ')}`.trim());
    const result = await this.#code[name]?.(...args.map(Number));
    const standard = ['proxy_on_vm_start', 'proxy_on_configure', 'proxy_on_done'].includes(name) ? 1 : 0;
    return result ?? standard;
  };

  /** Makes a hostcall; texts and bytes are put into memory and stand for their place and length. */
  call(name: string, ...args: (Scalar | string | Uint8Array)[]): Scalar | void {
    const found = this.guest.imports.get('env')?.get(`proxy_${name}`);
    if (found === undefined) throw new Error(`no function proxy_${name}`);
    let at = TEXT_AT;
    const scalars = args.flatMap((arg) => {
      if (typeof arg === 'number' || typeof arg === 'bigint') return [arg];
      const bytes = Buffer.from(arg);
      this.memory.write(at, bytes);
      at += bytes.length;
      return [at - bytes.length, bytes.length];
    });
    if (scalars.length !== found.parameters) throw new Error(`${name} takes ${found.parameters} parameters`);
    return found.call(...scalars) as Scalar | void;
  }

  /** Makes a hostcall whose last two parameters are where bytes are wanted; answers them, or the status. */
  bytes(name: string, ...args: (Scalar | string | Uint8Array)[]): Buffer | number {
    const status = Number(this.call(name, ...args, RESULT, RESULT + 4));
    if (status !== 0) return status;
    return Buffer.from(this.memory.read(this.memory.readU32(RESULT), this.memory.readU32(RESULT + 4)));
  }

  /** The same as text. */
  text(name: string, ...args: (Scalar | string | Uint8Array)[]): string | number {
    const bytes = this.bytes(name, ...args);
    return typeof bytes === 'number' ? bytes : bytes.toString();
  }

  /** Makes a hostcall whose last parameter is where a number is wanted; answers it, or the negative status. */
  number(name: string, ...args: (Scalar | string | Uint8Array)[]): number {
    const status = Number(this.call(name, ...args, RESULT));
    return status === 0 ? this.memory.readU32(RESULT) : -status;
  }

  async start(): Promise<void> {
    await this.guest.start(this.enter, this.exports);
    await this.guest.configure(this.enter, this.exports);
  }

  /** Starts the instance if `code` was not started before, and carries an exchange through it. */
  async handle({ method = 'GET', target = '/', headers = [], body, ...rest }: TestExchange): Promise<Reply> {
    const exchange: Exchange = {
      request: {
        method,
        target,
        protocol: 'HTTP/1.1',
        headers: HeaderList.from([['host', 'app.example:8080'], ...headers]),
        client: { ip: '192.0.2.1', port: 1234 },
      },
      body: typeof body === 'string' ? new BytesSource(Buffer.from(body)) : (body ?? null),
      origin: rest.origin ?? null,
      backend: (name) => new Map(Object.entries(rest.backends ?? {})).get(name) ?? null,
      issuer: () => null,
      signer: () => null,
      forwarded: { for: '192.0.2.1', proto: 'http', host: 'app.example:8080' },
      signal: rest.signal ?? new AbortController().signal,
      stream: (head) => {
        const sent = { head, body: '' };
        this.streamed.push(sent);
        return {
          write: (chunk) => {
            sent.body += Buffer.from(chunk).toString('latin1');
          },
        };
      },
    };
    return this.guest.handle(this.enter, exchange);
  }
}

/** A started filter that runs `code` in `proxy_on_request_headers`, and answers itself. */
export async function inRequest(
  code: (filter: DirectFilter) => unknown,
  exchange: TestExchange = {},
): Promise<DirectFilter> {
  const filter: DirectFilter = new DirectFilter({
    proxy_on_request_headers: async () => {
      await code(filter);
      filter.call('send_local_response', 200, '', 'done', '', -1);
      return 1;
    },
  });
  await filter.start();
  await filter.handle(exchange);
  return filter;
}
