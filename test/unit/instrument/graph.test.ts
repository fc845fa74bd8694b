import { describe, expect, it } from 'vitest';
import { components } from '../../../src/instrument/graph.ts';
import type { Graph } from '../../../src/instrument/graph.ts';
import { Random } from '../../fuzz/random.ts';

function graph(edges: readonly (readonly number[])[]): Graph {
  const offsets = Uint32Array.from([0, ...edges.map((_, node) => edges.slice(0, node + 1).flat().length)]);
  return { size: edges.length, offsets, targets: Uint32Array.from(edges.flat()) };
}

const all = (size: number): Uint8Array => new Uint8Array(size).fill(1);

/** Which nodes each node reaches, by plain search: what components are measured against. */
function reachable(edges: readonly (readonly number[])[], from: number): Set<number> {
  const seen = new Set<number>();
  const open = [...(edges[from] ?? [])];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    open.push(...(edges[node] ?? []));
  }
  return seen;
}

describe('components', () => {
  it('join what reaches each other and number callees first', () => {
    const { of, count } = components(graph([[1], [2], [1, 3], []]), all(4));
    expect(count).toBe(3);
    expect(of[1]).toBe(of[2]);
    expect([of[3], of[1], of[0]]).toEqual([0, 1, 2]);
  });

  it('leave dead nodes out', () => {
    const { of } = components(graph([[1], [0], [2]]), Uint8Array.from([1, 0, 1]));
    expect([...of]).toEqual([0, -1, 1]);
  });

  it('agree with plain search on random graphs', () => {
    const random = new Random(11);
    for (let round = 0; round < 200; round++) {
      const size = 1 + random.below(12);
      const edges = Array.from({ length: size }, () =>
        Array.from({ length: random.below(4) }, () => random.below(size)),
      );
      const { of } = components(graph(edges), all(size));
      const reach = edges.map((_, node) => reachable(edges, node));
      edges.forEach((targets, node) => {
        for (const target of targets) expect(of[target]).toBeLessThanOrEqual(of[node] ?? -1);
        for (let other = 0; other < size; other++) {
          const together = node === other || (reach[node]?.has(other) === true && reach[other]?.has(node) === true);
          expect(of[node] === of[other]).toBe(together);
        }
      });
    }
  });

  it('do not recurse: a path of a hundred thousand nodes', () => {
    const size = 100_000;
    const path: Graph = {
      size,
      offsets: Uint32Array.from({ length: size + 1 }, (_, node) => Math.min(node, size - 1)),
      targets: Uint32Array.from({ length: size - 1 }, (_, node) => node + 1),
    };
    expect(components(path, all(size)).count).toBe(size);
  });
});
