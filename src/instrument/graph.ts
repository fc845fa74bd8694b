/** Directed graphs in compressed rows, and their strongly connected components. */

/** Node `n` points to `targets[offsets[n] .. offsets[n + 1])`. */
export interface Graph {
  readonly size: number;
  readonly offsets: Uint32Array;
  readonly targets: Uint32Array;
}

/**
 * The strongly connected components of the nodes for which `alive` is 1 (Tarjan, without recursion: hostile graphs are deep).
 * `of[n]` is the component of node n, -1 for dead nodes. Components are numbered so that an edge never leads to a higher number:
 * callees first.
 */
export function components(graph: Graph, alive: Uint8Array): { readonly of: Int32Array; readonly count: number } {
  const tarjan = new Tarjan(graph, alive);
  for (let node = 0; node < graph.size; node++) tarjan.visit(node);
  return { of: tarjan.of, count: tarjan.count };
}

class Tarjan {
  readonly of: Int32Array;
  count = 0;
  readonly #graph: Graph;
  readonly #alive: Uint8Array;
  /** Order of discovery from 1; 0 for unseen nodes. */
  readonly #order: Uint32Array;
  readonly #low: Uint32Array;
  /** Next edge of each node on the path. */
  readonly #cursor: Uint32Array;
  readonly #stack: number[] = [];
  readonly #path: number[] = [];
  #next = 1;

  constructor(graph: Graph, alive: Uint8Array) {
    this.#graph = graph;
    this.#alive = alive;
    this.of = new Int32Array(graph.size).fill(-1);
    this.#order = new Uint32Array(graph.size);
    this.#low = new Uint32Array(graph.size);
    this.#cursor = new Uint32Array(graph.size);
  }

  visit(root: number): void {
    if (this.#alive[root] === 0 || this.#order[root] !== 0) return;
    this.#enter(root);
    while (this.#path.length > 0) this.#step(this.#path.at(-1) as number);
  }

  #enter(node: number): void {
    this.#order[node] = this.#low[node] = this.#next++;
    this.#cursor[node] = this.#graph.offsets[node] as number;
    this.#stack.push(node);
    this.#path.push(node);
  }

  #step(node: number): void {
    const edge = this.#cursor[node] as number;
    if (edge === this.#graph.offsets[node + 1]) {
      this.#leave(node);
      return;
    }
    this.#cursor[node] = edge + 1;
    const target = this.#graph.targets[edge] as number;
    if (this.#alive[target] === 0) return;
    if (this.#order[target] === 0) this.#enter(target);
    else if (this.of[target] === -1) this.#lower(node, this.#order[target] as number);
  }

  #leave(node: number): void {
    this.#path.pop();
    const parent = this.#path.at(-1);
    if (parent !== undefined) this.#lower(parent, this.#low[node] as number);
    if (this.#low[node] !== this.#order[node]) return;
    for (;;) {
      const member = this.#stack.pop() as number;
      this.of[member] = this.count;
      if (member === node) break;
    }
    this.count++;
  }

  #lower(node: number, order: number): void {
    if (order < (this.#low[node] as number)) this.#low[node] = order;
  }
}
