import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KerbError } from '../../src/errors.ts';
import type { Instrumented } from '../../src/instrument/instrument.ts';
import { wat } from '../unit/instrument/harness.ts';
import { generate } from './generator/module.ts';
import { NEAR_LIMITS } from './near-limits.ts';
import { admit } from './oracle/admission.ts';
import { compare } from './oracle/differential.ts';
import { keepWordSet } from './oracle/kept-word.ts';
import type { KeptWord } from './oracle/kept-word.ts';
import { killAll } from './oracle/kill.ts';
import { atLimit } from './oracle/limits.ts';
import { KERB } from './oracle/subject.ts';
import type { Subject, Verdict } from './oracle/subject.ts';

let kept: KeptWord;
beforeAll(async () => {
  kept = await keepWordSet();
});
afterAll(() => kept.stop());

/** Kerb with a fault in what it puts out. */
function faulty(change: (output: Instrumented) => Uint8Array): Subject {
  return {
    ...KERB,
    instrument: (bytes, options) => {
      const output = KERB.instrument(bytes, options);
      return { ...output, bytes: new Uint8Array(change(output)) };
    },
  };
}

/** Every occurrence of some bytes replaced by others of the same length. */
function replaced(bytes: Uint8Array, from: readonly number[], to: readonly number[]): Uint8Array {
  const out = Uint8Array.from(bytes);
  for (
    let at = Buffer.from(out).indexOf(Buffer.from(from));
    at >= 0;
    at = Buffer.from(out).indexOf(Buffer.from(from), at + 1)
  )
    out.set(to, at);
  return out;
}

function message(verdict: Verdict): string {
  return verdict.kind === 'finding' ? verdict.message : verdict.kind;
}

const ACCESSORS = `(global $fuel (mut i32) (i32.const 0)) (func (export "fuel") (param i32) local.get 0 global.set $fuel)`;
const program = (fields: string): Uint8Array<ArrayBuffer> => wat(`(module ${ACCESSORS} ${fields})`);
const REMAINDER = 0x6f;
const QUOTIENT = 0x6d;

describe('the comparison of original and rewritten finds', () => {
  const found = (fields: string, change: (output: Instrumented) => Uint8Array): string =>
    message(compare(program(fields), 1, faulty(change), kept.epoch));

  it('nothing in what Kerb does', () => {
    expect(message(compare(generate(1), 1, KERB, kept.epoch))).toBe('passed');
  });

  it('another result', () => {
    const fields = '(func (export "f0") (param i32) (result i32) local.get 0 i32.const 3 i32.rem_s)';
    const fault = ({ bytes }: Instrumented): Uint8Array => replaced(bytes, [0x41, 3, REMAINDER], [0x41, 3, QUOTIENT]);
    expect(found(fields, fault)).toMatch(/^undisturbed: f0.*outcome/);
  });

  it('another trap', () => {
    const fields = '(func (export "f0") i32.const 1 i32.const 0 i32.div_s drop)';
    const fault = ({ bytes }: Instrumented): Uint8Array => replaced(bytes, [0x6d, 0x1a], [0x1a, 0x00]);
    expect(found(fields, fault)).toMatch(/divide by zero became trap: unreachable/);
  });

  it('other bytes in the memory', () => {
    const fields = '(memory (export "memory") 1) (func (export "f0") i32.const 8 i32.const 77 i32.store8)';
    const fault = ({ bytes }: Instrumented): Uint8Array => replaced(bytes, [0x41, 8, 0x41], [0x41, 9, 0x41]);
    expect(found(fields, fault)).toMatch(/the memory differs/);
  });

  it('another global, another table', () => {
    const global =
      '(global $g (mut i32) (i32.const 0)) (func (export "g1") (result i32) global.get $g) (func (export "f0") i32.const 55 global.set $g)';
    expect(found(global, ({ bytes }) => replaced(bytes, [0x41, 55], [0x41, 56]))).toMatch(
      /state .*g1=55 became .*g1=56/,
    );
    const table = `(table $t 2 funcref) (elem declare func $f) (func (export "s0") (result i32) table.size $t)
      (func (export "t0") (param i32) (result funcref) local.get 0 table.get $t) (func $f (export "f0") i32.const 1 ref.func $f table.set $t)`;
    expect(found(table, ({ bytes }) => replaced(bytes, [0x41, 1, 0xd2], [0x41, 0, 0xd2]))).toMatch(
      /state .*null,function/,
    );
  });

  it('a hostcall that is left out', () => {
    const fields = '(import "host" "h0" (func $h))';
    const bytes = wat(`(module ${fields} ${ACCESSORS} (func (export "f0") call $h))`);
    const fault = faulty((output) => replaced(output.bytes, [0x10, 0, 0x0b], [0x01, 0x01, 0x0b]));
    expect(message(compare(bytes, 1, fault, kept.epoch))).toMatch(/hostcalls/);
  });

  it('what only an interrupted guest does', () => {
    const fields = `(func (export "f0") (result i32) (local i32) loop local.get 0 i32.const 1 i32.add local.tee 0
      i32.const 500 i32.lt_u br_if 0 end local.get 0)`;
    const onlyInterrupted = [0x22, 0, 0x41, 1, 0x46, 0x04, 0x40, 0x00];
    const fault = ({ bytes }: Instrumented): Uint8Array => replaced(bytes, onlyInterrupted, onlyInterrupted.with(3, 0));
    expect(found(fields, fault)).toMatch(/^(yielding|interrupted all the time): f0.*became trap: unreachable/);
  });

  it('an invalid output, and one that changes from run to run', () => {
    expect(found('', ({ bytes }) => bytes.slice(0, -1))).toBe('the output is not valid');
    let run = 0;
    const custom = (): number[] => [0, 3, 1, 0x61, run++];
    expect(found('', ({ bytes }) => Uint8Array.from([...bytes, ...custom()]))).toBe('rewriting is not deterministic');
    const heavy = new Uint8Array(2 ** 21 + 5);
    heavy.set([0, 0x80, 0x80, 0x80, 1, 0]);
    expect(found('', ({ bytes }) => Buffer.concat([bytes, heavy]))).toBe('the output is over the cap');
  });
});

