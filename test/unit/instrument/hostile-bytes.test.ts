import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KerbError } from '../../../src/errors.ts';
import { inspect, instrument } from '../../../src/instrument/instrument.ts';
import type { InstrumentOptions } from '../../../src/instrument/instrument.ts';
import { generate } from '../../fuzz/generator/module.ts';
import { keepWordSet } from '../../fuzz/oracle/kept-word.ts';
import type { KeptWord } from '../../fuzz/oracle/kept-word.ts';
import { KERB } from '../../fuzz/oracle/subject.ts';
import { Statistics } from '../../fuzz/statistics.ts';
import { trial } from '../../fuzz/trial.ts';
import { body, codeModule, HEADER, leb, moduleOf, repeat, section, vector } from '../wasm/bytes.ts';

const OPTIONS: InstrumentOptions = { imports: new Map(), exports: new Map([['f0', 'i->i']]), maxMemoryPages: 16 };

/** Runs both entry points; anything but success and {@link KerbError} is a failure of the test. */
function survive(bytes: Uint8Array): 'ok' | KerbError {
  try {
    inspect(bytes);
    instrument(bytes, OPTIONS);
    return 'ok';
  } catch (error) {
    if (error instanceof KerbError) return error;
    throw error;
  }
}

const MUTATIONS = 300;

describe('mutated modules', () => {
  let kept: KeptWord;
  beforeAll(async () => {
    kept = await keepWordSet();
  });
  afterAll(() => kept.stop());

  it('are admitted or refused, and nothing else; what V8 takes is never found malformed, and taken after rewriting', () => {
    const statistics = new Statistics();
    const found: string[] = [];
    for (let seed = 1; seed <= MUTATIONS; seed++) {
      const verdict = trial('mutate', seed, KERB, kept.epoch);
      statistics.add('mutate', verdict);
      if (verdict.kind === 'finding') found.push(`seed ${seed}: ${verdict.message}`);
    }
    expect(found).toEqual([]);
    expect(statistics.of('mutate', 'accepted')).toBeGreaterThan(MUTATIONS / 20);
    expect(statistics.of('mutate', 'malformed')).toBeGreaterThan(MUTATIONS / 5);
  });

  it('are malformed at every truncation that V8 does not take', () => {
    const bytes = generate(5);
    const cuts = Array.from({ length: bytes.length - 9 }, (_, index) => bytes.slice(0, 9 + index)).filter(
      (cut) => !WebAssembly.validate(cut),
    );
    expect(cuts.length).toBeGreaterThan(100);
    expect(cuts.filter((cut) => survive(cut) === 'ok')).toEqual([]);
  });
});

