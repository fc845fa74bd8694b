import { describe, expect, it } from 'vitest';
import { call, launch, rewrite, wat } from './harness.ts';

/** Guests that never stop on their own; each exports `run`. */
const ENDLESS: Readonly<Record<string, string>> = {
  'an empty loop': '(func (export "run") loop br 0 end)',
  'a loop that is unrolled four times':
    '(func (export "run") (local i32) loop local.get 0 i32.const 1 i32.add local.set 0 br 0 end)',
  'a loop that is unrolled twice': `(func (export "run") (local i32) loop ${'local.get 0 i32.const 1 i32.add local.set 0 '.repeat(6)} br 0 end)`,
  'a loop that is hoisted': `(func (export "run") (local i32) loop ${'local.get 0 i32.const 1 i32.add local.set 0 '.repeat(20)} br 0 end)`,
  'a loop with a conditional branch back': '(func (export "run") loop i32.const 1 br_if 0 end)',
  'a loop that a br_table repeats': '(func (export "run") loop i32.const 0 br_table 0 0 end)',
  'a loop that an inner block repeats': '(func (export "run") loop block block br 2 end end end)',
  'a loop with parameters': '(func (export "run") i32.const 1 loop (param i32) i32.const 1 i32.add br 0 end)',
  'a loop with a result': '(func (export "run") loop (result i32) br 0 end drop)',
  'nested loops': '(func (export "run") loop loop loop br 0 end br 1 end br 0 end)',
  'an outer loop around a finite one': `(func (export "run") (local i32) loop i32.const 9 local.set 0
     loop local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end br 0 end)`,
  'a loop with a call': '(func $f) (func (export "run") loop call $f br 0 end)',
  'a loop in a function that is called': '(func $f loop br 0 end) (func (export "run") call $f)',
  'a loop in catch_all': '(tag $e) (func (export "run") try throw $e catch_all loop br 0 end end)',
  'a loop that swallows everything':
    '(tag $e) (func $f throw $e) (func (export "run") loop try call $f catch_all br 1 end end)',
  'a loop inside try': '(func (export "run") loop try loop br 0 end catch_all end br 0 end)',
  'a try_table that goes round': '(tag $e) (func (export "run") loop try_table (catch_all 0) throw $e end end)',
  'a try_table that swallows everything':
    '(func (export "run") loop block try_table (catch_all 0) loop br 0 end end end br 0 end)',
  'a tail call to itself': '(func $f (export "run") return_call $f)',
  'tail calls in a ring': '(func $f (export "run") return_call $g) (func $g return_call $h) (func $h return_call $f)',
  'an indirect tail call': '(table funcref (elem $f)) (func $f (export "run") i32.const 0 return_call_indirect)',
  'indirect tail calls in a ring': `(table funcref (elem $f $g)) (func $f (export "run") i32.const 1 return_call_indirect)
     (func $g i32.const 0 return_call_indirect)`,
  'fills in a loop': `(memory 16) (func (export "run") loop i32.const 0 i32.const 1 i32.const 1048576 memory.fill br 0 end)`,
  'copies in a loop': `(memory 16) (func (export "run") loop i32.const 0 i32.const 1 i32.const 1048575 memory.copy br 0 end)`,
  'growth by nothing in a loop': '(memory 1) (func (export "run") loop i32.const 0 memory.grow drop br 0 end)',
  'table fills in a loop':
    '(table 9000 funcref) (func (export "run") loop i32.const 0 ref.null func i32.const 9000 table.fill br 0 end)',
  'v128 work in a loop':
    '(func (export "run") (local v128) loop local.get 0 local.get 0 i32x4.add local.set 0 br 0 end)',
};

/** Guests that recurse until they are stopped or run out of stack. */
const RECURSIVE: Readonly<Record<string, string>> = {
  recursion: '(func $f (export "run") call $f)',
  'recursion behind a condition': `(func $f (export "run") (result i32) (local i32) local.get 0 i32.eqz
     if (result i32) call $f else i32.const 1 end)`,
  'mutual recursion': '(func $f (export "run") call $g) (func $g call $h) (func $h call $f)',
  'recursion through a table': '(table funcref (elem $f)) (func $f (export "run") i32.const 0 call_indirect)',
  'mutual recursion through a table':
    '(table funcref (elem $g)) (func $f (export "run") i32.const 0 call_indirect) (func $g call $f)',
  'recursion through a passive segment': `(table 1 funcref) (elem $s func $f)
     (func $f (export "run") i32.const 0 i32.const 0 i32.const 1 table.init $s i32.const 0 call_indirect)`,
  'recursion through ref.func': `(table 1 funcref) (elem declare func $f)
     (func $f (export "run") i32.const 0 ref.func $f table.set i32.const 0 call_indirect)`,
  'recursion through a global': `(table 1 funcref) (global $g funcref (ref.func $f))
     (func $f (export "run") i32.const 0 global.get $g table.set i32.const 0 call_indirect)`,
  'recursion that swallows everything': '(func $f (export "run") try call $f catch_all end)',
};

const kill = { word: 1, answer: (): number => 1 };

