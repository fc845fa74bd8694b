/** A host for WASI functions under test: real memory, clocks that stand still, and a log that is kept. */
import { NO_FILES, type FileGrants } from '../../../../src/capability/files.ts';
import { NO_STORES } from '../../../../src/capability/stores.ts';
import type { GuestHost } from '../../../../src/abi/abi.ts';
import { GuestMemory } from '../../../../src/abi/guest-memory.ts';
import type { Scalar } from '../../../../src/abi/host-function.ts';
import { WASI_MODULES, WasiGuest } from '../../../../src/abi/wasi/preview1.ts';
import { RecordingHost } from '../recording-host.ts';

const PAGE_BYTES = 65_536;

/** One guest without code: the functions are called directly, as wasm would call them. */
export class TinyHost extends RecordingHost {
  readonly pages: WebAssembly.Memory;
  readonly memory: GuestMemory;
  readonly grants: GuestHost['grants'];
  readonly guest: WasiGuest;
  override wallNs = 1_700_000_000_123_456_789n;
  override upNs = 42_000_000_007n;

  constructor({
    argv = [],
    env = {},
    files = NO_FILES,
    pages = new WebAssembly.Memory({ initial: 1 }),
  }: {
    readonly argv?: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
    readonly files?: FileGrants;
    readonly pages?: WebAssembly.Memory;
  } = {}) {
    super();
    this.pages = pages;
    this.memory = new GuestMemory(this.pages);
    this.grants = { config: new Uint8Array(0), env, files, stores: NO_STORES, geo: false };
    this.guest = new WasiGuest(this, argv);
  }

  /** Calls a function that answers at once. */
  call(name: string, ...args: Scalar[]): Scalar | void {
    const answer = this.invoke(name, args);
    if (answer instanceof Promise) throw new Error(`${name} suspends`);
    return answer;
  }

  invoke(
    name: string,
    args: readonly Scalar[],
    module: 'wasi_snapshot_preview1' | 'wasi_unstable' = 'wasi_snapshot_preview1',
  ): Scalar | void | Promise<Scalar | void> {
    const found = WASI_MODULES.get(module)?.[name];
    if (found === undefined) throw new Error(`there is no ${name} in ${module}`);
    return found.bind(this.guest)(...args);
  }

  /** Puts text at `pointer`; answers its length. */
  put(pointer: number, text: string): number {
    const bytes = Buffer.from(text);
    this.memory.write(pointer, bytes);
    return bytes.length;
  }

  /** Puts an iovec list at `pointer`. */
  putIovecs(pointer: number, ...iovecs: readonly (readonly [number, number])[]): void {
    for (const [index, [buffer, length]] of iovecs.entries()) {
      this.memory.writeU32(pointer + index * 8, buffer);
      this.memory.writeU32(pointer + index * 8 + 4, length);
    }
  }

  /** Writes `text` to a descriptor the way libc does; answers the errno. The bytes taken are at address 16. */
  print(fd: number, text: string): Scalar | void {
    this.putIovecs(0, [1024, this.put(1024, text)]);
    return this.call('fd_write', fd, 0, 1, 16);
  }

  /** A copy of memory. */
  bytes(pointer: number, length: number): Buffer {
    return Buffer.from(this.memory.read(pointer, length));
  }

  /** Every byte of memory, to show that nothing was written. */
  snapshot(): Buffer {
    return Buffer.from(new Uint8Array(this.pages.buffer.slice(0)));
  }
}

/** The size of a {@link TinyHost}'s memory. */
export const MEMORY_BYTES = PAGE_BYTES;
