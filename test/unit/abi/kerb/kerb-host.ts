/** A sandbox's `kerb_*` functions, called as a guest calls them, over a store in memory that the test looks into. */
import { KvError, type KvEntry, type KvFault, type KvPut, type KvStore } from '../../../../src/capability/kv.ts';
import { NO_FILES, type FileGrants } from '../../../../src/capability/files.ts';
import { NO_STORES, type StoreGrants } from '../../../../src/capability/stores.ts';
import { GuestMemory } from '../../../../src/abi/guest-memory.ts';
import { bindModule, type Scalar } from '../../../../src/abi/host-function.ts';
import { KerbGuest } from '../../../../src/abi/kerb/guest.ts';
import { KERB_MODULES } from '../../../../src/abi/kerb/table.ts';
import { RecordingHost } from '../recording-host.ts';

/** A store that keeps what it is told, and what it was asked. */
export class MemoryKv implements KvStore {
  readonly entries = new Map<string, KvEntry & { readonly value: Uint8Array }>();
  readonly asked: string[] = [];
  readonly written: KvPut[] = [];
  /** What it fails with instead of answering. */
  fault: KvFault | null = null;

  get(key: string, maxBytes: number): Promise<KvEntry | null> {
    return this.#answer(`get ${key} ${maxBytes}`, () => {
      const entry = this.entries.get(key);
      return entry === undefined ? null : { ...entry, value: entry.bytes <= maxBytes ? entry.value : null };
    });
  }

  put(key: string, put: KvPut): Promise<number> {
    return this.#answer(`put ${key}`, () => {
      this.written.push(put);
      const generation = (this.entries.get(key)?.generation ?? 0) + 1;
      this.set(key, put.value, put.metadata, generation);
      return generation;
    });
  }

  delete(key: string): Promise<boolean> {
    return this.#answer(`delete ${key}`, () => this.entries.delete(key));
  }

  keys(prefix: string, after: string, limit: number): Promise<readonly string[]> {
    const keys = [...this.entries.keys()].toSorted().filter((key) => key.startsWith(prefix) && key > after);
    return this.#answer(`keys ${prefix} ${after} ${limit}`, () => keys.slice(0, limit));
  }

  set(key: string, value: string | Uint8Array, metadata: string | null = null, generation = 1): void {
    const bytes = Buffer.from(value);
    this.entries.set(key, { generation, metadata, bytes: bytes.length, value: bytes });
  }

  #answer<T>(question: string, answer: () => T): Promise<T> {
    this.asked.push(question);
    return this.fault === null ? Promise.resolve().then(answer) : Promise.reject(new KvError(this.fault));
  }
}

/** Where texts of calls are put, and where results are wanted. */
const TEXT_AT = 1_000;
export const BUFFER = 30_000;

/** A guest's memory and the functions that it may call. */
export class KerbHost extends RecordingHost {
  readonly pages = new WebAssembly.Memory({ initial: 1, maximum: 600 });
  readonly memory = new GuestMemory(this.pages);
  readonly grants: { config: Uint8Array; env: {}; files: FileGrants; stores: StoreGrants; geo: boolean };
  readonly kvStore = new MemoryKv();
  readonly state: KerbGuest;
  #next = TEXT_AT;

  constructor(stores: Partial<StoreGrants> = {}) {
    super();
    this.grants = {
      config: new Uint8Array(0),
      env: {},
      files: NO_FILES,
      stores: { ...NO_STORES, ...stores },
      geo: true,
    };
    this.stores.set('main', this.kvStore);
    this.state = new KerbGuest(this);
  }

  /** Puts a text into the memory; answers its place and length. */
  text(text: string | Uint8Array): [pointer: number, length: number] {
    const bytes = Buffer.from(text);
    const at = this.#next;
    this.memory.write(at, bytes);
    this.#next += bytes.length;
    return [at, bytes.length];
  }

  /** Calls `module.name`; whatever waits is waited for. */
  async call(path: `kerb_${string}.${string}`, ...args: Scalar[]): Promise<Scalar | void> {
    const [module = '', name = ''] = path.split('.');
    const functions = KERB_MODULES.get(module);
    if (functions === undefined) throw new TypeError(`no module ${module}`);
    const bound = bindModule(functions, this.state).get(name);
    if (bound === undefined) throw new TypeError(`no function ${path}`);
    return bound.call(...args);
  }

  /** Text at a place of the memory. */
  at(pointer: number, length: number): string {
    return this.memory.readText(pointer, length);
  }

  /** A handle of the store `main`. */
  async open(): Promise<number> {
    return Number(await this.call('kerb_kv.open', ...this.text('main')));
  }
}
