/* oxlint-disable vitest/valid-expect -- what is refused later is expected before it happens, and awaited after */
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { Canary, type CanaryLimits } from '../../../src/control/canary.ts';
import { CANARY_MODULES } from '../../../src/control/limits.ts';
import { KerbError } from '../../../src/errors.ts';
import { assemble } from '../../wat.ts';
import { codeModule, leb, repeat } from '../wasm/bytes.ts';

const LIMITS: CanaryLimits = { memoryKib: 2 * 1024 * 1024, cpuSeconds: 60, timeoutMs: 20_000 };
const SMALL = assemble('(module (func (export "f") (result i32) i32.const 1))');

let canary: Canary | null = null;
afterEach(async () => {
  await canary?.close();
  canary = null;
});

function made(limits: Partial<CanaryLimits> = {}): Canary {
  canary = new Canary({ ...LIMITS, ...limits });
  return canary;
}

/** Ids of the canary processes that this process has. */
function processes(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((id) => {
      try {
        const [, after = ''] = readFileSync(`/proc/${id}/stat`, 'utf8').split(') ');
        const [state, parent] = after.split(' ');
        return state !== 'Z' && Number(parent) === process.pid && commandOf(id).includes('canary-process');
      } catch {
        return false; // It has ended meanwhile.
      }
    })
    .map(Number);
}

function commandOf(id: string | number): string {
  return readFileSync(`/proc/${id}/cmdline`, 'utf8');
}

/** A module whose compilation takes memory and time: locals times control operators, far beyond what admission lets through. */
function bomb(): Uint8Array<ArrayBuffer> {
  const locals = [1, ...leb(30_000), 0x7e];
  const content = [...locals, ...repeat([0x41, 0, 0x04, 0x40], 20_000), ...repeat([0x0b], 20_001)];
  return codeModule([[...leb(content.length), ...content]]);
}

describe('a module that can be compiled', () => {
  it('passes, and so do more, in one process', async () => {
    const own = made();
    await Promise.all([own.check(SMALL), own.check(SMALL), own.check(SMALL)]);
    expect(processes()).toHaveLength(1);
  });

  it('passes in another process once one has seen enough, also while more wait', async () => {
    const own = made();
    await own.check(SMALL);
    const [before] = processes();
    await Promise.all(Array.from({ length: CANARY_MODULES }, () => own.check(SMALL)));
    await own.check(SMALL);
    expect(processes()).toHaveLength(1);
    expect(processes()[0]).not.toBe(before);
  });

  it('of several megabytes passes', async () => {
    const body = '(func (param i32) (result i32) local.get 0 i32.const 77 i32.mul i32.const 5 i32.add)'.repeat(60_000);
    const bytes = assemble(`(module ${body})`);
    expect(bytes.length).toBeGreaterThan(500_000);
    await made().check(bytes);
  });

  it('is compiled by a process without environment and under limits of the kernel', async () => {
    await made().check(SMALL);
    const [id = 0] = processes();
    expect(readFileSync(`/proc/${id}/environ`, 'utf8')).toBe('PWD=/\0');
    const limits = readFileSync(`/proc/${id}/limits`, 'utf8');
    expect(limits).toMatch(/Max core file size\s+0\s/);
    expect(limits).toMatch(/Max cpu time\s+60\s/);
    expect(limits).toMatch(/Max data size\s+2147483648\s/);
  });
});

describe('a module that cannot', () => {
  it('is refused in the words of the engine', async () => {
    await expect(made().check(Uint8Array.of(0, 1, 2))).rejects.toThrow(/cannot be compiled: the engine refuses/);
  });

  it('because it takes too much memory is refused, and the next one finds another process', async () => {
    const own = made({ memoryKib: 640 * 1024 });
    await own.check(SMALL);
    const [before] = processes();
    const refused = expect(own.check(bomb())).rejects.toMatchObject({
      code: 'refused_module',
      message: expect.stringMatching(/too much memory or CPU time \(SIG/) as string,
    });
    await refused;
    await own.check(SMALL);
    expect(processes()).toHaveLength(1);
    expect(processes()[0]).not.toBe(before);
  });

  it('because it takes too long is refused, and nothing goes on behind', async () => {
    const own = made({ timeoutMs: 1 });
    await expect(own.check(bomb())).rejects.toThrow(/takes too long; split large functions/);
    await own.close();
    expect(processes()).toEqual([]);
  });
});

describe('a canary that cannot be had', () => {
  it('refuses: no module is compiled without one', async () => {
    const refused = made({ memoryKib: 1024 }).check(SMALL);
    await expect(refused).rejects.toBeInstanceOf(KerbError);
    await expect(refused).rejects.toThrow(
      /there is no canary process to try it \(SIG.*; see that \/bin\/sh and ulimit/,
    );
  });
});

describe('a closed canary', () => {
  it('leaves no process, refuses what waits, and what comes later', async () => {
    const own = made();
    const waiting = expect(own.check(bomb())).rejects.toThrow(/shutting down/);
    await own.close();
    await waiting;
    await expect(own.check(SMALL)).rejects.toThrow(/shutting down/);
    expect(processes()).toEqual([]);
    await own.close();
  });

  it('was never started when nobody asked', async () => {
    await made().close();
    expect(processes()).toEqual([]);
  });
});
