/**
 * Limits on uploaded modules, and those that more than one folder knows: each with its value, its reason, and what happens when it
 * is reached. Limits of a folder's own concern (messages, backends, the runtime, the data plane, manifests) are in the `limits.ts` of
 * that folder.
 */

// --- Module admission -------------------------------------------------------------------------------------------------
// Reaching any of these refuses the upload (`refused_module`) before V8 sees a byte of it; the refusal names the limit, the
// value, the place and the remedy. Each keeps a small upload from aborting, freezing or exhausting the process, and leaves room
// above what large real modules have: the maxima given are those of Go, Ruby, pyodide, esbuild, resvg, SQLite, QuickJS and others.

/** Limits on an uploaded module. */
export const MODULE_LIMITS = {
  /** Bytes outside custom sections. Compile cost and code space grow with it; larger modules need an explicit opt-in. */
  bytes: 16 * 1024 * 1024,
  /** Bytes outside custom sections with the operator's opt-in. */
  bytesWithOptIn: 32 * 1024 * 1024,
  /** Function types. V8 keeps every distinct type for the life of the process and aborts just under 2,000,000. */
  types: 1_000,
  /** Parameters of one type. Calls with 1,000 parameters overflow the baseline compiler's code buffer: abort. */
  params: 64,
  /** Results of one type, for the same reason. */
  results: 16,
  /** Parameters plus results of one block. Blocks with 1,000 parameters make merge states explode: abort. */
  blockArity: 16,
  /** Imports of any kind: each is linked for every instance. Real maximum: 548. */
  imports: 2_000,
  /** Functions that the module defines. */
  functions: 30_000,
  /** Global variables. */
  globals: 5_000,
  /** Exports before the unwanted ones are dropped. Real maximum: 8,560. */
  exports: 20_000,
  /** Exception tags. */
  tags: 1_000,
  /**
   * Parameters of one tag, all of them numbers. An exception lives on the JavaScript heap, outside of every memory budget: with these it
   * takes at most 312 bytes and holds no other. Toolchains throw one pointer. No table or global holds exceptions either, so what a
   * guest keeps alive is on its stack of 256 KiB: 8 bytes each, 10 MB in all, gone when the call ends.
   */
  tagParams: 8,
  /** Locals of one function that hold exceptions: unoptimized LLVM has one for each handler that rethrows, optimized a few in all. */
  exceptionLocals: 64,
  /** Bytes of one constant expression. A vector takes 19, a sum of two globals' addresses 12; one of 16 MB costs each instance 90 ms. */
  constantBytes: 64,
  /** All constant expressions together, but for data offsets of one constant: 1.5 ms for each instance. Real maximum: 6,850. */
  constantBytesTotal: 256 * 1024,
  /** Tables or memories of which the declarations are read at all; each has a lower limit of its own. */
  declarations: 1_000,
  /** Memories. The sandbox adds one that no instruction of a guest may name. */
  memories: 1,
  /** Tables. Thirty tables of 10M entries exhaust the heap at instantiation: abort. */
  tables: 4,
  /** Table entries, all tables together; every table gets a maximum, so growth stays under it too. */
  tableEntries: 20_000,
  /** Element segments. */
  elementSegments: 20_000,
  /** Function indices in element segments and constant expressions. Real maximum: 9,403. */
  functionReferences: 100_000,
  /** Data segments. Real maximum: 98,450. */
  dataSegments: 100_000,
  /** Bytes of the data section: copied for every instance. */
  dataBytes: 8 * 1024 * 1024,
  /**
   * Pages of 4 KiB that active data segments write, counted again when a segment comes back to one: each instance pays for them, up to
   * 1.6 us a page, before anything can interrupt it. Twice what {@link dataBytes} fill. Real maximum: 2,116 (Go).
   */
  dataPages: 4_096,
  /** Bytes of one function body: compile time is worse than linear in it. */
  bodyBytes: 256 * 1024,
  /** Locals of one function, parameters included. */
  locals: 2_000,
  /** Blocks open at once in one function. */
  controlDepth: 5_000,
  /** Loops inside loops. 10,000 nested loops take 6 GB in the optimizing compiler. */
  loopDepth: 64,
  /** Labels of one br_table. */
  branchTable: 8_192,
  /**
   * Edges of one function: blocks, branches, every label of a br_table, clauses, calls inside of a `try`. V8 aborts the process when it
   * optimizes a block with more than 65,535 of them. Real maxima: 16,121 (pyodide), 12,602 (esbuild), 8,230 (Go), 8,004 (resvg).
   */
  edges: 20_000,
  /** Calls of one function inside of a `try`: optimizing takes the square of their number, 3.3 s for 40,000, 0.1 s at the limit. Real maximum: 104. */
  protectedCalls: 4_096,
  /**
   * Live slots (locals and operand stack) summed over the edges of one function, and a quarter of them over its other calls. Costs a slot
   * up to 20 ns and 28 bytes in the baseline compiler, which runs at deploy: 30 ms at the limit. In the optimizing
   * one, in the background, up to 4 us and 190 bytes, and 7 KB an edge: 2-7 s and 310 MB at the limits, against 0.3 s and 160 MB for a
   * straight body of {@link bodyBytes}. Half of it would refuse Ruby and leave resvg no room. Real maxima: 1,310,000 (Ruby), 826,000
   * (resvg), 215,000 (pyodide), 187,000 (esbuild), 160,000 (Go), 131,000 (SQLite), 109,000 (QuickJS).
   */
  stateProduct: 1_500_000,
  /** The same, all functions together. Real maxima: 10,400,000 (Ruby), 8,200,000 (Go), 7,500,000 (esbuild). */
  stateProductTotal: 30_000_000,
  /**
   * Control operators, branches and calls of the whole module: bounds the rewriter's own memory (about 22 bytes each) and time (under
   * a second at the limit). Real maxima: 1,197,000 (Ruby), 1,048,000 (Go), 779,000 (esbuild).
   */
  events: 3_000_000,
  /** Bytes of one import or export name. Anything longer is an attack on logs or maps. */
  nameBytes: 1_024,
  /** Faults that one refusal lists; the rest are counted. */
  listedFaults: 50,
} as const;

/** How far rewriting may enlarge a module: `factor` times its size plus `slack` bytes. Beyond it the upload is refused. */
export const OUTPUT_CAP = { factor: 4, slack: 1024 * 1024 } as const;

/**
 * How far checks may raise edges and live slots of a function and of a module above {@link MODULE_LIMITS}; beyond it the upload is
 * refused. Real maxima with checks: 1,557,000 slots of a function (Ruby), 12,735 edges.
 */
export const COMPILE_COST_CAP = { factor: 1.25 } as const;

/** Pages of 64 KiB in a 32-bit memory; no budget can be larger. */
export const MAX_MEMORY_PAGES = 65_536;

// --- The process ------------------------------------------------------------------------------------------------------

/** Tenants that one process can count; more are not deployed. A slot takes 124 bytes. */
export const TENANT_SLOTS = 131_072;