describe('the kill finds', () => {
  /** Long enough that the word is found set in it on a machine that is busy as well. */
  const LOOP = `(module (func (export "f0") (local i32) loop local.get 0 i32.const 1 i32.add local.tee 0
    i32.const 30000000 i32.lt_u br_if 0 end))`;
  const TRAP = [0x22, 0, 0x41, 1, 0x46, 0x04, 0x40, 0x00, 0x0b];
  const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
  const found = (subject: Subject): string[] =>
    seeds.map((seed) => message(killAll(wat(LOOP), seed, subject, kept.epoch)));

  it('nothing in what Kerb does', () => {
    expect(new Set(found(KERB))).toEqual(new Set(['passed']));
  });

  it('a guest that runs on', () => {
    const fault = faulty(({ bytes }) => replaced(bytes, TRAP, TRAP.with(7, 0x01)));
    expect(found(fault)).toContain('f0: killed, and it came to: ended');
  });

  it('a guest that no check interrupts', () => {
    const long = wat(`(module (func (export "f0") (local i64) loop local.get 0 i64.const 1 i64.add local.tee 0
      i64.const 200000000 i64.lt_u br_if 0 end))`);
    const asUploaded: Subject = {
      ...KERB,
      instrument: (bytes, options) => ({ ...KERB.instrument(bytes, options), bytes: Uint8Array.from(bytes) }),
    };
    expect(message(killAll(long, 1, asUploaded, kept.epoch, 20))).toMatch(/^f0: \d+ ms after the last check/);
  });
});

describe('the admission finds', () => {
  const bytes = generate(3);
  const throwing = (error: () => unknown): Subject => ({
    ...KERB,
    inspect: () => {
      throw error();
    },
  });
  const found = (subject: Subject): string => message(admit(bytes, subject).verdict);

  it('nothing in what Kerb does', () => {
    expect(found(KERB)).toBe('passed');
  });

  it.each<[string, () => unknown, RegExp]>([
    ['another error than a refusal', () => new RangeError('offset is out of bounds'), /^threw RangeError/],
    ['a refusal without a place', () => new KerbError('bad_module', 'bad bytes'), /^no place/],
    [
      'a valid module called malformed',
      () => new KerbError('bad_module', 'bad at byte 3'),
      /^valid, and found malformed/,
    ],
    ['a refusal without a reason', () => new KerbError('refused_module', 'refused'), /^a refusal without a reason/],
    ['another code', () => new KerbError('bad_config', 'at byte 3'), /^an unexpected code/],
    ['a line without end', () => new KerbError('refused_module', 'x', ['y'.repeat(300)]), /^a line that is too long/],
    ['an escape sequence', () => new KerbError('refused_module', 'x', ['\u001b[2J']), /^a line with unprintable/],
  ])('%s', (_, error, says) => {
    expect(found(throwing(error))).toMatch(says);
  });

  it('an output that is not valid', () => {
    expect(found(faulty((output) => output.bytes.slice(0, -1)))).toBe('valid before rewriting and not after');
  });

  it('a decoder whose time is not in proportion', () => {
    const slow: Subject = {
      ...KERB,
      inspect: (input) => {
        for (const end = performance.now() + 600; performance.now() < end;);
        return KERB.inspect(input);
      },
    };
    expect(found(slow)).toMatch(/^\d+ ms for \d+ bytes/);
  });
});

describe('the limits find', () => {
  const params = NEAR_LIMITS.find(({ limit }) => limit === 'params');
  if (params === undefined) throw new TypeError('no such limit');
  const verdict = (value: number, beyond: 0 | 1, limit = params): string =>
    message(atLimit(limit.make(value), limit, beyond, KERB));

  it('a limit that is not kept, is too narrow or has no name', () => {
    expect(verdict(64, 1)).toBe('params: accepted beyond the limit');
    expect(verdict(65, 0)).toMatch(/^params: refused at the limit/);
    expect(verdict(65, 1, { ...params, says: /^something else/ })).toMatch(/^params: refused, and not by name/);
  });
});
