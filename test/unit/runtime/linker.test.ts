/* oxlint-disable vitest/no-conditional-expect -- each case of a table says what is expected of it */
import { describe, expect, it } from 'vitest';
import type { BoundFunction } from '../../../src/abi/host-function.ts';
import { SANDBOX_MODULE, WAIT_IMPORTS } from '../../../src/instrument/sandbox-imports.ts';
import type { ModuleShape } from '../../../src/runtime/deployment.ts';
import { link, type HostcallHooks } from '../../../src/runtime/linker.ts';

const EPOCH = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });

class Hooks implements HostcallHooks {
  readonly epoch = EPOCH;
  readonly memory: WebAssembly.Memory | null;
  readonly deferred: Promise<unknown>[] = [];
  failed: unknown = null;
  readonly grown: number[] = [];
  readonly tally = { hostcalls: 0 };

  constructor(memory: WebAssembly.Memory | null = new WebAssembly.Memory({ initial: 1 })) {
    this.memory = memory;
  }

  fail(error: unknown): never {
    this.failed = error;
    throw new WebAssembly.RuntimeError('trap');
  }

  defer(work: Promise<unknown>): void {
    this.deferred.push(work);
  }

  wait(): Promise<unknown> {
    return Promise.resolve();
  }

  interrupt(): number {
    return 2;
  }

  yield(): Promise<unknown> {
    return Promise.resolve();
  }

  grow(pages: number): number {
    this.grown.push(pages);
    return 7;
  }
}

function fault(): never {
  throw new RangeError('thrown');
}

function shape(...imports: [string, string][]): ModuleShape {
  return {
    imports: imports.map(([module, name]) => ({ module, name })),
    exports: [],
    memory: { initialPages: 1, maximumPages: 1 },
    startExport: null,
    stateExports: null,
  };
}

function bound(call: BoundFunction['call'], changes: Partial<BoundFunction> = {}): BoundFunction {
  return { suspends: false, parameters: call.length, results: 'i', call, ...changes };
}

type Imports = Record<string, Record<string, (...args: unknown[]) => unknown>>;

function linked(functions: Record<string, BoundFunction>, hooks = new Hooks()): Imports {
  const names = Object.keys(functions).map((name): [string, string] => ['m', name]);
  return link(shape(...names), new Map([['m', new Map(Object.entries(functions))]]), hooks) as Imports;
}

describe('the import object', () => {
  it('holds what the module imports, and nothing else of the ABI', () => {
    const functions = new Map([
      [
        'm',
        new Map([
          ['a', bound(() => 1)],
          ['b', bound(() => 2)],
        ]),
      ],
    ]);
    const imports = link(shape(['m', 'a']), functions, new Hooks());
    expect(Object.keys(imports).toSorted()).toEqual([SANDBOX_MODULE, 'm'].toSorted());
    expect(Object.keys(imports['m'] ?? {})).toEqual(['a']);
  });

  it('has no prototype at either level: no guest reaches `constructor`', () => {
    const imports = linked({ a: bound(() => 1) });
    expect(Object.getPrototypeOf(imports)).toBeNull();
    for (const module of Object.values(imports)) expect(Object.getPrototypeOf(module)).toBeNull();
    expect('constructor' in imports).toBe(false);
    expect('__proto__' in (imports['m'] ?? {})).toBe(false);
  });

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])(
    'refuses the import %s of a module that lacks it',
    (name) => {
      expect(() => link(shape(['m', name]), new Map([['m', new Map()]]), new Hooks())).toThrow(TypeError);
      expect(() => link(shape([name, 'call']), new Map(), new Hooks())).toThrow(TypeError);
    },
  );

  it("has the sandbox's own imports, and the memory only of a guest that has one", () => {
    const own = linked({})[SANDBOX_MODULE] ?? {};
    const waits = Object.values(WAIT_IMPORTS);
    expect(Object.keys(own).toSorted()).toEqual(['memory', 'epoch', 'interrupt', 'yield', 'grow', ...waits].toSorted());
    expect(Object.keys(linked({}, new Hooks(null))[SANDBOX_MODULE] ?? {})).not.toContain('memory');
    expect(own['epoch']).toBe(EPOCH);
  });

  it('passes interrupts and growths to their hooks, with the number of pages unsigned', () => {
    const hooks = new Hooks();
    const own = linked({}, hooks)[SANDBOX_MODULE] ?? {};
    expect(own['interrupt']?.()).toBe(2);
    expect([own['grow']?.(3), own['grow']?.(-1)]).toEqual([7, 7]);
    expect(hooks.grown).toEqual([3, 2 ** 32 - 1]);
  });
});

describe('a hostcall', () => {
  it.each([0, 1, 2, 3, 5, 7])('with %i parameters is counted, also when it throws', (count) => {
    const hooks = new Hooks();
    const call = linked(
      { f: bound(() => 1, { parameters: count }), g: bound(() => fault(), { parameters: count }) },
      hooks,
    );
    call['m']?.['f']?.();
    expect(() => call['m']?.['g']?.()).toThrow('trap');
    expect(hooks.tally.hostcalls).toBe(2);
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 9])('with %i parameters gets all of them, and declares as many', (count) => {
    const seen: unknown[][] = [];
    const call = bound((...args: unknown[]) => seen.push(args), { parameters: count });
    const imported = linked({ call })['m']?.['call'];
    const args = Array.from({ length: count }, (_, i) => i + 1);
    imported?.(...args);
    expect(seen).toEqual([args]);
    if (count <= 3 || count === 5) expect(imported?.length).toBe(count);
  });

  it.each([0, 1, 2, 3, 4, 5, 6])(
    'with %i parameters that throws gives the error to the sandbox, which traps',
    (parameters) => {
      const hooks = new Hooks();
      const error = new Error('from the host');
      const call = bound(
        () => {
          throw error;
        },
        { parameters },
      );
      expect(() => linked({ call }, hooks)['m']?.['call']?.()).toThrow(WebAssembly.RuntimeError);
      expect(hooks.failed).toBe(error);
    },
  );

  it('that may wait answers at once when it need not', () => {
    const hooks = new Hooks();
    const imported = linked({ call: bound(() => 7, { suspends: true }) }, hooks)['m']?.['call'];
    expect(imported?.()).toBe(7);
    expect(hooks.deferred).toEqual([]);
  });

  it.each([
    ['i', 0],
    ['I', 0n],
    ['', 0],
  ])('that waits leaves its promise, and answers a placeholder of its type %j', (results, placeholder) => {
    const hooks = new Hooks();
    const work = Promise.resolve(1);
    const imported = linked({ call: bound(() => work, { suspends: true, results }) }, hooks)['m']?.['call'];
    expect(imported?.()).toBe(placeholder);
    expect(hooks.deferred).toEqual([work]);
  });

  it('that may wait and throws at once is a trap too', () => {
    const hooks = new Hooks();
    const call = bound(
      () => {
        throw new Error('at once');
      },
      { suspends: true },
    );
    expect(() => linked({ call }, hooks)['m']?.['call']?.()).toThrow(WebAssembly.RuntimeError);
    expect(hooks.failed).toEqual(new Error('at once'));
  });
});
