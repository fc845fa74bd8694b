import { describe, expect, it } from 'vitest';
import { inspect, instrument } from '../../../src/instrument/instrument.ts';
import type { InstrumentOptions } from '../../../src/instrument/instrument.ts';
import { SANDBOX_MODULE } from '../../../src/instrument/sandbox-imports.ts';
import { name, section } from '../wasm/bytes.ts';
import { call, launch, rewrite, text, wat } from './harness.ts';

const OPTIONS: InstrumentOptions = { imports: new Map(), exports: new Map(), maxMemoryPages: 16 };

function importsOf(bytes: Uint8Array<ArrayBuffer>): string[] {
  return WebAssembly.Module.imports(new WebAssembly.Module(bytes)).map(
    (entry) => `${entry.module}.${entry.name} ${entry.kind}`,
  );
}

function exportsOf(bytes: Uint8Array<ArrayBuffer>): string[] {
  return WebAssembly.Module.exports(new WebAssembly.Module(bytes)).map((entry) => `${entry.name} ${entry.kind}`);
}

describe('the output', () => {
  it('imports what the guest did, then the sandbox functions, the memory and the epoch', () => {
    const bytes = wat('(module (import "m" "f" (func (param i32))) (memory (export "memory") 1))');
    const { bytes: output } = instrument(bytes, {
      ...OPTIONS,
      imports: new Map([['m', new Map([['f', 'i->' as const]])]]),
    });
    const sandbox = ['interrupt function', 'yield function', 'grow function', 'memory memory', 'epoch memory'];
    expect(importsOf(output)).toEqual(['m.f function', ...sandbox.map((entry) => `${SANDBOX_MODULE}.${entry}`)]);
  });

  it('has no memory import for a guest without a memory, and still an epoch', () => {
    const output = instrument(wat('(module (func loop br 0 end))'), OPTIONS);
    expect(output.report.memory).toBeNull();
    expect(importsOf(output.bytes).at(-1)).toBe('kerb:sandbox.epoch memory');
    expect(importsOf(output.bytes)).not.toContain('kerb:sandbox.memory memory');
  });

  it('exports the wanted functions and the memory, and nothing else', () => {
    const bytes = wat(
      `(module (memory (export "memory") 1) (memory (export "other") 1)
      (func (export "handle")) (func (export "then")) (func (export "__proto__")) (table (export "t") 1 funcref)
      (global (export "g") i32 (i32.const 0)))`.replace('(memory (export "other") 1)', ''),
    );
    const output = instrument(bytes, {
      ...OPTIONS,
      exports: new Map([
        ['handle', '->'],
        ['missing', '->'],
      ]),
    });
    expect(exportsOf(output.bytes)).toEqual(['memory memory', 'handle function']);
    expect(output.report.exports).toEqual(['handle']);
  });

  it('has no custom section of the upload', () => {
    const source = wat('(module (func $f loop br 0 end) (export "f" (func $f)))');
    const bytes = Uint8Array.from([
      ...source,
      ...section(0, [...name('name'), 0, 2, 1, 10]),
      ...section(0, [...name('x'), 9]),
    ]);
    const module = new WebAssembly.Module(rewrite(bytes).bytes);
    expect(WebAssembly.Module.customSections(module, 'name')).toEqual([]);
    expect(WebAssembly.Module.customSections(module, 'x')).toEqual([]);
  });

  it('hints that the branches of checks are unlikely, at their very places', () => {
    const output = rewrite(wat('(module (func $g) (func (export "f") loop call $g br 0 end))'));
    const [hints] = WebAssembly.Module.customSections(
      new WebAssembly.Module(output.bytes),
      'metadata.code.branch_hint',
    );
    // Function 4 (three imports and $g before it) has one hint: 8 bytes of locals, loop and load come before its `if`.
    expect([...new Uint8Array(hints ?? new ArrayBuffer(0))]).toEqual([1, 4, 1, 8, 1, 0]);
  });

  it('hints the same of the checks of helpers', () => {
    const output = rewrite(wat('(module (memory 1) (func (export "f") loop br 0 end))'));
    const [hints] = WebAssembly.Module.customSections(
      new WebAssembly.Module(output.bytes),
      'metadata.code.branch_hint',
    );
    // After the function with the loop, 3, and `slow` comes `grow`: a byte of locals and a load of 6 precede its `if`.
    const bytes = [...new Uint8Array(hints ?? new ArrayBuffer(0))];
    expect([bytes[0], bytes[1], ...bytes.slice(-5)]).toEqual([2, 3, 5, 1, 7, 1, 0]);
  });

  it('has only the types that are used, each once', () => {
    const bytes =
      wat(`(module (type (func (param i64))) (type (func (param f32 f32))) (type $a (func (param i32))) (type $b (func (param i32)))
      (func (type $a)) (func (type $b)))`);
    const output = instrument(bytes, OPTIONS);
    expect(output.report.types).toBe(4);
    expect(text(output.bytes)).not.toContain('f32');
    expect(text(output.bytes)).not.toContain('i64');
  });

  it('gives every table a maximum', () => {
    const output = text(
      instrument(wat('(module (table 10 funcref) (table 5 7 funcref) (table 5 4000000000 externref))'), OPTIONS).bytes,
    );
    expect(
      [...output.matchAll(/\(table \(;\d;\) (\d+) (\d+) (\w+)\)/g)].map((match) => match.slice(1, 4).join(' ')),
    ).toEqual(['10 6670 funcref', '5 7 funcref', '5 6665 externref']);
  });

  it("is itself refused as an upload: its imports are the sandbox's own", () => {
    const output = rewrite(wat('(module (func (export "f")))'));
    expect(() => instrument(output.bytes, OPTIONS)).toThrow('refused');
  });

  it('is the same for the same upload', () => {
    const bytes = wat('(module (memory 1) (func (export "f") loop br 0 end))');
    expect(rewrite(bytes).bytes).toEqual(rewrite(bytes).bytes);
  });
});

