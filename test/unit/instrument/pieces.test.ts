import { describe, expect, it } from 'vitest';
import { layOut } from '../../../src/instrument/layout.ts';
import { parse } from '../../../src/instrument/parse.ts';
import {
  copyHelper,
  copyInPieces,
  fillHelper,
  FEW_BYTES as FEW,
  fillInPieces,
  PIECE_BYTES as PIECE,
} from '../../../src/instrument/pieces.ts';
import { SANDBOX_MODULE } from '../../../src/instrument/sandbox-imports.ts';
import { Op } from '../../../src/wasm/opcodes.ts';
import { call, launch, rewrite, wat } from './harness.ts';
import type { Exports, Guest, Host } from './harness.ts';

const MiB = 1024 * 1024;

/** `fill(to, value, size)` and `copy(to, from, size)`, each exactly the instruction, and a copy of a constant size. */
const guestOf = (pages: number): Uint8Array<ArrayBuffer> =>
  wat(`(module (memory (export "memory") ${pages})
    (func (export "fill") (param i32 i32 i32) local.get 0 local.get 1 local.get 2 memory.fill)
    (func (export "copy") (param i32 i32 i32) local.get 0 local.get 1 local.get 2 memory.copy)
    (func (export "copy_constant") (param i32 i32 i32) local.get 0 local.get 1 i32.const ${PIECE + 1} memory.copy))`);

const bytesOf = (exports: Exports): Uint8Array => {
  const { memory } = exports;
  if (!(memory instanceof WebAssembly.Memory)) throw new TypeError('no memory');
  return new Uint8Array(memory.buffer);
};

/** Bytes without a period: a piece that is copied from a wrong place is never the right one. */
function scramble(bytes: Uint8Array, seed: number): void {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  let state = seed;
  for (let at = 0; at < words.length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    words[at] = state ^ (state >>> 15);
  }
}

function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

type Operation = readonly [name: string, to: number, second: number, size: number];

/** What an operation comes to, as text. */
function outcome(exports: Exports, [name, ...args]: Operation): string {
  try {
    return String(call(exports, name, ...args));
  } catch (error) {
    return String(error);
  }
}

/** A guest as uploaded, and rewritten under hosts that do nothing, interrupt once an operation, and stop it before every piece. */
class Pair {
  readonly #original: Exports;
  readonly #guests: readonly Guest[];

