/** Links a guest: the import object of one sandbox, with nothing in it that the guest did not ask for and may have. */
import type { BoundFunction } from '../abi/host-function.ts';
import { SANDBOX_MODULE, WAIT_IMPORTS } from '../instrument/sandbox-imports.ts';
import type { ModuleShape } from './deployment.ts';

/** What the sandbox does when a host function throws or waits. */
export interface HostcallHooks {
  /** Ends the guest because of what a host function threw. Never returns. */
  fail(error: unknown): never;
  /** Notes that the hostcall just made has to wait for `work`. */
  defer(work: Promise<unknown>): void;
  /** Suspends the guest until the noted work settles. */
  wait(): Promise<unknown>;
  /** Hears of each call of a host function before it is made, and may throw instead; absent: nobody asks. */
  readonly onCall?: (module: string, name: string) => void;
  /** Counts the calls of host functions. */
  readonly tally: { hostcalls: number };
  readonly epoch: WebAssembly.Memory;
  readonly memory: WebAssembly.Memory | null;
  interrupt(): number;
  yield(): Promise<unknown>;
  /** What `memory.grow` answers for a number of pages, which comes unsigned: the size before, or -1. */
  grow(pages: number): number;
}

type Call = BoundFunction['call'];

/**
 * The import object for a module of this shape. Null-prototype at both levels: with an ordinary object a guest that imports
 * `constructor.constructor` gets the `Function` constructor of the host.
 *
 * Throws `TypeError` when the module imports a function that the ABI lacks: admission lets none pass.
 */
export function link(
  shape: ModuleShape,
  functions: ReadonlyMap<string, ReadonlyMap<string, BoundFunction>>,
  hooks: HostcallHooks,
): WebAssembly.Imports {
  const imports = Object.create(null) as Record<string, Record<string, WebAssembly.ImportValue>>;
  for (const { module, name } of shape.imports) {
    const bound = functions.get(module)?.get(name);
    if (bound === undefined) throw new TypeError(`no host function ${module}.${name}`);
    (imports[module] ??= Object.create(null) as Record<string, WebAssembly.ImportValue>)[name] = hostcall(
      heard(bound, () => hooks.onCall?.(module, name), hooks),
      hooks,
    );
  }
  imports[SANDBOX_MODULE] = sandboxImports(hooks);
  return imports;
}

/** As it is where nobody asks: requests pay nothing for it. */
function heard(bound: BoundFunction, onCall: () => void, hooks: HostcallHooks): BoundFunction {
  if (hooks.onCall === undefined) return bound;
  const call: Call = (...args: unknown[]) => {
    onCall();
    return bound.call(...args);
  };
  return { ...bound, call };
}

function sandboxImports(hooks: HostcallHooks): Record<string, WebAssembly.ImportValue> {
  const own = Object.create(null) as Record<string, WebAssembly.ImportValue>;
  if (hooks.memory !== null) own['memory'] = hooks.memory;
  own['epoch'] = hooks.epoch;
  own['interrupt'] = () => hooks.interrupt();
  own['yield'] = new WebAssembly.Suspending(() => hooks.yield());
  own['grow'] = (pages: number) => hooks.grow(pages >>> 0);
  const wait = new WebAssembly.Suspending(() => hooks.wait());
  for (const name of Object.values(WAIT_IMPORTS)) own[name] = wait;
  return own;
}

/**
 * A host function as wasm calls it: what it throws becomes a trap, and a promise is left for the wait import, which the
 * rewritten call goes on to (`instrument/sandbox-imports.ts`).
 */
function hostcall({ call, parameters, results, suspends }: BoundFunction, hooks: HostcallHooks): unknown {
  const fail = (error: unknown): never => hooks.fail(error);
  const { tally } = hooks;
  if (!suspends) return withArity(parameters, call, fail, tally);
  const unused = results === 'I' ? 0n : 0;
  const deferring = (...args: unknown[]): ReturnType<Call> => {
    const result = call(...args);
    if (!(result instanceof Promise)) return result;
    hooks.defer(result);
    return unused;
  };
  return withArity(parameters, deferring, fail, tally);
}

/**
 * `call`, counted, with its errors given to `fail`, as a function that declares as many parameters as the import has: V8 then calls it
 * from wasm without adapting the argument list. Spelled out per arity, because this is on the path of every hostcall.
 */
function withArity(
  parameters: number,
  call: Call,
  fail: (error: unknown) => never,
  tally: HostcallHooks['tally'],
): Call {
  switch (parameters) {
    case 0:
      return () => {
        tally.hostcalls += 1;
        try {
          return call();
        } catch (error) {
          return fail(error);
        }
      };
    case 1:
      return (a) => {
        tally.hostcalls += 1;
        try {
          return call(a);
        } catch (error) {
          return fail(error);
        }
      };
    case 2:
      return (a, b) => {
        tally.hostcalls += 1;
        try {
          return call(a, b);
        } catch (error) {
          return fail(error);
        }
      };
    case 3:
      return (a, b, c) => {
        tally.hostcalls += 1;
        try {
          return call(a, b, c);
        } catch (error) {
          return fail(error);
        }
      };
    case 5:
      return (a, b, c, d, e) => {
        tally.hostcalls += 1;
        try {
          return call(a, b, c, d, e);
        } catch (error) {
          return fail(error);
        }
      };
    default:
      return (...args: unknown[]) => {
        tally.hostcalls += 1;
        try {
          return call(...args);
        } catch (error) {
          return fail(error);
        }
      };
  }
}
