import { describe, expect, it } from 'vitest';
import { addedEdges } from '../../../src/instrument/compile-cost.ts';
import { layOut } from '../../../src/instrument/layout.ts';
import { parse } from '../../../src/instrument/parse.ts';
import { planChecks } from '../../../src/instrument/plan-checks.ts';
import { rewrite, text, wat } from './harness.ts';

const STEP = 'local.get 0 i32.const 1 i32.add local.set 0 ';
const EXIT = 'local.get 0 i32.const 9 i32.eq br_if 1 ';
const TABLE = 'local.get 0 br_table 0 1 0 1 0 ';

/** Bodies of a loop in a block, by what becomes of the loop. */
const LOOPS: Readonly<Record<string, string>> = {
  'unrolled four times': `${STEP} br 0`,
  'unrolled four times, with an exit': `${EXIT} br 0`,
  'written twice': `${STEP.repeat(5)} br 0`,
  'written twice, with exits': `${STEP.repeat(2)} ${EXIT.repeat(3)} br 0`,
  'written twice, with a table': `${STEP.repeat(3)} ${TABLE}`,
  hoisted: `${STEP.repeat(20)} br 0`,
  'hoisted, with exits': `${STEP.repeat(12)} ${EXIT.repeat(4)} br 0`,
  'checked at its head': `${STEP} call $g br 0`,
};

function moduleWith(loop: string): Uint8Array<ArrayBuffer> {
  return wat(`(module (func $g) (func (export "f") (local i32) block loop ${loop} end end))`);
}

/** Blocks, branches with each label of a table, and calls in the function that is exported as `f`. */
function edgesOfF(bytes: Uint8Array): number {
  const lines = text(bytes);
  const index = /\(export "f" \(func (\d+)\)\)/.exec(lines)?.[1];
  const from = lines.indexOf(`(func (;${index};)`);
  const code = lines.slice(from, lines.indexOf('\n  (', from + 1)).replaceAll(/\(;.*?;\)|;;.*/g, '');
  const plain = code.match(/\b(block|loop|if|br|br_if|call) /g)?.length ?? 0;
  const bare = code.match(/\b(block|loop|if)\n/g)?.length ?? 0;
  const tables = code.match(/br_table( +\d+)+/g)?.map((table) => table.trim().split(/ +/).length - 1) ?? [];
  return plain + bare + tables.reduce((sum, labels) => sum + labels, 0);
}

describe('the edges that checks are taken to add', () => {
  it.each(Object.entries(LOOPS))('are no fewer than they do add to a loop that is %s', (_, loop) => {
    const bytes = moduleWith(loop);
    const { module, code } = parse(bytes, bytes.length, () => undefined);
    const plan = planChecks(
      module,
      code,
      layOut(module, code, () => false),
    );
    const really = edgesOfF(rewrite(bytes).bytes) - edgesOfF(bytes);
    const taken = addedEdges(code, plan, 1);
    expect(really).toBeGreaterThan(0);
    expect(taken).toBeGreaterThanOrEqual(really);
    expect(taken).toBeLessThanOrEqual(3 * really + 10);
  });
});
