/**
 * The canary as the main thread owns it: rewritten modules are compiled in a process of their own first, under limits that the
 * kernel keeps. What kills the canary is refused, and kills nobody else.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Ending } from '../ending.ts';
import { KerbError } from '../errors.ts';
import { CANARY_CPU_SECONDS, CANARY_IDLE_MS, CANARY_MEMORY_KIB, CANARY_MODULES, CANARY_TIMEOUT_MS } from './limits.ts';
import { OneAtATime, Unanswered, type Answerer } from './one-at-a-time.ts';

/** What a canary may take. */
export interface CanaryLimits {
  /** Private writable memory, that of Node itself included. */
  readonly memoryKib: number;
  /** CPU time of one canary process, over all modules it compiles. */
  readonly cpuSeconds: number;
  /** Wall time over one module. */
  readonly timeoutMs: number;
}

const LIMITS: CanaryLimits = {
  memoryKib: CANARY_MEMORY_KIB,
  cpuSeconds: CANARY_CPU_SECONDS,
  timeoutMs: CANARY_TIMEOUT_MS,
};

/** Every function at once, and by the compiler that every function meets first in the serving process. */
const ENGINE_FLAGS = ['--no-wasm-lazy-compilation', '--liftoff-only', '--wasm-num-compilation-tasks=1'];

/** No core file; and no process at all where a limit cannot be set. */
const UNDER_LIMITS = 'ulimit -c 0 && ulimit -d "$1" && ulimit -t "$2" && shift 2 && exec "$@"';

const PROGRAM = fileURLToPath(new URL('./canary-process.ts', import.meta.url));

/** Compiles modules where it hurts nobody. */
export class Canary {
  readonly #process: OneAtATime<Uint8Array, string>;
  #idle: NodeJS.Timeout | null = null;

  constructor(limits: CanaryLimits = LIMITS) {
    this.#process = new OneAtATime((onDeath) => startCanary(limits, onDeath), limits.timeoutMs, CANARY_MODULES);
  }

  /**
   * Compiles a rewritten module; settles when it can be compiled by anybody. Rejects with `refused_module` when compiling it
   * takes more than the {@link CanaryLimits}, or kills the canary in any other way, or when the canary is closed.
   */
  async check(bytes: Uint8Array): Promise<void> {
    if (this.#idle !== null) clearTimeout(this.#idle);
    const verdict = await this.#ask(bytes).catch((error: unknown) => {
      throw error instanceof Unanswered ? refusalOf(error) : error;
    });
    if (this.#process.waiting === 0) this.#rest();
    if (verdict !== 'ok') throw refusal(`the engine refuses what became of it: ${verdict.slice(0, 120)}`);
  }

  /** Ends the process. Modules that wait or come later are refused. */
  async close(): Promise<void> {
    if (this.#idle !== null) clearTimeout(this.#idle);
    await this.#process.close();
  }

  async #ask(bytes: Uint8Array): Promise<string> {
    try {
      return await this.#process.ask(bytes);
    } catch (error) {
      // A process that has compiled others may have died of what they left behind: only a fresh one tells.
      if (error instanceof Unanswered && error.why === 'died') return this.#process.askAnew(bytes);
      throw error;
    }
  }

  /** Ends the process soon if nobody asks. */
  #rest(): void {
    this.#idle = setTimeout(() => void this.#process.renew(), CANARY_IDLE_MS).unref();
  }
}

function refusalOf({ why, message }: Unanswered): KerbError {
  if (why === 'closed') return refusal('Kerb is shutting down');
  if (why === 'unstarted')
    return refusal(`there is no canary process to try it (${message}); see that /bin/sh and ulimit work here`);
  if (why === 'late') return refusal('it takes too long; split large functions or optimize for size');
  return refusal(`it takes too much memory or CPU time (${message}); split large functions or optimize for size`);
}

function refusal(reason: string): KerbError {
  return new KerbError('refused_module', `the module cannot be compiled: ${reason}`);
}

/** Starts a canary process: no environment, no files, nothing open but its two pipes. */
function startCanary({ memoryKib, cpuSeconds }: CanaryLimits, onDeath: () => void): Answerer<Uint8Array, string> {
  const command = [process.execPath, ...ENGINE_FLAGS, PROGRAM];
  const child = spawn('/bin/sh', ['-c', UNDER_LIMITS, 'canary', `${memoryKib}`, `${cpuSeconds}`, ...command], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {},
    cwd: '/',
  });
  const life = new Ending();
  const death = new Promise<never>((_, reject) => {
    const die = (cause: string): void => {
      onDeath();
      const error = new Unanswered('died', cause);
      life.end(error);
      reject(error);
    };
    child.once('error', (error) => die(error.message));
    child.once('exit', (code, signal) => die(signal ?? `exit code ${code}`));
  });
  const gone = death.catch(() => undefined);
  // Where the system has no room for a process there are no pipes either, and its word comes later.
  if ((child.stdin as Writable | undefined) === undefined) return { ask: () => unstarted(death), end: () => gone };
  // Its death says all there is to say of a pipe that breaks.
  child.stdin.on('error', () => undefined);
  const lines = linesOf(child.stdout);
  const ready = lines.next().then(({ done }) => (done === true ? unstarted(death) : undefined));
  ready.catch(() => undefined);
  return {
    ask: async (bytes) => {
      await ready;
      child.stdin.write(frameHead(bytes.length));
      child.stdin.write(bytes);
      const line = await life.before(lines.next());
      return line.done === true ? death : line.value;
    },
    end: async () => {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** A death before the first word: the process was never there. */
function unstarted(death: Promise<never>): Promise<never> {
  return death.catch((error: unknown) => {
    throw new Unanswered('unstarted', error instanceof Error ? error.message : String(error));
  });
}

function linesOf(stream: Readable): AsyncIterator<string, undefined> {
  return createInterface({ input: stream })[Symbol.asyncIterator]();
}

function frameHead(length: number): Uint8Array {
  const head = new Uint8Array(4);
  new DataView(head.buffer).setUint32(0, length, true);
  return head;
}
