import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KerbError } from '../../../src/errors.ts';
import { instrument } from '../../../src/instrument/instrument.ts';
import { SANDBOX_MODULE } from '../../../src/instrument/sandbox-imports.ts';
import type { Rewriter } from './admission.ts';
import { assemble } from './assemble.ts';
import { startEpochThread } from './epoch.ts';
import type { EpochThread } from './epoch.ts';
import { runScript } from './run-script.ts';
import type { Result, ScriptRun } from './run-script.ts';
import { SCRIPTS } from './scripts.ts';

let epoch: EpochThread;
beforeAll(async () => {
  epoch = await startEpochThread();
});
afterAll(() => epoch.stop());

const run = (text: string, rewriter?: Rewriter): ScriptRun =>
  runScript(Buffer.from(text), { epoch: epoch.memory, ...(rewriter === undefined ? {} : { rewriter }) });
const faults = (results: readonly Result[]): string[] =>
  results.flatMap(({ status, line, reasons }) =>
    status === 'passed' ? [] : [`${line}: ${status} ${reasons.join('; ')}`],
  );
const last = (text: string, rewriter?: Rewriter): Result | undefined =>
  run(text, rewriter).results.findLast(({ line }) => line > 0);

/** Rewrites another module than the one that it is given: one byte of the code differs. */
function faulty(from: number, to: number): Rewriter {
  return (bytes, options) => {
    const changed = Uint8Array.from(bytes);
    changed[changed.lastIndexOf(from)] = to;
    return instrument(changed, options);
  };
}
const I32_ADD = 0x6a;
const I32_SUB = 0x6b;

describe('a script runs the same in all three worlds:', () => {
  it.each(Object.entries(SCRIPTS))('%s', (_, text) => {
    const { results } = run(text);
    expect(faults(results)).toEqual([]);
    expect(results.filter(({ subject }) => subject === 'assertion').length).toBeGreaterThan(0);
    for (const { right } of results) expect(right).toEqual([true, true, true]);
  });

  it('with the slow paths taken', () => {
    const { interrupts, yields } = run(SCRIPTS['loops, recursion and indirect calls'] ?? '');
    expect(interrupts).toBeGreaterThan(4);
    expect(yields).toBeGreaterThan(0);
  });
});