describe('growth', () => {
  const bytes = wat(
    '(module (memory (export "memory") 1 100) (func (export "grow") (param i32) (result i32) local.get 0 memory.grow))',
  );

  it('ends at the budget, as -1, and the host hears of it', () => {
    const guest = launch(rewrite(bytes, { maxMemoryPages: 3 }));
    expect([2, 1].map((pages) => call(guest.exports, 'grow', pages))).toEqual([1, -1]);
    expect(guest.calls.refused).toBe(1);
    expect(guest.memory?.buffer.byteLength).toBe(3 * 65_536);
  });

  it('ends at the declared maximum if that is lower', () => {
    expect(rewrite(bytes, { maxMemoryPages: 1_000 }).report.memory).toEqual({ initialPages: 1, maximumPages: 100 });
  });

  it('of tables ends at their maximum', () => {
    const guest = launch(
      rewrite(
        wat(
          '(module (table 1 funcref) (func (export "f") (param i32) (result i32) ref.null func local.get 0 table.grow))',
        ),
      ),
    );
    expect([19_999, 1].map((entries) => call(guest.exports, 'f', entries))).toEqual([1, -1]);
  });
});

describe('the start section', () => {
  const source =
    '(global $g (mut i32) (i32.const 1)) (func $s i32.const 5 global.set $g) (start $s) (func (export "get") (result i32) global.get $g)';

  it('becomes an export that runs when the host calls it', () => {
    const guest = launch(rewrite(wat(`(module ${source})`)));
    expect(call(guest.exports, 'get')).toBe(1);
    call(guest.exports, 'kerb:start');
    expect(call(guest.exports, 'get')).toBe(5);
  });

  it('must be a function of the guest', () => {
    const imports = new Map([['m', new Map([['f', '->' as const]])]]);
    expect(() => instrument(wat('(module (import "m" "f" (func $f)) (start $f))'), { ...OPTIONS, imports })).toThrow(
      'refused',
    );
  });

  it('cannot be taken over by an export of its name', () => {
    const output = rewrite(wat('(module (func (export "kerb:start") unreachable) (func $s) (start $s))'), {
      exports: new Map(),
    });
    expect(() => call(launch(output).exports, 'kerb:start')).not.toThrow();
  });
});

describe('the report', () => {
  it('says what the module is', () => {
    const bytes = wat(
      '(module (memory (export "memory") 2) (global (mut i32) (i32.const 0)) (global i32 (i32.const 0)) (func (export "f") loop br 0 end))',
    );
    const { bytes: output, report } = rewrite(bytes, { maxMemoryPages: 9 });
    expect(report).toEqual({
      imports: [],
      exports: ['f'],
      memory: { initialPages: 2, maximumPages: 9 },
      startExport: null,
      mutableGlobals: 1,
      stateExports: ['kerb:global:0'],
      bytesIn: bytes.length,
      bytesOut: output.length,
      functions: 1,
      types: 3,
      checks: 1,
      stateProduct: report.stateProduct,
    });
    const wide = wat('(module (func (export "f") (local i32 i32 i32) loop br 0 end))');
    expect([report.stateProduct, rewrite(wide).report.stateProduct > 5]).toEqual([0, true]);
  });
});

describe('inspect', () => {
  it('gives imports and exports of every kind with the signatures of functions', () => {
    const bytes = wat(`(module (import "m" "f" (func (param i32) (result i64))) (memory (export "memory") 1 2)
      (func $s (export "handle") (param f64)) (table (export "t") 1 funcref) (func $i) (start $i))`);
    expect(inspect(bytes)).toEqual({
      imports: [{ module: 'm', name: 'f', kind: 'function', signature: 'i->I' }],
      exports: [
        { name: 'memory', kind: 'memory', signature: null },
        { name: 'handle', kind: 'function', signature: 'F->' },
        { name: 't', kind: 'table', signature: null },
      ],
      memories: [{ initialPages: 1, maximumPages: 2 }],
      hasStart: true,
      functions: 2,
      signatures: ['i->I', 'F->', '->'],
      bytes: bytes.length,
    });
  });
});

describe('yield', () => {
  it('suspends the guest in the middle of a loop and resumes it', async () => {
    const output = rewrite(
      wat(`(module (func (export "sum") (param i32) (result i32) (local i32)
      loop local.get 1 local.get 0 i32.add local.set 1 local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end local.get 1))`),
    );
    const epoch = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const word = new Int32Array(epoch.buffer);
    word[0] = 1;
    let yields = 0;
    const sandbox = {
      epoch,
      interrupt: () => ((word[0] = 0), 2),
      yield: new WebAssembly.Suspending(async () => {
        yields++;
        await new Promise((resolve) => setImmediate(resolve));
        if (yields < 3) word[0] = 1;
      }),
      grow: () => -1,
    };
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(output.bytes), { [SANDBOX_MODULE]: sandbox });
    const sum = WebAssembly.promising(exports['sum']);
    await expect(sum(100)).resolves.toBe(5_050);
    expect(yields).toBe(3);
  });
});