  constructor(pages: number) {
    const bytes = guestOf(pages);
    const output = rewrite(bytes);
    this.#original = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
    const stopped: Guest = launch(output, { answer: () => 2, meanwhile: () => (stopped.epoch[0] = 1) });
    this.#guests = [launch(output), launch(output), stopped];
    for (const { exports } of [{ exports: this.#original }, ...this.#guests]) scramble(bytesOf(exports), 1);
  }

  /** Runs an operation in all; gives what it comes to, or who differs from the upload in that or in the memory after it. */
  run(operation: Operation): string {
    const expected = outcome(this.#original, operation);
    const content = bytesOf(this.#original);
    for (const [place, guest] of this.#guests.entries()) {
      guest.epoch[0] = place === 0 ? 0 : 1;
      const result = outcome(guest.exports, operation);
      if (result !== expected) return `guest ${place}: ${operation.join(' ')}: ${result}, not ${expected}`;
      if (Buffer.compare(bytesOf(guest.exports), content) !== 0)
        return `guest ${place}: ${operation.join(' ')}: memory`;
    }
    return expected;
  }
}

const PAGES = 20;
const END = PAGES * 65_536;
const SIZES = [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE - 1, 2 * PIECE, 2 * PIECE + 1, 3 * PIECE + 77];
const DISTANCES = [0, 1, 3, 4_096, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE + 5];

describe('fills and copies do what the instructions do', () => {
  it('at every distance of the ranges and every size around the pieces, upwards and downwards', () => {
    const pair = new Pair(PAGES + 28);
    for (const size of SIZES) {
      for (const distance of DISTANCES) {
        expect(pair.run(['copy', 64, 64 + distance, size])).toBe('undefined');
        expect(pair.run(['copy', 64 + distance, 64, size])).toBe('undefined');
      }
      expect(pair.run(['fill', 64, size + 1, size])).toBe('undefined');
      expect(pair.run(['copy', 64, MiB, PIECE + 5])).toBe('undefined');
    }
  });

  it('of a few bytes at every size, distance and value, and at both ends of the memory', () => {
    const pair = new Pair(1);
    const end = 65_536;
    for (let size = 0; size <= FEW + 2; size++) {
      for (let distance = -size - 1; distance <= size + 1; distance++)
        expect(pair.run(['copy', 100 + distance, 100, size])).toBe('undefined');
      for (const value of [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x1_80, -1])
        expect(pair.run(['fill', 3, value, size])).toBe('undefined');
      for (let short = -2; short <= size + 1; short++) {
        const fate = short >= size ? 'undefined' : 'RuntimeError: memory access out of bounds';
        expect(pair.run(['fill', end - short, 7, size])).toBe(fate);
        expect(pair.run(['copy', end - short, 50, size])).toBe(fate);
        expect(pair.run(['copy', 50, end - short, size])).toBe(fate);
      }
    }
  });

  it('of a few bytes at addresses from 2^31 on, and where address and size wrap', () => {
    const pair = new Pair(1);
    for (const at of [2 ** 31, 2 ** 31 + 5, 2 ** 32 - 1, 2 ** 32 - 8, 2 ** 31 - 1]) {
      for (const size of [0, 1, 3, 4, 7, 8, 16]) {
        expect(pair.run(['fill', at, 1, size])).toMatch(/out of bounds/);
        expect(pair.run(['copy', at, 8, size])).toMatch(/out of bounds/);
        expect(pair.run(['copy', 8, at, size])).toMatch(/out of bounds/);
      }
    }
  });

  it('at random places, inside and outside', () => {
    const below = random(20_261);
    const pair = new Pair(PAGES);
    let traps = 0;
    for (let round = 0; round < 150; round++) {
      const size = Math.max(0, below(5) * PIECE - 2 + below(5));
      const to = below(END - size / 2);
      const from = below(2) === 0 ? below(END - size / 2) : Math.max(0, to + below(9) - 4);
      const result = pair.run(below(3) === 0 ? ['fill', to, below(2 ** 32), size] : ['copy', to, from, size]);
      expect(result).toMatch(/^(undefined|RuntimeError.*)$/);
      if (result !== 'undefined') traps++;
    }
    expect(traps).toBeGreaterThan(10);
    expect(traps).toBeLessThan(140);
  });

  it('with a constant size of more than a piece', () => {
    const pair = new Pair(PAGES);
    expect(pair.run(['copy_constant', 5, 0, 0])).toBe('undefined');
    expect(pair.run(['copy_constant', END - PIECE, 0, 0])).toMatch(/^RuntimeError/);
  });

  it.each<Operation>([
    ['fill', END, 9, 0],
    ['fill', END - 1, 9, 1],
    ['fill', END - PIECE, 9, PIECE],
    ['fill', END - PIECE - 1, 9, PIECE + 1],
    ['fill', 0, 9, END],
    ['copy', END, END, 0],
    ['copy', 0, END, 0],
    ['copy', END - 3 * PIECE, 0, 3 * PIECE],
    ['copy', 0, END - 3 * PIECE, 3 * PIECE],
    ['copy', 0, 0, END],
  ])('up to the end of the memory: %s(%i, %i, %i)', (...operation) => {
    expect(new Pair(PAGES).run(operation)).toBe('undefined');
  });

  it.each<Operation>([
    ['fill', END + 1, 9, 0],
    ['fill', 0, 9, END + 1],
    ['fill', 1, 9, END],
    ['fill', END - PIECE, 9, PIECE + 1],
    ['fill', END - 2 * PIECE, 9, 3 * PIECE],
    ['fill', 2 ** 31, 9, 2 ** 31],
    ['fill', 4_096, 9, 2 ** 32 - 4_096],
    ['fill', 4_097, 9, 2 ** 32 - 4_096],
    ['fill', 2 ** 32 - 1, 9, PIECE + 1],
    ['fill', 2 ** 32 - 1, 9, 2 ** 32 - 1],
    ['fill', 0, 9, 2 ** 32 - 1],
    ['copy', END + 1, 0, 0],
    ['copy', 0, END + 1, 0],
    ['copy', END - 2 * PIECE + 1, 0, 2 * PIECE],
    ['copy', 0, END - 2 * PIECE + 1, 2 * PIECE],
    ['copy', 1, 0, END],
    ['copy', 0, 1, END],
    ['copy', 0, 4_096, 2 ** 32 - 4_096],
    ['copy', 4_096, 0, 2 ** 32 - 4_096],
    ['copy', 0, 2 ** 32 - PIECE, 2 * PIECE],
    ['copy', 2 ** 32 - PIECE, 0, 2 * PIECE],
    ['copy', 2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1],
  ])('beyond the end nothing is written: %s(%i, %i, %i)', (...operation) => {
    const pair = new Pair(PAGES);
    expect(pair.run(operation)).toMatch(/^RuntimeError/);
    const fresh = launch(rewrite(guestOf(PAGES)));
    scramble(bytesOf(fresh.exports), 1);
    const before = bytesOf(fresh.exports).slice();
    outcome(fresh.exports, operation);
    expect(Buffer.compare(bytesOf(fresh.exports), before)).toBe(0);
  });

  it('up to the last byte of 4 GiB, whose address and one is 2^32', () => {
    const guest = launch(rewrite(guestOf(65_536)));
    const last = 2 ** 32 - 2 * PIECE;
    expect(outcome(guest.exports, ['fill', last, 0x5a, 2 * PIECE])).toBe('undefined');
    expect(outcome(guest.exports, ['copy', last - 1, last, 2 * PIECE])).toBe('undefined');
    expect(outcome(guest.exports, ['copy', last, 1, 2 * PIECE])).toBe('undefined');
    expect(outcome(guest.exports, ['fill', last + 1, 9, 2 * PIECE])).toMatch(/^RuntimeError/);
    const bytes = bytesOf(guest.exports);
    expect([bytes[last - 2], bytes[last - 1], bytes[last], bytes.at(-1)]).toEqual([0, 0x5a, 0, 0]);
  });

  it.each([
    [2 ** 31 - 100, 2 ** 31 + 9],
    [2 ** 31 + 9, 2 ** 31 - 100],
  ])('across the middle of 4 GiB, where addresses as signed numbers turn negative: to %i from %i', (to, from) => {
    const guest = launch(rewrite(guestOf(65_536)));
    const bytes = bytesOf(guest.exports).subarray(2 ** 31 - PIECE, 2 ** 31 + 4 * PIECE);
    scramble(bytes, 5);
    const expected = bytes.slice();
    const start = from - bytes.byteOffset;
    expected.copyWithin(to - bytes.byteOffset, start, start + 3 * PIECE);
    expect(outcome(guest.exports, ['copy', to, from, 3 * PIECE])).toBe('undefined');
    expect(Buffer.compare(bytes, expected)).toBe(0);
  });
});

const LARGE = 64 * MiB;
const LARGE_PAGES = LARGE / 65_536 + 1;

/** Answers `last` to call `count` of `interrupt`, and before it stops the guest, whose word is then set again. */
function stopping(count: number, last: number, pages = LARGE_PAGES): { guest: Guest; calls: () => number } {
  let calls = 0;
  const host: Host = {
    word: 1,
    answer: () => (++calls === count ? last : 2),
    meanwhile: () => (guest.epoch[0] = 1),
  };
  const guest: Guest = launch(rewrite(guestOf(pages)), host);
  return { guest, calls: () => calls };
}

/** The first and the last offset of a byte, or -1. */
const extent = (exports: Exports, byte: number): number[] => {
  const bytes = Buffer.from(bytesOf(exports).buffer);
  return [bytes.indexOf(byte), bytes.lastIndexOf(byte)];
};

describe('a large fill or copy', () => {
  it.each([
    ['fill', 5, 7],
    ['copy', 0, 1],
    ['copy', 1, 0],
    ['fill', 65_536, 7],
    ['copy', 65_536, 0],
    ['copy', 0, 65_536],
  ] as const)('%s(%i, %i) checks before each piece, and only there', (name, to, second) => {
    const { guest, calls } = stopping(Infinity, 1);
    expect(outcome(guest.exports, [name, to, second, LARGE])).toBe('undefined');
    expect(calls()).toBe(LARGE / PIECE);
  });

  it.each([1, 2, 100, LARGE / PIECE])('that is killed at check %i has filled the pieces before', (count) => {
    const { guest } = stopping(count, 1);
    expect(outcome(guest.exports, ['fill', 5, 7, LARGE])).toMatch(/^RuntimeError: unreachable/);
    const filled = (count - 1) * PIECE;
    expect(extent(guest.exports, 7)).toEqual(filled === 0 ? [-1, -1] : [5, 4 + filled]);
  });

  it.each([1, 2, 100])('that is killed at check %i has copied the pieces before, from either end', (count) => {
    for (const [to, from] of [
      [0, 9],
      [9, 0],
    ] as const) {
      const { guest } = stopping(count, 1);
      const bytes = bytesOf(guest.exports);
      scramble(bytes, 3);
      const expected = bytes.slice();
      const copied = (count - 1) * PIECE;
      const skipped = to < from ? 0 : LARGE - copied;
      expected.copyWithin(to + skipped, from + skipped, from + skipped + copied);
      expect(outcome(guest.exports, ['copy', to, from, LARGE])).toMatch(/^RuntimeError: unreachable/);
      expect(Buffer.compare(bytes, expected)).toBe(0);
    }
  });

  it.each([
    ['fill', 0, 7, 2 ** 32 - 1],
    ['fill', 2 ** 31, 7, 2 ** 31],
    ['copy', 0, 2 ** 31, 2 ** 31],
  ] as const)('that is of GiB is no different: %s(%i, %i, %i)', (name, to, second, size) => {
    const { guest, calls } = stopping(3, 1, 65_536);
    const bytes = bytesOf(guest.exports);
    if (name === 'copy') bytes.fill(7, second, second + 3 * PIECE);
    expect(outcome(guest.exports, [name, to, second, size])).toMatch(/^RuntimeError: unreachable/);
    expect(calls()).toBe(3);
    expect([bytes[to], bytes[to + 2 * PIECE - 1], bytes[to + 2 * PIECE]]).toEqual([7, 7, 0]);
  });

  it('suspends its guest between the pieces, while the host runs', async () => {
    const { bytes, report } = rewrite(guestOf(LARGE_PAGES));
    const memory = new WebAssembly.Memory({
      initial: LARGE_PAGES,
      maximum: report.memory?.maximumPages ?? LARGE_PAGES,
    });
    const epoch = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const word = new Int32Array(epoch.buffer);
    const seen: number[] = [];
    const yieldToHost = async (): Promise<void> => {
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(Buffer.from(memory.buffer).lastIndexOf(7) + 1);
      if (seen.length < 4) word[0] = 1;
    };
    const interrupt = (): number => {
      word[0] = 0;
      return 2;
    };
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
      [SANDBOX_MODULE]: {
        memory,
        epoch,
        interrupt,
        yield: new WebAssembly.Suspending(yieldToHost),
        grow: () => -1,
      },
    });
    word[0] = 1;
    await WebAssembly.promising(exports['fill'])(0, 7, LARGE);
    expect(seen).toEqual([0, PIECE, 2 * PIECE, 3 * PIECE]);
    expect(new Uint8Array(memory.buffer).indexOf(0)).toBe(LARGE);
  });
});

describe('the helpers', () => {
  it('hint at the branches of their checks and at nothing else', () => {
    const { module, code } = parse(guestOf(1), 1e6, () => undefined);
    const layout = layOut(module, code, () => false);
    const bodies = [fillHelper, copyHelper, fillInPieces, copyInPieces].map((write) => write(layout));
    expect(bodies.map(({ branches }) => branches.length)).toEqual([1, 1, 2, 2]);
    for (const { body, branches } of bodies) for (const at of branches) expect(body.view()[at]).toBe(Op.if);
  });
});

describe('a fill or copy of up to a piece', () => {
  it.each(['fill', 'copy'])('%s is one check', (name) => {
    for (const size of [0, 1, PIECE]) {
      const { guest, calls } = stopping(Infinity, 1);
      expect(outcome(guest.exports, [name, 0, 1, size])).toBe('undefined');
      expect(calls()).toBe(1);
    }
  });
});
