/** From an upload to a module that may run: the compile thread, with the canary in the middle. */
import { Worker } from 'node:worker_threads';
import type { AbiName } from '../abi/abi.ts';
import { Ending } from '../ending.ts';
import { KerbError, type KerbErrorCode } from '../errors.ts';
import type { ModuleShape } from '../runtime/deployment.ts';
import { Canary } from './canary.ts';
import type { Signature } from '../wasm/signature.ts';
import type { CodeFigures, CompileRequest, Prepared } from './compilation.ts';
import { MODULE_LIMITS } from '../limits.ts';
import { COMPILE_TIMEOUT_MS, SMALL_MODULE } from './limits.ts';
import { OneAtATime, Unanswered, type Answerer } from './one-at-a-time.ts';
import { TypeCensus, type CensusShare } from './type-census.ts';

/** A module that may run. */
export interface Compiled {
  readonly module: WebAssembly.Module;
  readonly abi: AbiName;
  readonly shape: ModuleShape;
  /** Sizes of the upload and of what became of it. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly code: CodeFigures;
}

/** A question to the compile thread: are you there; admit and rewrite an upload, or compile what a canary has survived. */
export type CompileQuestion =
  | { readonly kind: 'ready' }
  | { readonly kind: 'prepare'; readonly request: CompileRequest }
  | {
      readonly kind: 'compile';
      readonly bytes: Uint8Array<ArrayBuffer>;
      readonly signatures: readonly Signature[];
    };

/** Its answer; a {@link KerbError} comes in parts. */
export type CompileAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'prepared'; readonly prepared: Prepared }
  | { readonly kind: 'compiled'; readonly module: WebAssembly.Module }
  | {
      readonly kind: 'refused';
      readonly code: KerbErrorCode;
      readonly message: string;
      readonly details: readonly string[];
    };

/** What the compile thread starts with. */
export interface CompileThreadOptions {
  readonly census: CensusShare;
  readonly maxModuleBytes: number;
}

/** Compiles modules away from the main thread. A module that kills or hangs what compiles it is refused; the next finds another. */
export class Compiler {
  readonly #census = TypeCensus.create();
  readonly #canary = new Canary();
  readonly #thread: OneAtATime<CompileQuestion, CompileAnswer>;
  #isClosed = false;

  /** @param maxModuleBytes - Bytes of a module outside custom sections. */
  constructor(maxModuleBytes: number = MODULE_LIMITS.bytes) {
    const options = { census: this.#census.share, maxModuleBytes };
    this.#thread = new OneAtATime((onDeath) => startThread(options, onDeath), COMPILE_TIMEOUT_MS);
  }

  /** Distinct function types that this process has seen. */
  get types(): number {
    return this.#census.count;
  }

  /** Starts the compile thread, which otherwise starts with the first module. Rejects as {@link Compiler.compile} does. */
  async start(): Promise<void> {
    await this.#ask({ kind: 'ready' }, 'ready');
  }

  /**
   * Admits, rewrites and compiles a module; see {@link ./compilation.ts prepareModule}, whose errors it rejects with, and
   * {@link Canary.check}. Rejects with `refused_module` also when the thread dies or takes too long over it.
   */
  async compile(request: CompileRequest): Promise<Compiled> {
    return this.finish(await this.prepare(request));
  }

  /** The first part of {@link compile}: what a module is rewritten to, which a canary has compiled and survived. Rejects as that. */
  async prepare(request: CompileRequest): Promise<Prepared> {
    const { prepared } = await this.#ask({ kind: 'prepare', request }, 'prepared');
    await this.#canary.check(prepared.bytes);
    return prepared;
  }

  /** The second part. What is given must have come from {@link prepare}, of this process or another of the same build. */
  async finish(prepared: Prepared): Promise<Compiled> {
    const { bytes, abi, shape, signatures, bytesIn, code } = prepared;
    const isHere = isSmall(prepared) && !this.#isClosed;
    const small = isHere ? compiledAtOnce(bytes, signatures, this.#census) : null;
    const module = small ?? (await this.#ask({ kind: 'compile', bytes, signatures }, 'compiled')).module;
    return { module, abi, shape, bytesIn, bytesOut: bytes.length, code };
  }

  /** Ends the thread and the canary; modules that wait or come later are refused. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([this.#thread.close(), this.#canary.close()]);
  }

  async #ask<Kind extends CompileAnswer['kind']>(
    question: CompileQuestion,
    wanted: Kind,
  ): Promise<CompileAnswer & { readonly kind: Kind }> {
    const answer = await this.#thread.ask(question).catch((error: unknown) => {
      throw error instanceof Unanswered ? refusalOf(error) : error;
    });
    if (answer.kind === 'refused') throw new KerbError(answer.code, answer.message, answer.details);
    if (answer.kind !== wanted) throw new TypeError(`a question for ${wanted} was answered with ${answer.kind}`);
    return answer as CompileAnswer & { readonly kind: Kind };
  }
}

function isSmall({ bytes, code, stateProduct }: Prepared): boolean {
  const { bytes: mostBytes, functions, stateProduct: mostSlots } = SMALL_MODULE;
  return bytes.length <= mostBytes && code.functions <= functions && stateProduct <= mostSlots;
}

/** `null`: the engine refuses it, and the compile thread says why. Throws `refused_module` for one type too many in this process. */
function compiledAtOnce(
  bytes: Uint8Array<ArrayBuffer>,
  signatures: readonly Signature[],
  census: TypeCensus,
): WebAssembly.Module | null {
  // Of one that another process prepared, this one has not counted the types yet.
  census.admit(signatures);
  try {
    return new WebAssembly.Module(bytes);
  } catch {
    return null;
  }
}

function refusalOf({ why, message }: Unanswered): KerbError {
  const reasons = {
    closed: 'Kerb is shutting down',
    late: 'it takes too long; split large functions or optimize for size',
    died: `the compile thread failed: ${message}`,
    unstarted: `the compile thread cannot be started: ${message}`,
  };
  return new KerbError('refused_module', `the module cannot be compiled: ${reasons[why]}`);
}

function startThread(options: CompileThreadOptions, onDeath: () => void): Answerer<CompileQuestion, CompileAnswer> {
  const worker = new Worker(new URL('./compile-thread.ts', import.meta.url), { workerData: options });
  const life = new Ending();
  const die = (cause: string): void => {
    onDeath();
    life.end(new Unanswered('died', cause));
  };
  worker.once('error', (error) => die(error instanceof Error ? error.message : String(error)));
  worker.once('exit', (code) => die(`exit code ${code}`));
  return {
    ask: (question) => {
      const answer = new Promise<CompileAnswer>((resolve) => worker.once('message', resolve));
      worker.postMessage(question);
      return life.before(answer);
    },
    end: async () => {
      await worker.terminate();
    },
  };
}
