import { describe, expect, it } from 'vitest';
import { buildCallGraph } from '../../../src/instrument/call-graph.ts';
import type { CallGraph } from '../../../src/instrument/call-graph.ts';
import { layOut } from '../../../src/instrument/layout.ts';
import { parse } from '../../../src/instrument/parse.ts';
import { breakCycles } from '../../../src/instrument/recursion.ts';
import type { Recursion } from '../../../src/instrument/recursion.ts';
import { wat } from './harness.ts';
import { Random } from '../../fuzz/random.ts';

function analyse(fields: string): { readonly graph: CallGraph; readonly recursion: Recursion } {
  const { module, code } = parse(wat(`(module ${fields})`), 1e6, () => undefined);
  const graph = buildCallGraph(
    module,
    code,
    layOut(module, code, () => false),
  );
  return { graph, recursion: breakCycles(code, graph) };
}

const targetsOf = (graph: CallGraph, node: number): number[] => [
  ...graph.targets.subarray(graph.offsets[node], graph.offsets[node + 1]),
];
const removedOf = ({ removed }: Recursion): number[] => [...removed.keys()].filter((node) => removed[node] === 1);

/** True when some path of remaining nodes leads from a node back to it by way of another. */
function hasCycle(graph: CallGraph, { removed }: Recursion): boolean {
  const state = new Uint8Array(graph.size);
  const visit = (node: number): boolean => {
    if (removed[node] === 1 || state[node] === 2) return false;
    if (state[node] === 1) return true;
    state[node] = 1;
    const found = targetsOf(graph, node).some((target) => target !== node && visit(target));
    state[node] = 2;
    return found;
  };
  return Array.from({ length: graph.size }, (_, node) => node).some(visit);
}

describe('the call graph', () => {
  it('has functions, then a node for each signature with the functions whose address is taken', () => {
    const { graph } =
      analyse(`(type $v (func)) (table funcref (elem $a $c)) (func $a call $b) (func $b i32.const 0 call_indirect (type $v))
      (func $c (param i32)) (func $d)`);
    expect(targetsOf(graph, 0)).toEqual([1]);
    const [signature = -1] = targetsOf(graph, 1);
    expect(signature).toBeGreaterThanOrEqual(graph.functions);
    expect(targetsOf(graph, signature)).toEqual([0]);
  });

  it('has an edge once, tail calls included, and none to imports', () => {
    const { graph } = analyse('(import "m" "i" (func $i)) (func $a call $i call $b call $b return_call $b) (func $b)');
    expect(targetsOf(graph, 0)).toEqual([1]);
  });
});

describe('breaking cycles', () => {
  it('removes nothing where there are none', () => {
    const { recursion } = analyse('(func $a call $b call $c) (func $b call $c) (func $c)');
    expect(removedOf(recursion)).toEqual([]);
    expect(recursion.direct.includes(1)).toBe(false);
  });

  it('leaves direct recursion to checks at its calls', () => {
    const { recursion } = analyse('(func $a call $a) (func $b call $a)');
    expect(removedOf(recursion)).toEqual([]);
    expect([...recursion.direct.subarray(0, 2)]).toEqual([1, 0]);
  });

  it('takes the hub of a star', () => {
    const spokes = Array.from({ length: 8 }, (_, index) => `(func $s${index} call $hub)`).join(' ');
    const calls = Array.from({ length: 8 }, (_, index) => `call $s${index}`).join(' ');
    const { recursion } = analyse(`${spokes} (func $hub ${calls})`);
    expect(removedOf(recursion)).toEqual([8]);
  });

  it('leaves callees with lower ranks than their callers', () => {
    const { recursion } = analyse('(func $a call $b) (func $b call $c) (func $c)');
    const [a = 0, b = 0, c = 0] = recursion.rank;
    expect(c).toBeLessThan(b);
    expect(b).toBeLessThan(a);
  });

  it('leaves no cycle in random modules', () => {
    const random = new Random(5);
    for (let round = 0; round < 100; round++) {
      const count = 2 + random.below(25);
      const call = (): string =>
        random.below(4) === 0 ? 'i32.const 0 call_indirect' : `call $f${random.below(count)}`;
      const functions = Array.from({ length: count }, (_, index) => {
        const calls = Array.from({ length: random.below(4) }, call).join(' ');
        return `(func $f${index} ${calls})`;
      });
      const { graph, recursion } = analyse(`(table funcref (elem $f0 $f1)) ${functions.join(' ')}`);
      expect(hasCycle(graph, recursion), `round ${round}`).toBe(false);
    }
  });
});