const MALFORMED: Readonly<Record<string, () => Uint8Array>> = {
  'no bytes': () => new Uint8Array(0),
  text: () => new TextEncoder().encode('(module)'),
  'half a header': () => Uint8Array.from(HEADER.slice(0, 6)),
  'a component': () => Uint8Array.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]),
  'an unknown section': () => moduleOf(section(14, [])),
  'sections out of order': () => moduleOf(section(3, [0]), section(1, [0])),
  'the same section twice': () => moduleOf(section(1, [0]), section(1, [0])),
  'a section longer than the module': () => moduleOf([1, 100, 0]),
  'a section longer than its content': () => moduleOf(section(1, [0, 0])),
  'a vector of four billion types': () => moduleOf(section(1, leb(0xffff_ffff))),
  'a vector of four billion bodies': () => moduleOf(section(10, leb(0xffff_ffff))),
  'a number of six bytes': () => moduleOf([1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00]),
  'a number above 32 bits': () => moduleOf([1, 0xff, 0xff, 0xff, 0xff, 0x1f]),
  'a name that is not UTF-8': () => moduleOf(section(7, [1, 2, 0xc3, 0x28, 0, 0])),
  'functions without bodies': () => moduleOf(section(1, vector([[0x60, 0, 0]])), section(3, [1, 0])),
  'an unknown opcode': () => codeModule([body(0x27)]),
  'a body without an end': () => codeModule([[2, 0, 0x01]]),
  'instructions after the end': () => codeModule([body(0x0b, 0x01)]),
  'an else without an if': () => codeModule([body(0x02, 0x40, 0x05, 0x0b)]),
  'a catch_all without a try': () => codeModule([body(0x02, 0x40, 0x19, 0x0b)]),
  'a delegate that closes the function': () => codeModule([[3, 0, 0x18, 0]]),
  'a label that leads nowhere': () => codeModule([body(0x0c, 1)]),
  'a table of labels that lead nowhere': () => codeModule([body(0x41, 0, 0x0e, 1, 0, 7)]),
  'a call of a function that does not exist': () => codeModule([body(0x10, 9)]),
  'an indirect call of a type that does not exist': () => codeModule([body(0x41, 0, 0x11, 9, 0)]),
  'a block of a type that does not exist': () => codeModule([body(0x02, 9, 0x0b)]),
  'a function of a type that does not exist': () => moduleOf(section(3, [1, 0]), section(10, vector([body()]))),
  'a start function that does not exist': () => codeModule([body()], section(8, [4])),
  'an element that does not exist': () => codeModule([body()], section(9, [1, 1, 0, 1, 5])),
  'a load without a memory': () => codeModule([body(0x41, 0, 0x28, 2, 0, 0x1a)]),
  'a vector load without a memory': () => codeModule([body(0x41, 0, 0xfd, 0, 0, 0, 0x1a)]),
  'a growth without a memory': () => codeModule([body(0x41, 0, 0x40, 0, 0x1a)]),
  'a fill without a memory': () => codeModule([body(0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 11, 0)]),
  'an active segment without a memory': () => moduleOf(section(11, [1, 0, 0x41, 0, 0x0b, 0])),
  'an export of a memory that does not exist': () => moduleOf(section(7, [1, 1, 0x6d, 2, 0])),
};

describe('malformed bytes', () => {
  it.each(Object.entries(MALFORMED))('are named with their place: %s', (_, bytes) => {
    const result = survive(bytes());
    expect(result).toBeInstanceOf(KerbError);
    expect((result as KerbError).code).toBe('bad_module');
    expect((result as KerbError).message).toMatch(/at byte \d+$|needs it/);
  });

  it('of a component say what to do', () => {
    expect((survive(Uint8Array.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0])) as KerbError).message).toMatch(
      /core module/,
    );
  });
});

/** Milliseconds that the work on a hostile upload may take: generous, for the point is that none takes minutes. */
const PATIENCE_MS = 20_000;

describe('work stays in proportion for', () => {
  /** Functions that each call all others, directly: the worst graph for breaking cycles. */
  it('a complete call graph', { timeout: PATIENCE_MS }, () => {
    const count = 700;
    const calls = Array.from({ length: count }, (_, callee) => [0x10, ...leb(callee)]).flat();
    expect(survive(codeModule(Array.from({ length: count }, () => body(calls))))).toBe('ok');
  });

  it('a ring of every function that is allowed', { timeout: PATIENCE_MS }, () => {
    const count = 30_000;
    expect(survive(codeModule(Array.from({ length: count }, (_, index) => body(0x10, leb((index + 1) % count)))))).toBe(
      'ok',
    );
  });

  it('a chain of every function that is allowed', { timeout: PATIENCE_MS }, () => {
    const count = 30_000;
    const bodies = Array.from({ length: count }, (_, index) =>
      index + 1 < count ? body(0x10, leb(index + 1), 0x10, leb(index + 1)) : body(),
    );
    expect(survive(codeModule(bodies))).toBe('ok');
  });

  it('blocks as deep as they may be, with branches to all of them', { timeout: PATIENCE_MS }, () => {
    const labels = Array.from({ length: 4_900 }, (_, label) => leb(label)).flat();
    const tables = repeat([0x41, 0, 0x0e, ...leb(4_899), ...labels], 3);
    expect(survive(codeModule([body(repeat([0x02, 0x40], 4_900), tables, repeat([0x0b], 4_900))]))).toBe('ok');
  });
});
