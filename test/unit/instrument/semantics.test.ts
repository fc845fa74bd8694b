import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepWordSet } from '../../fuzz/oracle/kept-word.ts';
import type { KeptWord } from '../../fuzz/oracle/kept-word.ts';
import { KERB } from '../../fuzz/oracle/subject.ts';
import { Statistics } from '../../fuzz/statistics.ts';
import { trial } from '../../fuzz/trial.ts';
import { call, launch, rewrite, wat } from './harness.ts';
import type { Exports } from './harness.ts';

/** Functions `run: (i32) -> i32` of one construct each. */
const CONSTRUCTS: Readonly<Record<string, string>> = {
  'a counted loop': `(func (export "run") (param i32) (result i32) (local i32)
    loop local.get 1 local.get 0 i32.add local.set 1 local.get 0 i32.const 1 i32.sub local.tee 0 i32.const 0 i32.gt_s br_if 0 end local.get 1)`,
  'an unrolled loop that leaves two blocks': `(func (export "run") (param i32) (result i32) (local i32)
    block block loop local.get 0 i32.const 5 i32.eq br_if 2 local.get 1 i32.const 1 i32.add local.tee 1 i32.const 40 i32.gt_u br_if 1
      local.get 0 i32.const 1 i32.sub local.set 0 br 0 end end i32.const 1000 local.set 1 end local.get 1)`,
  'a hoisted loop with a br_table out of it': `(func (export "run") (param i32) (result i32) (local i32)
    block block block loop ${'local.get 1 i32.const 3 i32.mul i32.const 1 i32.add local.set 1 '.repeat(9)}
      local.get 0 local.get 1 i32.add i32.const 7 i32.and br_table 0 0 1 0 2 3 0 1 end end
      local.get 1 i32.const 11 i32.add return end local.get 1 i32.const 13 i32.add local.set 1 end local.get 1)`,
  'a loop whose label sits inside a block': `(func (export "run") (param i32) (result i32)
    loop block local.get 0 i32.const 3 i32.rem_s br_if 0 local.get 0 i32.const 2 i32.div_s return end local.get 0 i32.const 1 i32.add local.set 0 br 0 end i32.const 0)`,
  'a loop with a result and a branch out with a value': `(func (export "run") (param i32) (result i32)
    block (result i32) loop (result i32) local.get 0 i32.const 77 local.get 0 i32.const 10 i32.gt_s br_if 1 drop drop
      local.get 0 i32.const 1 i32.add local.tee 0 i32.const 9 i32.lt_s br_if 0 local.get 0 end i32.const 100 i32.add end)`,
  'a loop with parameters': `(func (export "run") (param i32) (result i32)
    i32.const 1 local.get 0 loop (param i32 i32) (result i32) local.set 0 i32.const 3 i32.mul
      local.get 0 i32.const 1 i32.sub local.tee 0 local.get 0 i32.const 0 i32.gt_s br_if 0 drop end)`,
  'blocks of several values': `(func (export "run") (param i32) (result i32)
    local.get 0 i32.const 2 block (param i32 i32) (result i32 i32) i32.add i32.const 3 end i32.mul)`,
  'br_table over many blocks': `(func (export "run") (param i32) (result i32)
    block block block block local.get 0 br_table 0 1 2 3 1 end i32.const 10 return end i32.const 11 return end i32.const 12 return end i32.const 13)`,
  'legacy exceptions': `(tag $e (param i32)) (func $f (param i32) (result i32)
      local.get 0 i32.const 1 i32.and if local.get 0 throw $e end local.get 0)
    (func (export "run") (param i32) (result i32)
      try (result i32) local.get 0 call $f catch $e i32.const 100 i32.add end
      try (result i32) try (result i32) local.get 0 call $f delegate 0 catch $e drop i32.const -7 end i32.add)`,
  'a legacy rethrow': `(tag $e) (func (export "run") (param i32) (result i32)
    try (result i32) try (result i32) throw $e catch $e rethrow 0 end catch_all i32.const 5 end)`,
  'current exceptions': `(tag $e (param i32)) (func $f (param i32) (result i32)
      local.get 0 i32.const 1 i32.and if local.get 0 throw $e end local.get 0)
    (func (export "run") (param i32) (result i32)
      block (result i32) try_table (result i32) (catch $e 0) local.get 0 call $f end i32.const 100 i32.add end)`,
  'tail calls': `(func $down (param i32 i32) (result i32) local.get 0 i32.eqz if local.get 1 return end
      local.get 0 i32.const 1 i32.sub local.get 1 local.get 0 i32.add return_call $down)
    (func (export "run") (param i32) (result i32) local.get 0 i32.const 255 i32.and i32.const 0 return_call $down)`,
  'indirect calls in both forms': `(type $t (func (param i32) (result i32))) (table funcref (elem $a $b $c))
    (func $a (param i32) (result i32) local.get 0 i32.const 1 i32.add) (func $b (param i32) (result i32) local.get 0 i32.const 2 i32.mul)
    (func $c (param i32) (result i32) local.get 0 local.get 0 i32.const 1 i32.and return_call_indirect (type $t))
    (func (export "run") (param i32) (result i32) local.get 0 local.get 0 i32.const 3 i32.rem_u call_indirect (type $t))`,
  'a call of the wrong signature': `(table funcref (elem $f)) (func $f) (func (export "run") (param i32) (result i32) local.get 0 i32.const 0 call_indirect (param i32) (result i32))`,
  'references to functions': `(type $t (func (result i32))) (table $t 3 funcref) (elem declare func $b)
    (global $g (mut funcref) (ref.func $a)) (func $a (result i32) i32.const 40) (func $b (result i32) i32.const 41)
    (func (export "run") (param i32) (result i32) i32.const 0 global.get $g table.set i32.const 1 ref.func $b table.set
      i32.const 2 ref.null func table.set local.get 0 i32.const 3 i32.rem_u call_indirect (type $t))`,
  'bulk memory': `(memory (export "memory") 1) (data $d "abcdefgh") (func (export "run") (param i32) (result i32)
      i32.const 10 local.get 0 i32.const 100 memory.fill i32.const 12 i32.const 0 i32.const 8 memory.init $d
      i32.const 50 i32.const 10 local.get 0 i32.const 63 i32.and memory.copy data.drop $d i32.const 53 i32.load)`,
  'bulk tables': `(table $t 10 20 funcref) (elem $s func $a $b) (func $a (result i32) i32.const 4) (func $b (result i32) i32.const 5)
    (func (export "run") (param i32) (result i32) i32.const 3 i32.const 0 i32.const 2 table.init $s
      i32.const 6 i32.const 3 i32.const 2 table.copy ref.null func i32.const 2 table.grow drop i32.const 0 ref.func $b i32.const 2 table.fill
      local.get 0 i32.const 7 i32.and call_indirect (result i32) table.size i32.add) (elem declare func $b)`,
  vectors: `(memory 1) (func (export "run") (param i32) (result i32) (local v128)
    loop local.get 1 local.get 0 i32x4.splat i32x4.add local.set 1 i32.const 0 local.get 1 v128.store
      local.get 0 i32.const 1 i32.sub local.tee 0 i32.const 0 i32.gt_s br_if 0 end i32.const 4 i32.load)`,
  'growth of the memory': `(memory 1 3) (func (export "run") (param i32) (result i32)
    local.get 0 memory.grow i32.const 1000 i32.mul memory.size i32.add)`,
  traps: `(func (export "run") (param i32) (result i32) i32.const 7 local.get 0 i32.const 1 i32.and i32.div_s)`,
};