describe('a fault is found:', () => {
  const add = '(module (func (export "f") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))';

  it('a result that is not the expected one', () => {
    expect(last(`${add} (assert_return (invoke "f" (i32.const 1) (i32.const 2)) (i32.const 4))`)).toMatchObject({
      status: 'failed',
      reasons: [expect.stringContaining('the original came to (i32:0x00000003)')],
      right: [false, false, false],
    });
  });

  it('a rewriter that changes what a function computes', () => {
    const text = `${add} (assert_return (invoke "f" (i32.const 1) (i32.const 2)) (i32.const 3))`;
    expect(last(text, faulty(I32_ADD, I32_SUB))).toMatchObject({
      status: 'failed',
      reasons: [expect.stringMatching(/^difference: .*i32:0x00000003.*i32:0xffffffff/), expect.any(String)],
      right: [true, false, false],
    });
  });

  it('a rewriter that changes what is stored, though no result shows it', () => {
    const text = `(module (memory 1) (global $g (mut i32) (i32.const 0))
      (func (export "f") (i32.store (i32.const 0) (i32.add (i32.const 9) (i32.const 2))))) (assert_return (invoke "f"))`;
    const { results } = run(text, faulty(I32_ADD, I32_SUB));
    expect(results.at(-1)).toMatchObject({ text: '(state at the end)', status: 'failed', right: [true, false, false] });
  });

  it('a rewriter whose slow path changes a result', () => {
    const slow = assemble(`(module (import "${SANDBOX_MODULE}" "interrupt" (func $interrupt (result i32)))
      (import "${SANDBOX_MODULE}" "epoch" (memory 1 1 shared))
      (func (export "f") (result i32) (if (result i32) (i32.load (i32.const 0))
        (then (drop (call $interrupt)) (i32.const 1)) (else (i32.const 0)))))`);
    const rewriter: Rewriter = (bytes, options) => ({ ...instrument(bytes, options), bytes: slow });
    const text = '(module (func (export "f") (result i32) i32.const 0)) (assert_return (invoke "f") (i32.const 0))';
    expect(last(text, rewriter)).toMatchObject({
      status: 'failed',
      reasons: [expect.stringContaining('with the epoch word set to (i32:0x00000001)')],
      right: [true, true, false],
    });
  });

  it('a rewriter that crashes, and one whose output is not valid', () => {
    const crash: Rewriter = () => {
      throw new TypeError('oh');
    };
    expect(last(add, crash)).toMatchObject({ status: 'failed', reasons: [expect.stringContaining('TypeError: oh')] });
    const invalid: Rewriter = (bytes, options) => ({ ...instrument(bytes, options), bytes: Uint8Array.of(0) });
    expect(last(add, invalid)).toMatchObject({ status: 'failed', reasons: [expect.stringContaining('rewritten')] });
    expect(last(`(assert_unlinkable ${add} "x")`, crash)?.status).toBe('failed');
  });

  it('a trap, an exhaustion, an exception or a link error that does not happen', () => {
    const call = '(invoke "f" (i32.const 1) (i32.const 2))';
    for (const kind of ['assert_trap', 'assert_exhaustion', 'assert_exception'])
      expect(`${kind} ${last(`${add} (${kind} ${call} "x")`)?.status}`).toBe(`${kind} failed`);
    expect(last(`(assert_unlinkable ${add} "x")`)?.status).toBe('failed');
    expect(last(`(assert_trap ${add} "x")`)?.status).toBe('failed');
  });

  it('an invalid module that is let through', () => {
    expect(last('(assert_invalid (module (func)) "x")')).toMatchObject({
      status: 'failed',
      reasons: ['the invalid module was let through'],
    });
  });

  it('an unknown command, a value that cannot be read, a file that is no script', () => {
    expect(last('(thread)')).toMatchObject({ status: 'failed', reasons: ['unknown command thread'] });
    expect(last(`${add} (assert_return (invoke "f" (i32.const q) (i32.const 0)))`)?.status).toBe('failed');
    expect(run('(module').results).toMatchObject([{ status: 'failed', reasons: [expect.stringContaining('line 1')] }]);
  });
});

describe('what Kerb refuses', () => {
  it('is told with its reasons, and so is what depends on it', () => {
    const { results } = run(`(module (import "spectest" "memory" (memory 1)) (func (export "f")))
      (assert_return (invoke "f"))`);
    expect(results).toMatchObject([
      { status: 'refused', reasons: [expect.stringContaining('is a memory: import functions only')] },
      { status: 'refused', reasons: ['the module was refused'] },
    ]);
  });

  it('disturbs the modules that it would have changed, and those linked with them', () => {
    const { results } = run(`(module $a (table (export "t") 1 funcref) (func (export "f")))
      (register "a" $a)
      (module $b (import "a" "f" (func)) (func (export "g") (call 0)))
      (assert_return (invoke $b "g"))
      (module (import "a" "t" (table 1 funcref)))
      (assert_return (invoke $a "f")) (assert_return (invoke $b "g"))`);
    expect(results.slice(0, 7).map(({ status }) => status)).toEqual(
      ['passed', 'passed', 'passed', 'passed'].concat(['refused', 'refused', 'refused']),
    );
  });

  it('is no fault of modules that are asserted not to link', () => {
    expect(last('(assert_unlinkable (module (import "spectest" "table" (table 99 funcref))) "x")')?.status).toBe(
      'passed',
    );
  });

  it('is told apart from text that the assembler does not take', () => {
    expect(last('(module (rec (type (func))))')?.status).toBe('unassembled');
    expect(last('(module quote "(func)")')?.status).toBe('passed');
    expect(last('(assert_malformed (module quote "(func") "x")')?.status).toBe('inapplicable');
  });

  it('has to be refused by a KerbError', () => {
    const refusing: Rewriter = () => {
      throw new KerbError('refused_module', 'refused', ['because']);
    };
    expect(last('(module)', refusing)).toMatchObject({ status: 'refused', reasons: ['because'] });
  });
});
