import { describe, expect, it } from 'vitest';
import { rewrite, text, wat } from './harness.ts';

/** The text of the function that is exported as `f`, its instructions on one line. */
function functionF(fields: string): string {
  const lines = text(rewrite(wat(`(module ${fields})`)).bytes);
  const index = /\(export "f" \(func (\d+)\)\)/.exec(lines)?.[1];
  const from = lines.indexOf(`(func (;${index};)`);
  return lines
    .slice(from, lines.indexOf('\n  (', from + 1))
    .replaceAll(/\s*;; label = @\d+| \(;@\d+;\)/g, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll('i32.load 1 ', 'i32.load ');
}

const CHECK = 'i32.const 0 i32.load if call';
const STEP = 'local.get 0 i32.const 1 i32.add local.set 0 ';
const count = (fields: string, what = CHECK): number => functionF(fields).split(what).length - 1;

describe('a loop', () => {
  it('that nothing repeats gets no check', () => {
    expect(count('(func (export "f") loop nop end loop block br 0 end end)')).toBe(0);
  });

  it('of up to 24 bytes is written four times with one check', () => {
    const fields = `(func (export "f") (local i32) loop ${STEP} br 0 end)`;
    expect(count(fields)).toBe(1);
    expect(count(fields, 'i32.add')).toBe(4);
  });

  it('of up to 80 bytes is written twice with one check between, and the call of the helper outside of it', () => {
    const fields = `(func (export "f") (local i32) loop ${STEP.repeat(6)} br 0 end)`;
    expect(count(fields, 'i32.const 0 i32.load br_if 1')).toBe(1);
    expect(count(fields, 'i32.add')).toBe(12);
    expect(functionF(fields)).toMatch(/end br 2 end call \d+ br 0 end end/);
  });

  it('that is larger is written once, with the call of the helper outside of it', () => {
    const code = functionF(`(func (export "f") (local i32) loop ${STEP.repeat(20)} br 0 end)`);
    expect(code.split('i32.add')).toHaveLength(21);
    expect(code).toContain('block loop block loop i32.const 0 i32.load br_if 1 local.get 0');
    expect(code).toMatch(/br 0 end br 2 end call \d+ br 0 end end/);
  });

  it('around a loop or a call checks at its head', () => {
    expect(functionF('(func $g) (func (export "f") loop call $g br 0 end)')).toContain(`loop ${CHECK}`);
    expect(functionF('(func (export "f") loop loop br 0 end br 0 end)')).toContain(`loop ${CHECK}`);
  });

  it('with parameters checks at its head', () => {
    expect(functionF('(func (export "f") i32.const 0 loop (param i32) i32.const 1 i32.add br 0 end)')).toContain(
      `(param i32) ${CHECK}`,
    );
  });
});

describe('a bulk operation', () => {
  const sized = (instruction: string, what?: string): number[] =>
    ['i32.const 1023', 'i32.const 1024', 'local.get 0'].map((size) =>
      count(
        `(memory 1) (data $d "a") (func (export "f") (param i32) i32.const 0 i32.const 0 ${size} ${instruction})`,
        what,
      ),
    );

  it('is checked unless its size is a constant under 1 KB', () => {
    expect(sized('memory.init $d')).toEqual([0, 1, 1]);
  });

  it.each(['memory.fill', 'memory.copy'])(
    '%s becomes a call of a helper, which checks, with the same exception',
    (op) => {
      expect(sized(op)).toEqual([0, 0, 0]);
      expect(sized(op, op)).toEqual([1, 0, 0]);
      expect(sized(op, 'call')).toEqual([0, 1, 1]);
    },
  );

  it('whose helper checks is not checked before it as well, however long the line was', () => {
    const line = `(local i64) ${'local.get 1 i64.const 3 i64.div_u local.set 1 '.repeat(226)}`;
    const code = `(memory 1) (func (export "f") (param i32) ${line}`;
    expect(count(`${code} i32.const 0 i32.const 0 local.get 0 memory.fill ${'nop '.repeat(60)})`)).toBe(0);
    expect(count(`${code} i32.const 0 i32.const 0 i32.const 9 memory.fill ${'nop '.repeat(60)})`)).toBe(1);
  });

  it('of a table counts eight bytes an entry', () => {
    const fill = (entries: number): number =>
      count(`(table 200 funcref) (func (export "f") i32.const 0 ref.null func i32.const ${entries} table.fill)`);
    expect([fill(127), fill(128)]).toEqual([0, 1]);
  });
});

describe('recursion', () => {
  it('costs nothing outside of cycles', () => {
    expect(count('(func $g) (func $h call $g) (func (export "f") call $g call $h)')).toBe(0);
  });

  it('checks before a direct call of itself, unless a check was passed', () => {
    expect(count('(func $f (export "f") (param i32) local.get 0 if local.get 0 call $f local.get 0 call $f end)')).toBe(
      1,
    );
    expect(
      count('(func $f (export "f") (param i32) local.get 0 if local.get 0 call $f else local.get 0 call $f end)'),
    ).toBe(2);
  });

  it('between two functions checks in one of them', () => {
    const both = (name: string): number =>
      count(
        `(func $a ${name === 'a' ? '(export "f")' : ''} call $b) (func $b ${name === 'b' ? '(export "f")' : ''} call $a)`,
      );
    expect(both('a') + both('b')).toBe(1);
  });

  it('through a signature checks at the calls or in the functions that it reaches', () => {
    expect(count('(table funcref (elem $f)) (func $f (export "f") i32.const 0 call_indirect)')).toBeGreaterThanOrEqual(
      1,
    );
  });

  it('is not seen where a table holds functions of another signature', () => {
    expect(
      count('(table funcref (elem $f)) (func $f (export "f") i32.const 1 i32.const 0 call_indirect (param i32))'),
    ).toBe(0);
  });
});

describe('a handler', () => {
  it('begins with a check', () => {
    expect(functionF('(func (export "f") try nop catch_all nop end)')).toContain(`catch_all ${CHECK}`);
  });
});

describe('a call into the host', () => {
  it('costs what eight of them may between two checks', () => {
    const offered = { imports: new Map([['m', new Map([['h', '->' as const]])]]) };
    const checks = (calls: number): number =>
      rewrite(wat(`(module (import "m" "h" (func $h)) (func (export "f") ${'call $h '.repeat(calls)}))`), offered)
        .report.checks;
    expect([checks(8), checks(10), checks(20)]).toEqual([0, 1, 2]);
  });
});