const ARGUMENTS = [0, 1, 2, 3, 7, 100, -1];

/** What a call comes to, as text: its result, or the kind of its failure. */
function outcome(exports: Exports, name: string, argument: number): string {
  try {
    return String(call(exports, name, argument));
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}

describe('rewriting keeps the meaning of', () => {
  it.each(Object.entries(CONSTRUCTS))('%s', (_, fields) => {
    const bytes = wat(`(module ${fields})`);
    const output = rewrite(bytes);
    expect(WebAssembly.validate(output.bytes)).toBe(true);
    for (const argument of ARGUMENTS) {
      const original = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
      const undisturbed = launch(output);
      const interrupted = launch(output, { word: 1 });
      const yielding = launch(output, { word: 1, answer: () => 2 });
      const expected = outcome(original, 'run', argument);
      for (const guest of [undisturbed, interrupted, yielding])
        expect(outcome(guest.exports, 'run', argument), `run(${argument})`).toBe(expected);
    }
  });
});

const PROGRAMS = 150;

describe('random programs', () => {
  let kept: KeptWord;
  beforeAll(async () => {
    kept = await keepWordSet();
  });
  afterAll(() => kept.stop());

  /** What a mode of the fuzzer finds in its first programs, and how often its facts were seen. */
  function tried(mode: 'generate' | 'endless'): { readonly found: readonly string[]; readonly statistics: Statistics } {
    const statistics = new Statistics();
    const found: string[] = [];
    for (let seed = 1; seed <= PROGRAMS; seed++) {
      const verdict = trial(mode, seed, KERB, kept.epoch);
      statistics.add(mode, verdict);
      if (verdict.kind === 'finding') found.push(`seed ${seed}: ${verdict.message}`);
    }
    return { found, statistics };
  }

  it('mean the same when nothing, a yielding host or another thread interrupts them', () => {
    const { found, statistics } = tried('generate');
    expect(found).toEqual([]);
    expect(statistics.of('generate', 'checks')).toBeGreaterThan(PROGRAMS);
  });

  it('are ended by a kill, whatever they catch', () => {
    const { found, statistics } = tried('endless');
    expect(found).toEqual([]);
    expect(statistics.of('endless', 'kills')).toBeGreaterThan(PROGRAMS);
  });
});

it('a function that only a dropped export declares can still be referred to', () => {
  const module = wat(`(module (func $f (export "dropped")) (func (export "run") (drop (ref.func $f))))`);
  const { bytes } = rewrite(module, { exports: new Map([['run', '->' as const]]) });
  expect(WebAssembly.validate(bytes)).toBe(true);
});

it('segments keep their indices when a declaration is appended', () => {
  const module = wat(`(module (table 2 funcref) (elem (i32.const 0) $a) (elem $passive func $b)
    (func $a (result i32) (i32.const 1)) (func $b (export "dropped") (result i32) (i32.const 2))
    (type $t (func (result i32)))
    (func (export "run") (result i32) (table.init $passive (i32.const 1) (i32.const 0) (i32.const 1))
      (drop (ref.func $b)) (i32.add (call_indirect (type $t) (i32.const 0)) (call_indirect (type $t) (i32.const 1)))))`);
  const run = launch(rewrite(module, { exports: new Map([['run', '->i' as const]]) })).exports['run'] as () => number;
  expect(run()).toBe(3);
});
