/* oxlint-disable vitest/no-conditional-expect -- each case of a table says what is expected of it */
import { describe, expect, it } from 'vitest';
import { prepareModule, type CompileRequest, type Prepared } from '../../../src/control/compilation.ts';
import { TypeCensus } from '../../../src/control/type-census.ts';
import { KerbError } from '../../../src/errors.ts';
import { guest, URI_GUEST } from '../../guests.ts';
import { assemble } from '../../wat.ts';

const census = TypeCensus.create(10_000);
const maxModuleBytes = 1_000_000;

function prepare(bytes: Uint8Array<ArrayBuffer>, changes: Partial<CompileRequest> = {}): Prepared {
  return prepareModule({ bytes, abi: 'auto', maxMemoryPages: 1024, ...changes }, { census, maxModuleBytes });
}

function refusal(bytes: Uint8Array<ArrayBuffer>, changes: Partial<CompileRequest> = {}): KerbError {
  try {
    prepare(bytes, changes);
  } catch (error) {
    if (error instanceof KerbError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('a module that may run', () => {
  it('comes back rewritten, with what the runtime must know', () => {
    const { bytes, abi, shape, bytesIn } = prepare(URI_GUEST);
    expect(WebAssembly.validate(bytes)).toBe(true);
    expect(abi).toBe('http-wasm');
    expect(shape.imports).toHaveLength(19);
    expect(shape.exports.toSorted()).toEqual(['handle_request', 'handle_response']);
    expect(shape).toMatchObject({ memory: { initialPages: 4 }, startExport: null });
    expect([bytesIn, bytes.length > bytesIn]).toEqual([URI_GUEST.length, true]);
  });

  it('cannot grow its memory beyond the budget', () => {
    expect(prepare(URI_GUEST, { maxMemoryPages: 10 }).shape.memory).toEqual({ initialPages: 4, maximumPages: 10 });
  });

  it('does not start while it is instantiated: its start section became an export', () => {
    const { shape, bytes } = prepare(guest(() => ({ fields: '(func $s unreachable) (start $s)' })));
    expect(shape.startExport).not.toBeNull();
    expect(WebAssembly.Module.exports(new WebAssembly.Module(bytes)).map(({ name }) => name)).toContain(
      shape.startExport,
    );
  });

  it('imports its memory, so that it can be given a pooled one', () => {
    const imports = WebAssembly.Module.imports(new WebAssembly.Module(prepare(URI_GUEST).bytes));
    expect(imports.filter(({ kind }) => kind === 'memory')).not.toEqual([]);
    expect(imports.every(({ module }) => module === 'http_handler' || module === 'kerb:sandbox')).toBe(true);
  });

  it('crosses to another thread', () => {
    const prepared = prepare(URI_GUEST);
    expect(structuredClone(prepared)).toEqual(prepared);
  });
});

describe('bytes that are no module', () => {
  const whole = URI_GUEST;
  it.each([
    ['nothing', new Uint8Array(0)],
    ['text', new Uint8Array(Buffer.from('<html></html>'))],
    ['a component', Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0)],
    ['half a module', whole.slice(0, whole.length / 2)],
  ])('%s: refused with a reason, not a crash', (_, bytes) => {
    const error = refusal(bytes, { abi: 'http-wasm' });
    expect(['bad_module', 'refused_module']).toContain(error.code);
    expect(error.message.length).toBeGreaterThan(10);
  });

  it('any single changed byte never does worse than a refusal', () => {
    for (let at = 0; at < whole.length; at += 3) {
      const bytes = whole.slice();
      bytes[at] = ((bytes[at] ?? 0) + 1 + (at % 254)) & 0xff;
      try {
        prepare(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(KerbError);
      }
    }
  });

  it('a module that does not validate is refused before it is rewritten', () => {
    // (func (export "handle_request") (result i64)) with an empty body: well-formed, and ill-typed.
    const bytes = Uint8Array.of(
      // prettier-ignore
      0,
      0x61,
      0x73,
      0x6d,
      1,
      0,
      0,
      0,
      1,
      5,
      1,
      0x60,
      0,
      1,
      0x7e,
      3,
      2,
      1,
      0,
      7,
      18,
      1,
      14,
      ...Buffer.from('handle_request'),
      // prettier-ignore
      0,
      0,
      10,
      4,
      1,
      2,
      0,
      0x0b,
    );
    expect(WebAssembly.validate(bytes)).toBe(false);
    expect(['bad_module', 'refused_module']).toContain(refusal(bytes).code);
  });
});

describe('a module that Kerb does not run', () => {
  it('of no known ABI', () => {
    expect(refusal(assemble('(module (func (export "main")))')).message).toMatch(/speaks no ABI/);
  });

  it('without the exports of its ABI', () => {
    const error = refusal(assemble('(module (memory (export "memory") 1))'), { abi: 'http-wasm' });
    expect(error.message).toBe('an http-wasm guest exports handle_request; this module does not');
  });

  it('with an import that it may not have', () => {
    const error = refusal(
      assemble(
        '(module (import "http_handler" "exec" (func)) (func (export "handle_request") (result i64) (i64.const 0)))',
      ),
    );
    expect(error.explain()).toMatch(/exec/);
  });

  it('with an import of another type', () => {
    const error = refusal(
      assemble(
        '(module (import "http_handler" "log" (func (param i64))) (func (export "handle_request") (result i64) (i64.const 0)))',
      ),
    );
    expect(error.explain()).toMatch(/log/);
  });

  it('with an export of another type', () => {
    expect(refusal(assemble('(module (func (export "handle_request")))')).code).toBe('refused_module');
  });

  it('with imports from the sandbox itself', () => {
    const error = refusal(
      assemble(
        '(module (import "kerb:sandbox" "interrupt" (func (result i32))) (func (export "handle_request") (result i64) (i64.const 0)))',
      ),
    );
    expect(error.code).toBe('refused_module');
  });

  it('whose types this process has no room for, before the engine has seen one of them', () => {
    const small = TypeCensus.create(2);
    const request = { bytes: URI_GUEST, abi: 'auto', maxMemoryPages: 1024 } as const;
    expect(() => prepareModule(request, { census: small, maxModuleBytes })).toThrow(
      /function types: this process has seen 0 of at most 2/,
    );
    expect(small.count).toBe(0);
  });

  it('that is larger than the operator admits', () => {
    const request = { bytes: URI_GUEST, abi: 'auto', maxMemoryPages: 1024 } as const;
    const refused = (): unknown => prepareModule(request, { census, maxModuleBytes: 100 });
    expect(refused).toThrow(KerbError);
  });

  it('with more memory than its budget', () => {
    expect(
      refusal(
        guest(() => ({ pages: 11 })),
        { maxMemoryPages: 10 },
      ).explain(),
    ).toMatch(/memory|pages/);
  });
});
