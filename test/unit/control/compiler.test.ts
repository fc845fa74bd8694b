/* oxlint-disable vitest/valid-expect -- what is refused later is expected before the clock moves, and awaited after */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Compiler } from '../../../src/control/compiler.ts';
import type { Prepared } from '../../../src/control/compilation.ts';
import { KerbError } from '../../../src/errors.ts';
import { SMALL_MODULE } from '../../../src/control/limits.ts';
import { guest, URI_GUEST } from '../../guests.ts';
import { assemble } from '../../wat.ts';

let compiler: Compiler | null = null;
afterEach(async () => {
  await compiler?.close();
  compiler = null;
});

function made(): Compiler {
  compiler = new Compiler();
  return compiler;
}

/** More bytes than a small module has. */
const LARGE = guest(() => ({ handle: `${'(drop (i64.const 9223372036854775807))'.repeat(4_000)} (i64.const 0)` }));

const REQUEST = { abi: 'auto', maxMemoryPages: 100 } as const;

describe('the compile thread', () => {
  it('compiles what it is given, several at once, each to its asker', async () => {
    const own = made();
    const [first, second] = await Promise.all([
      own.compile({ ...REQUEST, bytes: URI_GUEST }),
      own.compile({ ...REQUEST, bytes: URI_GUEST, maxMemoryPages: 7 }),
    ]);
    expect(first.module).toBeInstanceOf(WebAssembly.Module);
    expect([first.shape.memory?.maximumPages, second.shape.memory?.maximumPages]).toEqual([100, 7]);
  });

  it('hands a refusal back with its code and all that is wrong', async () => {
    const refused = made().compile({ ...REQUEST, bytes: assemble('(module (import "env" "x" (func)))') });
    await expect(refused).rejects.toBeInstanceOf(KerbError);
    await expect(refused).rejects.toMatchObject({
      code: 'refused_module',
      details: [expect.stringContaining('"env"')],
    });
  });

  it('goes on after a refusal', async () => {
    const own = made();
    await expect(own.compile({ ...REQUEST, bytes: new Uint8Array(3) })).rejects.toBeInstanceOf(KerbError);
    expect((await own.compile({ ...REQUEST, bytes: URI_GUEST })).abi).toBe('http-wasm');
  });

  it('refuses what waits when it is closed, and whatever comes later', async () => {
    const own = made();
    const waiting = own.compile({ ...REQUEST, bytes: URI_GUEST });
    const refused = expect(waiting).rejects.toMatchObject({
      message: expect.stringContaining('shutting down') as string,
    });
    await own.close();
    await refused;
    await own.close();
    await expect(own.compile({ ...REQUEST, bytes: URI_GUEST })).rejects.toMatchObject({ code: 'refused_module' });
  });
});

describe('a rewritten module', () => {
  /** How often this thread compiles while one is finished. */
  async function compiledHere(change: Partial<Prepared>): Promise<number> {
    const own = made();
    const prepared = await own.prepare({ ...REQUEST, bytes: LARGE });
    const { Module } = WebAssembly;
    const compile = vi.spyOn(WebAssembly, 'Module');
    try {
      expect((await own.finish({ ...prepared, ...change })).module).toBeInstanceOf(Module);
      return compile.mock.calls.length;
    } finally {
      compile.mockRestore();
    }
  }

  it('is compiled where it is asked for when it is small in every way, and on the compile thread otherwise', async () => {
    const { functions, stateProduct } = SMALL_MODULE;
    const small = await made().prepare({ ...REQUEST, bytes: URI_GUEST });
    expect(await compiledHere(small)).toBe(1);
    const code = { ...small.code, functions: functions + 1 };
    const others = [{}, { ...small, code }, { ...small, stateProduct: stateProduct + 1 }];
    for (const other of others) expect(await compiledHere(other)).toBe(0);
  });

  it('counts its types wherever it is compiled', async () => {
    const prepared = await made().prepare({ ...REQUEST, bytes: URI_GUEST });
    await compiler?.close();
    const own = made();
    await own.finish(prepared);
    const { types } = own;
    await own.finish({ ...prepared, code: { ...prepared.code, functions: SMALL_MODULE.functions + 1 } });
    expect([types > 0, own.types]).toEqual([true, types]);
  });

  it('that the engine refuses is refused with its reason, small as it is', async () => {
    const own = made();
    const prepared = await own.prepare({ ...REQUEST, bytes: URI_GUEST });
    await expect(own.finish({ ...prepared, bytes: prepared.bytes.slice(0, -1) })).rejects.toMatchObject({
      code: 'refused_module',
      message: expect.stringContaining('compilation failed: ') as string,
    });
  });

  it('that comes after the end is refused, small as it is', async () => {
    const own = made();
    const prepared = await own.prepare({ ...REQUEST, bytes: URI_GUEST });
    await own.close();
    await expect(own.finish(prepared)).rejects.toMatchObject({ code: 'refused_module' });
  });
});
