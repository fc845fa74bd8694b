/** One Proxy-Wasm guest: its contexts, and what calls it beside the stream at hand. */
import type { AbiGuest, Enter, Exchange, GuestHost, Reenter, Reply } from '../abi.ts';
import { GuestFault } from '../guest-fault.ts';
import { bindModule, type BoundFunction } from '../host-function.ts';
import { PRE_INITIALISER, runStartUp } from '../start-up.ts';
import { WASI_MODULES, WasiGuest } from '../wasi/preview1.ts';
import { Callbacks } from './callbacks.ts';
import { CallTable, type CallAnswer } from './calls.ts';
import { PROXY_WASM_ENV } from './functions.ts';
import { HttpStream } from './http-stream.ts';
import { MAX_SHARED_CALLS } from './limits.ts';
import { RegisteredQueues } from './queues.ts';
import type { ProxyWasmState } from './state.ts';
import { TickTimer } from './tick-timer.ts';
import { ROOT_CONTEXT } from './types.ts';

/** The number after which streams are counted anew: contexts are positive i32s. */
const LAST_CONTEXT = 0x7fff_fff0;

/** Exports that allocate, the better one first. */
const ALLOCATORS = ['proxy_on_memory_allocate', 'malloc'] as const;

/** Exports that are run where there is no `_initialize`, and those that are where there is one. */
const START_EXPORTS = {
  command: [PRE_INITIALISER, '_start'],
  reactor: ['_initialize', PRE_INITIALISER, 'main'],
} as const;

/** Every export that may initialise an instance and has neither parameters nor results. */
export const INITIALISERS = ['_initialize', PRE_INITIALISER, '_start'] as const;

/**
 * Those of a module's exports that initialise an instance, in order: `_initialize` and then `main`, or `_start`; reactors of C, C++, Rust
 * and Go, and TinyGo's, which lives on after it. What guests made for a pre-initializer have it run comes before the code that they
 * leave for later.
 */
export function startExports(exports: ReadonlySet<string>): readonly string[] {
  const names = exports.has('_initialize') ? START_EXPORTS.reactor : START_EXPORTS.command;
  return names.filter((name) => exports.has(name));
}

/** The state of one sandbox: the context of the plugin, and that of one stream at a time. */
export class ProxyWasmGuest implements AbiGuest, ProxyWasmState {
  readonly host: GuestHost;
  readonly imports: ReadonlyMap<string, ReadonlyMap<string, BoundFunction>>;
  readonly calls: CallTable;
  readonly timer = new TickTimer();
  readonly started = {
    reasonAgainst: (): string | null => this.#wasi?.reasonAgainst() ?? null,
    capture: (): readonly number[] => [this.timer.periodMs],
    resume: ([periodMs = 0]: readonly number[]): void => this.timer.setPeriod(periodMs),
  };
  readonly #queues = new RegisteredQueues();
  readonly #wasi: WasiGuest | null;
  readonly #reenter: Reenter;
  #exports: ReadonlySet<string> = new Set();
  #allocator: string | null = null;
  #effective = ROOT_CONTEXT;
  #lastContext = ROOT_CONTEXT;
  #stream: HttpStream | null = null;
  #callbacks: Callbacks | null = null;
  callAnswer: CallAnswer | null = null;
  configuring: 'vm' | 'plugin' = 'plugin';
  #tickWaits = false;
  #sharedCalls = 0;
  /** A stream that has ended early, in an instance that can be told so. */
  #left: HttpStream | null = null;

