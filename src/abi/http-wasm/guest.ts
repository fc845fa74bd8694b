/** One http-wasm guest: the state behind its hostcalls, and the order in which its exports are called. */
import { BackendError, type BackendResponse } from '../../capability/backend.ts';
import type { AbiGuest, Enter, Exchange, GuestHost, Reply } from '../abi.ts';
import { GuestFault } from '../guest-fault.ts';
import { bindModule, type BoundFunction } from '../host-function.ts';
import { KerbGuest } from '../kerb/guest.ts';
import { KERB_MODULES } from '../kerb/table.ts';
import { PRE_INITIALISER, runStartUp } from '../start-up.ts';
import { WASI_MODULES, WasiGuest } from '../wasi/preview1.ts';
import { HTTP_HANDLER } from './functions.ts';
import { FEATURE, SUPPORTED_FEATURES } from './features.ts';
import { RequestDraft } from './request-draft.ts';
import { ResponseDraft } from './response-draft.ts';
import { hasFeature, type HttpWasmState, type Turn } from './state.ts';

/** The state of one http-wasm sandbox. Hostcalls outside a request (from start functions) find no messages. */
export class HttpWasmGuest implements AbiGuest, HttpWasmState {
  readonly host: GuestHost;
  readonly imports: ReadonlyMap<string, ReadonlyMap<string, BoundFunction>>;
  readonly #wasi: WasiGuest | null;
  readonly #kerb: KerbGuest | null;
  /** Features enabled outside a request hold for every request of the instance. */
  #instanceFeatures = 0;
  #turn: Turn | null = null;
  readonly #hold = (pages: number): void => this.host.hold(pages);
  readonly started = {
    reasonAgainst: (): string | null => this.#wasi?.reasonAgainst() ?? null,
    capture: (): readonly number[] => [this.#instanceFeatures],
    resume: ([features = 0]: readonly number[]): void => void (this.#instanceFeatures = features),
  };

  /** @param modules - The import modules that the guest names: WASI and Kerb's own are there only for those that do. */
  constructor(host: GuestHost, modules: ReadonlySet<string>) {
    this.host = host;
    const imports = new Map([['http_handler', bindModule(HTTP_HANDLER, this)]]);
    const wasi = named(WASI_MODULES, modules);
    this.#wasi = wasi.length === 0 ? null : new WasiGuest(host, PROGRAM_ARGUMENTS);
    for (const [name, module] of wasi) if (this.#wasi !== null) imports.set(name, bindModule(module, this.#wasi));
    const kerb = named(KERB_MODULES, modules);
    this.#kerb = kerb.length === 0 ? null : new KerbGuest(host);
    for (const [name, module] of kerb) if (this.#kerb !== null) imports.set(name, bindModule(module, this.#kerb));
    this.imports = imports;
  }

  get turn(): Turn {
    if (this.#turn === null) throw new GuestFault('hostcall needs a request, and none is being handled');
    return this.#turn;
  }

  enableFeatures(features: number): number {
    const added = features & SUPPORTED_FEATURES;
    if (this.#turn === null) return (this.#instanceFeatures |= added);
    return (this.#turn.features |= added);
  }

  async start(enter: Enter, exports: ReadonlySet<string>): Promise<void> {
    await runStartUp(
      enter,
      START_EXPORTS.filter((name) => exports.has(name)),
    );
    this.#wasi?.flush();
  }

  async handle(enter: Enter, exchange: Exchange): Promise<Reply> {
    const request = new RequestDraft(exchange, this.#hold);
    const response = new ResponseDraft(exchange, this.#hold);
    const turn = { request, response, afterNext: false, features: this.#instanceFeatures };
    this.#turn = turn;
    this.#kerb?.begin(exchange, { take: (answer) => takeOver(turn, answer) });
    try {
      const contextAndNext = (await enter('handle_request')) as bigint;
      // The low half says whether to go on; the high half is the guest's own word for handle_response.
      if ((contextAndNext & 0xffff_ffffn) === 1n && !response.streaming) {
        await this.#next(enter, exchange, Number(BigInt.asIntN(32, contextAndNext >> 32n)));
      }
    } catch (error) {
      // Nobody reads on in the next handler's body: its connection goes back.
      response.discardBody();
      throw error;
    }
    return response.reply();
  }

  reset(what: 'exchange' | 'instance'): void {
    this.#turn = null;
    if (what === 'instance') this.#instanceFeatures = 0;
    this.#wasi?.reset();
    this.#kerb?.reset();
  }

  async #next(enter: Enter, exchange: Exchange, context: number): Promise<void> {
    const turn = this.turn;
    const answer = await this.#callOrigin(exchange, turn).catch((error: unknown) => {
      if (error instanceof BackendError) return error;
      throw error;
    });
    turn.afterNext = true;
    const failed = answer instanceof BackendError;
    if (!failed) turn.response.adopt(answer);
    if (hasFeature(turn, FEATURE.bufferResponse)) await turn.response.buffer();
    await enter('handle_response', context, failed ? 1 : 0);
    if (failed) throw answer;
  }

  #callOrigin(exchange: Exchange, turn: Turn): Promise<BackendResponse> {
    const { origin } = exchange;
    if (origin === null) {
      throw new GuestFault('the guest asked for the next handler, and its manifest names no origin', 'no_response');
    }
    const { method, target, headers } = turn.request;
    return origin.fetch({
      method,
      target,
      headers,
      body: turn.request.outgoingBody(),
      contentLength: turn.request.outgoingLength,
      signal: exchange.signal,
      forwarded: exchange.forwarded,
    });
  }
}

/** Those of the modules that a guest names. */
function named<Module>(modules: ReadonlyMap<string, Module>, names: ReadonlySet<string>): [string, Module][] {
  return [...modules].filter(([name]) => names.has(name));
}

/** Makes an answer that the guest has fetched its response, while that may still change; answers whether. */
function takeOver({ response, afterNext }: Turn, answer: BackendResponse): boolean {
  if (afterNext || response.streaming) return false;
  response.adopt(answer);
  return true;
}

/** What a guest finds as its arguments: the name of a program, which C and Go take for granted. */
const PROGRAM_ARGUMENTS = ['handler'] as const;

/**
 * Exports that initialise an instance, in the order in which they are called: reactors', what guests made for a pre-initializer have it
 * run, and TinyGo's. A pre-initializer leaves `_start` for later too.
 */
export const START_EXPORTS = ['_initialize', PRE_INITIALISER, '_start'] as const;
