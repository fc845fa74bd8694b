/* oxlint-disable vitest/valid-expect -- what is refused later is expected before the clock moves, and awaited after */
import { afterEach, describe, expect, it } from 'vitest';
import { Compiler } from '../../../src/control/compiler.ts';
import { KerbError } from '../../../src/errors.ts';
import { URI_GUEST } from '../../guests.ts';
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