  /** @param modules - The import modules that the guest names: WASI is there only for those that do. */
  constructor(host: GuestHost, modules: ReadonlySet<string>, reenter: Reenter) {
    this.host = host;
    this.#reenter = reenter;
    this.calls = new CallTable(host);
    const imports = new Map([['env', bindModule(PROXY_WASM_ENV, this)]]);
    const wasi = [...WASI_MODULES].filter(([name]) => modules.has(name));
    this.#wasi = wasi.length === 0 ? null : new WasiGuest(host, []);
    for (const [name, module] of wasi) if (this.#wasi !== null) imports.set(name, bindModule(module, this.#wasi));
    this.imports = imports;
  }

  get stream(): HttpStream | null {
    return this.#effective === this.#stream?.id ? this.#stream : null;
  }

  setEffectiveContext(id: number): boolean {
    const known = id === ROOT_CONTEXT || (this.#stream?.created === true && id === this.#stream.id);
    if (known) this.#effective = id;
    return known;
  }

  takeSharedCall(): boolean {
    this.#sharedCalls += 1;
    return this.#sharedCalls <= MAX_SHARED_CALLS;
  }

  registerQueue(queue: number): boolean {
    return this.#queues.add(queue);
  }

  announce(queue: number): void {
    const stream = this.#stream;
    if (stream === null || !this.#queues.has(queue)) return;
    // The guest is inside the hostcall: it is told when it has returned.
    setImmediate(() => void this.#deliver(stream, queue).catch((error: unknown) => stream.fail(error)));
  }

  allocate(bytes: number): number {
    if (this.#allocator === null) return 0;
    return Number(this.#reenter(this.#allocator, bytes) ?? 0);
  }

  async start(enter: Enter, exports: ReadonlySet<string>): Promise<void> {
    this.#learn(exports);
    await runStartUp(enter, startExports(exports), (name) => (name === 'main' ? [0, 0] : []));
    this.#wasi?.flush();
  }

  /** Makes the context of the plugin and configures it. */
  async configure(enter: Enter, exports: ReadonlySet<string>): Promise<void> {
    this.#learn(exports);
    const callbacks = this.#callbacksOf(enter);
    await callbacks.call({ name: 'proxy_on_context_create', prepare: () => [ROOT_CONTEXT, 0] });
    this.configuring = 'vm';
    await this.#configure(callbacks, 'proxy_on_vm_start', 0);
    this.configuring = 'plugin';
    await this.#configure(callbacks, 'proxy_on_configure', this.host.grants.config.length);
    this.#wasi?.flush();
  }

  async handle(enter: Enter, exchange: Exchange): Promise<Reply> {
    const callbacks = this.#callbacksOf(enter, () => exchange.signal.aborted);
    this.#lastContext = this.#lastContext >= LAST_CONTEXT ? ROOT_CONTEXT + 1 : this.#lastContext + 1;
    const underWay = (): boolean => this.#isUnderWay();
    const stream = new HttpStream({ id: this.#lastContext, exchange, host: this.host, callbacks, underWay });
    this.#stream = stream;
    try {
      this.#listen(stream, callbacks, exchange);
      await this.#settleRoot(stream, callbacks);
      const reply = await stream.run();
      // A tick may run that nobody waits for: it ends before the instance serves another request.
      await callbacks.end();
      return reply;
    } catch (error) {
      this.#giveUp(stream);
      const isSound = await callbacks.end().then(
        () => true,
        () => false,
      );
      if (isSound && stream.created) this.#left = stream;
      throw error;
    } finally {
      this.#giveUp(stream);
      this.#stream = null;
    }
  }

  get parting(): ((enter: Enter) => Promise<void>) | null {
    const stream = this.#left;
    return stream === null ? null : (enter) => this.#part(stream, enter);
  }

  async #part(stream: HttpStream, enter: Enter): Promise<void> {
    this.#left = null;
    this.#stream = stream;
    const callbacks = this.#callbacksOf(enter);
    await stream.part(callbacks);
    await callbacks.end();
    this.#stream = null;
  }

  /** Gives up what is under way for a stream. */
  #giveUp(stream: HttpStream): void {
    this.timer.stop();
    this.calls.end();
    stream.close();
  }

  reset(what: 'exchange' | 'instance'): void {
    this.#stream?.close();
    this.#stream = null;
    this.#left = null;
    this.#callbacks?.end().catch(() => undefined);
    this.#callbacks = null;
    this.callAnswer = null;
    this.#effective = ROOT_CONTEXT;
    this.#tickWaits = false;
    this.#sharedCalls = 0;
    this.timer.stop();
    this.calls.end();
    this.#wasi?.reset();
    if (what === 'exchange') return;
    this.timer.clear();
    this.#queues.clear();
    this.#lastContext = ROOT_CONTEXT;
    this.configuring = 'plugin';
  }

  #learn(exports: ReadonlySet<string>): void {
    this.#exports = exports;
    this.#allocator = ALLOCATORS.find((name) => exports.has(name)) ?? null;
  }

  async #configure(callbacks: Callbacks, name: string, configBytes: number): Promise<void> {
    const apply = (result: number): void => {
      if (result === 0) throw new GuestFault(`${name} answered false: the filter refuses its configuration`);
    };
    await callbacks.call({ name, prepare: () => [ROOT_CONTEXT, configBytes], apply });
  }

  #callbacksOf(enter: Enter, isOver?: () => boolean): Callbacks {
    const begin = (context: number): void => {
      this.#effective = context;
    };
    this.#callbacks = new Callbacks(enter, this.#exports, begin, isOver);
    return this.#callbacks;
  }

  #isUnderWay(): boolean {
    return this.calls.size > 0 || this.timer.runs || this.#queues.size > 0;
  }

  /** Has answers and ticks told to the guest as long as the stream is at hand. */
  #listen(stream: HttpStream, callbacks: Callbacks, exchange: Exchange): void {
    this.calls.begin(exchange, {
      onAnswer: (answer) => this.#tell(answer, stream, callbacks).catch((error: unknown) => stream.fail(error)),
      onSettled: () => stream.reconsider(),
    });
    if (this.timer.takeMissed()) this.#tick(stream, callbacks);
    this.timer.start(() => this.#tick(stream, callbacks));
  }

  /**
   * What the context of the plugin has to do before there is a stream: the tick that it has missed, messages that wait, answers to
   * calls that it has made in these and at its start.
   */
  async #settleRoot(stream: HttpStream, callbacks: Callbacks): Promise<void> {
    if (!this.#isUnderWay()) return;
    for (const queue of this.#queues.round(this.host.shared)) await this.#deliver(stream, queue);
    // Behind a tick that waits for its turn.
    await callbacks.call({ name: 'proxy_on_tick', prepare: () => null });
    await stream.unlessOver(this.calls.whenIdle());
  }

  async #tell(answer: CallAnswer, stream: HttpStream, callbacks: Callbacks): Promise<void> {
    const { call, headers, body, trailers } = answer;
    await callbacks.call({
      name: 'proxy_on_http_call_response',
      prepare: () => {
        if (this.#stream !== stream) return null;
        this.callAnswer = answer;
        return [ROOT_CONTEXT, call, headers.size, body.length, trailers.size];
      },
      apply: () => {
        this.callAnswer = null;
      },
    });
  }

  /** Ticks that come while one waits for its turn are one. */
  #tick(stream: HttpStream, callbacks: Callbacks): void {
    if (this.#tickWaits) return;
    this.#tickWaits = true;
    const prepare = (): [number] | null => {
      this.#tickWaits = false;
      return this.#stream === stream ? [ROOT_CONTEXT] : null;
    };
    callbacks.call({ name: 'proxy_on_tick', prepare }).then(
      () => stream.reconsider(),
      (error: unknown) => stream.fail(error),
    );
  }

  async #deliver(stream: HttpStream, queue: number): Promise<void> {
    await this.#callbacks?.call({
      name: 'proxy_on_queue_ready',
      prepare: () => (this.#stream === stream ? [ROOT_CONTEXT, queue] : null),
    });
  }
}