describe('a kill', () => {
  it.each(Object.entries({ ...ENDLESS, ...RECURSIVE }))('ends %s at once', (_, fields) => {
    const guest = launch(rewrite(wat(`(module ${fields})`)), kill);
    expect(() => call(guest.exports, 'run')).toThrow(WebAssembly.RuntimeError);
    expect(guest.calls).toEqual({ interrupt: 1, yield: 0, refused: 0 });
  });

  it.each(Object.entries(ENDLESS))('ends %s after it went on fifty times', (_, fields) => {
    let left = 50;
    const guest = launch(rewrite(wat(`(module ${fields})`)), {
      word: 1,
      answer: () => {
        guest.epoch[0] = 1;
        return --left === 0 ? 1 : 0;
      },
    });
    expect(() => call(guest.exports, 'run')).toThrow(WebAssembly.RuntimeError);
    expect(left).toBe(0);
  });

  it('ends an endless start function', () => {
    const output = rewrite(wat('(module (func $f loop br 0 end) (start $f))'));
    const guest = launch(output, kill);
    expect(output.report.startExport).toBe('kerb:start');
    expect(() => call(guest.exports, 'kerb:start')).toThrow(WebAssembly.RuntimeError);
  });

  it('cannot be caught by either generation of handlers', () => {
    for (const catching of ['try call $f catch_all end', 'block try_table (catch_all 0) call $f end end']) {
      const guest = launch(rewrite(wat(`(module (func $f loop br 0 end) (func (export "run") ${catching}))`)), kill);
      expect(() => call(guest.exports, 'run')).toThrow(WebAssembly.RuntimeError);
    }
  });

  it('comes before a bulk operation, not after it', () => {
    const guest = launch(
      rewrite(
        wat(
          '(module (memory (export "memory") 1) (func (export "run") i32.const 0 i32.const 7 i32.const 60000 memory.fill))',
        ),
      ),
      kill,
    );
    expect(() => call(guest.exports, 'run')).toThrow(WebAssembly.RuntimeError);
    expect(new Uint8Array(guest.memory?.buffer ?? new ArrayBuffer(1))[0]).toBe(0);
  });
});

/** Counts the checks that a call passes when nothing is wrong: the word stays set, so every one of them interrupts. */
function checksPassed(fields: string): number {
  const guest = launch(rewrite(wat(`(module ${fields})`)), {
    word: 1,
    answer: () => {
      guest.epoch[0] = 1;
      return 0;
    },
  });
  call(guest.exports, 'run');
  return guest.calls.interrupt;
}

describe('straight lines', () => {
  it('are checked in a tree of calls without loops and recursion', () => {
    const levels = Array.from(
      { length: 4 },
      (_, level) => `(func $f${level} ${`call $f${level + 1} `.repeat(16)})`,
    ).join(' ');
    const leaf = `(func $f4 (local i32) ${'local.get 0 i32.const 1 i32.add local.set 0 '.repeat(3)})`;
    const passed = checksPassed(`${levels} ${leaf} (func (export "run") call $f0)`);
    expect(passed).toBeGreaterThan((16 ** 4 * 12) / 4096 / 2);
    expect(passed).toBeLessThan(16 ** 4 / 4);
  });

  it('are checked in one long function', () => {
    const passed = checksPassed(
      `(func (export "run") (local i64) ${'local.get 0 i64.const 3 i64.div_u local.set 0 '.repeat(4_000)})`,
    );
    expect(passed).toBeGreaterThanOrEqual(Math.floor((4_000 * 18) / (4_096 + 1_024)));
  });

  it('pay nothing when they are short', () => {
    expect(checksPassed('(func $f (result i32) i32.const 1) (func (export "run") call $f call $f i32.add drop)')).toBe(
      0,
    );
  });

  it('are checked through signatures', () => {
    const work = '(local i64) ' + 'local.get 0 i64.const 3 i64.div_u local.set 0 '.repeat(100);
    const passed = checksPassed(`(table funcref (elem $f)) (func $f ${work})
      (func (export "run") ${'i32.const 0 call_indirect '.repeat(100)})`);
    expect(passed).toBeGreaterThanOrEqual(Math.floor((100 * 1_800) / 8_192));
  });
});

describe('recursion', () => {
  it('pays nothing in leaves: fib checks once in a call that recurses', () => {
    const fib = `(func $fib (param i32) (result i32) local.get 0 i32.const 2 i32.lt_s if (result i32) local.get 0 else
      local.get 0 i32.const 1 i32.sub call $fib local.get 0 i32.const 2 i32.sub call $fib i32.add end)`;
    // fib(10) makes 177 calls, 88 of which recurse.
    expect(checksPassed(`${fib} (func (export "run") i32.const 10 call $fib drop)`)).toBe(88);
  });
});

describe('an interrupt that answers 2', () => {
  it('yields once and goes on', () => {
    const guest = launch(
      rewrite(
        wat(
          '(module (func (export "run") (result i32) (local i32) i32.const 9 local.set 0 loop local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end local.get 0))',
        ),
      ),
      {
        word: 1,
        answer: () => 2,
      },
    );
    expect(call(guest.exports, 'run')).toBe(0);
    expect(guest.calls).toEqual({ interrupt: 1, yield: 1, refused: 0 });
  });
});
