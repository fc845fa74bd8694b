/** The compile thread as the main thread owns it. */
import { Worker } from 'node:worker_threads';
import { KerbError, type KerbErrorCode } from '../errors.ts';
import type { Compiled, CompileRequest } from './compilation.ts';

/** A module that takes longer than this is given up, and the thread with it. Our largest real module takes 0.5 s. */
const COMPILE_TIMEOUT_MS = 20_000;

const SHUTTING_DOWN = 'Kerb is shutting down';

/** A question to the compile thread. */
export interface CompileQuestion {
  readonly id: number;
  readonly request: CompileRequest;
}

/** Its answer: a module, or a {@link KerbError} in parts. */
export type CompileAnswer =
  | { readonly id: number; readonly compiled: Compiled }
  | {
      readonly id: number;
      readonly refusal: { readonly code: KerbErrorCode; readonly message: string; readonly details: readonly string[] };
    };

interface Pending {
  readonly resolve: (compiled: Compiled) => void;
  readonly reject: (error: KerbError) => void;
  readonly timer: NodeJS.Timeout;
}

/** Compiles modules on a thread of its own; a thread that dies or hangs is replaced, and its modules are refused. */
export class Compiler {
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | null = null;
  #questions = 0;
  #closed = false;

  /** See {@link ./compilation.ts compileModule}. Rejects with its errors. */
  compile(request: CompileRequest): Promise<Compiled> {
    if (this.#closed) return Promise.reject(new KerbError('refused_module', SHUTTING_DOWN));
    const worker = this.#worker ?? this.#start();
    this.#questions += 1;
    const id = this.#questions;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#giveUp('it takes too long to compile'), COMPILE_TIMEOUT_MS);
      this.#pending.set(id, { resolve, reject, timer });
      worker.postMessage({ id, request } satisfies CompileQuestion);
    });
  }

  /** Ends the thread; modules that wait or come later are refused. */
  async close(): Promise<void> {
    const worker = this.#worker;
    this.#closed = true;
    this.#giveUp(SHUTTING_DOWN);
    await worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(new URL('./compile-thread.ts', import.meta.url));
    worker.on('message', (answer: CompileAnswer) => this.#settle(answer));
    worker.on('error', (error) => {
      if (this.#worker === worker)
        this.#giveUp(`the compile thread failed: ${error instanceof Error ? error.message : ''}`);
    });
    this.#worker = worker;
    return worker;
  }

  #settle(answer: CompileAnswer): void {
    const pending = this.#pending.get(answer.id);
    if (pending === undefined) return;
    this.#pending.delete(answer.id);
    clearTimeout(pending.timer);
    if ('compiled' in answer) return pending.resolve(answer.compiled);
    pending.reject(new KerbError(answer.refusal.code, answer.refusal.message, answer.refusal.details));
  }

  #giveUp(reason: string): void {
    void this.#worker?.terminate();
    this.#worker = null;
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(new KerbError('refused_module', `the module cannot be compiled: ${reason}`));
    }
    this.#pending.clear();
  }
}
