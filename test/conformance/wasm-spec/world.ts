/** A world: a place where the steps of a script run, with instances of its own. Three of them are compared. */

import { createHash } from 'node:crypto';
import { launch } from '../../unit/instrument/harness.ts';
import type { Exports, Host } from '../../unit/instrument/harness.ts';
import { Interrupt } from '../../../src/instrument/sandbox-imports.ts';
import { bind } from './adapters.ts';
import type { Call } from './adapters.ts';
import { OBSERVED_MEMORY } from './admission.ts';
import type { Candidate } from './admission.ts';
import { isObserver } from './observers.ts';
import type { Step } from './plan.ts';
import { SPECTEST, spectest } from './spectest.ts';
import { show } from './values.ts';
import type { Value } from './values.ts';

/** How a step went. */
export type Happening =
  | { readonly kind: 'results'; readonly values: readonly Value[] }
  | { readonly kind: 'trap' | 'exhaustion' | 'exception' | 'unlinkable' | 'other'; readonly message: string };

/** How a step went, and what it came to for the host: everything that is printed, bit by bit. */
export interface Outcome {
  readonly happening: Happening;
  readonly printed: readonly bigint[];
}

/** An instance and its memory, if it has one that can be seen. */
interface Started {
  readonly exports: Exports;
  readonly memory: WebAssembly.Memory | null;
}

interface Running extends Started {
  readonly candidate: Candidate;
  readonly calls: Map<string, Call>;
}

/** Bytes of a memory that are compared: all of every memory that a script writes to. */
const COMPARED_BYTES = 16 * 1024 * 1024;
/** One in so many interrupts lets the guest yield. */
const YIELD_EVERY = 4;

/** An outcome as text: outcomes are the same exactly when their texts are. Where engines word a failure freely, only its kind counts. */
export function tell({ happening, printed }: Outcome): string {
  const notes = printed.length === 0 ? '' : ` after printing ${printed.map((bits) => bits.toString(16)).join(' ')}`;
  if (happening.kind === 'results') return `(${happening.values.map(show).join(' ')})${notes}`;
  const message = happening.kind === 'trap' || happening.kind === 'other' ? `: ${happening.message}` : '';
  return `${happening.kind}${message}${notes}`;
}

/** Instances of the modules of one script, by the number of their slot. */
export abstract class World {
  readonly #running = new Map<number, Running>();
  #printed: bigint[] = [];
  readonly #spectest = spectest((bits) => void this.#printed.push(bits)).exports;

  /** Runs a step. Only a fault of the runner itself throws. */
  run(step: Step): Outcome {
    this.#printed = [];
    const happening = step.kind === 'instantiate' ? this.#instantiate(step) : this.#call(step);
    return { happening, printed: this.#printed };
  }

  /** The state of every instance, in order: the bytes of its memory and its globals, one line each. */
  *states(): Generator<string> {
    for (const [slot, { exports, memory, candidate }] of this.#running) {
      if (memory !== null && candidate.observesMemory)
        yield `memory of module ${slot}: ${memory.buffer.byteLength} bytes, ${digest(memory)}`;
      for (const [name, signature] of candidate.functions)
        if (isObserver(name)) yield `module ${slot} ${name}: ${bind(exports[name], signature)([]).map(show).join(' ')}`;
    }
  }

  protected abstract start(candidate: Candidate, imports: WebAssembly.Imports): Started;

  /** Before each call into a guest. */
  protected beforeCall(): void {
    // Nothing by default: the word of a world that is left alone stays clear.
  }

  #instantiate({ slot, candidate, links }: Extract<Step, { kind: 'instantiate' }>): Happening {
    const linked = [...links].flatMap(([name, number]): [string, Exports][] => {
      const exports = this.#running.get(number)?.exports;
      return exports === undefined ? [] : [[name, exports]];
    });
    const imports = Object.fromEntries<Exports>([[SPECTEST, this.#spectest], ...linked]);
    return attempt(() => {
      this.#running.set(slot, { ...this.start(candidate, imports), candidate, calls: new Map() });
      return [];
    });
  }

  #call({ slot, name, signature, args }: Extract<Step, { kind: 'call' }>): Happening {
    const running = this.#running.get(slot);
    if (running === undefined) return { kind: 'other', message: 'the module is not running' };
    const known = running.calls.get(name);
    const call = known ?? bind(running.exports[name], signature);
    if (known === undefined) running.calls.set(name, call);
    this.beforeCall();
    return attempt(() => call(args));
  }
}

/** The modules as V8 runs them. */
export class OriginalWorld extends World {
  protected override start({ original }: Candidate, imports: WebAssembly.Imports): Started {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(original), imports);
    const memory = exports[OBSERVED_MEMORY];
    return { exports, memory: memory instanceof WebAssembly.Memory ? memory : null };
  }
}

/** The rewritten modules, with nobody setting the epoch word. */
export class RewrittenWorld extends World {
  readonly #epoch: WebAssembly.Memory;
  readonly #host: Host;

  constructor(epoch = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }), host: Host = {}) {
    super();
    this.#epoch = epoch;
    this.#host = host;
  }

  protected override start({ rewritten }: Candidate, imports: WebAssembly.Imports): Started {
    const { exports, memory } = launch(rewritten, this.#host, imports, this.#epoch);
    const { startExport } = rewritten.report;
    if (startExport !== null) runStart(exports[startExport]);
    return { exports, memory };
  }
}

/** The rewritten modules while another thread sets the epoch word, which is set before each call as well. */
export class InterruptedWorld extends RewrittenWorld {
  readonly #word: Int32Array;
  readonly interrupts: { answered: number; yielded: number };

  constructor(epoch: WebAssembly.Memory) {
    const interrupts = { answered: 0, yielded: 0 };
    const word = new Int32Array(epoch.buffer);
    super(epoch, {
      word: 1,
      answer: () => (++interrupts.answered % YIELD_EVERY === 0 ? Interrupt.yield : Interrupt.goOn),
      meanwhile: () => {
        // A guest may find the word set again when it goes on.
        if (++interrupts.yielded % 2 === 0) Atomics.store(word, 0, 1);
      },
    });
    this.#word = word;
    this.interrupts = interrupts;
  }

  protected override beforeCall(): void {
    Atomics.store(this.#word, 0, 1);
  }
}

function runStart(entry: unknown): void {
  if (typeof entry !== 'function') throw new TypeError('the start export is missing');
  Reflect.apply(entry, undefined, []);
}

function digest({ buffer }: WebAssembly.Memory): string {
  const bytes = new Uint8Array(buffer, 0, Math.min(buffer.byteLength, COMPARED_BYTES));
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

function attempt(work: () => readonly Value[]): Happening {
  try {
    return { kind: 'results', values: work() };
  } catch (error) {
    return failureOf(error);
  }
}

function failureOf(error: unknown): Happening {
  if (error instanceof WebAssembly.Exception) return { kind: 'exception', message: '' };
  if (!(error instanceof Error)) return { kind: 'other', message: String(error) };
  const { message } = error;
  if (error instanceof WebAssembly.RuntimeError) return { kind: 'trap', message };
  if (error instanceof RangeError && message.includes('call stack')) return { kind: 'exhaustion', message };
  // V8 throws a TypeError, not a LinkError, when there is no module of the name.
  const unlinkable = error instanceof WebAssembly.LinkError || message.startsWith('WebAssembly.Instance(): Import');
  return { kind: unlinkable ? 'unlinkable' : 'other', message };
}
