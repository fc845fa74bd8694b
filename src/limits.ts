/**
 * Limits on uploaded modules: each with its value, its reason, and what happens when it is reached. Limits of a folder's own
 * concern (messages, backends, the runtime, the data plane, manifests) are in the `limits.ts` of that folder.
 */

// --- Module admission -------------------------------------------------------------------------------------------------
// Reaching any of these refuses the upload (`refused_module`) before V8 sees a byte of it; the refusal names the limit, the
// value, the place and the remedy. Together they admit every one of twenty large real modules (Go, swc, StarlingMonkey,
// pyodide, SQLite) with room to spare; each keeps a small upload from aborting, freezing or exhausting the process.

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
   * Live slots (locals and operand stack) summed over the control operators of one function: each costs a compiler 17-33 ns
   * and 26 bytes, so 80,000 operands under 11,000 `if`s (300 KB) compile for minutes.
   */
  stateProduct: 4_000_000,
  /** The same, all functions together. */
  stateProductTotal: 60_000_000,
  /** Control operators, branches and calls of the whole module: bounds the rewriter's own memory (about 22 bytes each). */
  events: 6_000_000,
  /** Bytes of one import or export name. Anything longer is an attack on logs or maps. */
  nameBytes: 1_024,
  /** Faults that one refusal lists; the rest are counted. */
  listedFaults: 50,
} as const;

/** How far rewriting may enlarge a module: `factor` times its size plus `slack` bytes. Beyond it the upload is refused. */
export const OUTPUT_CAP = { factor: 4, slack: 1024 * 1024 } as const;

/** How far checks may raise the compile cost of a function and of a module above {@link MODULE_LIMITS}; beyond it the upload is refused. */
export const COMPILE_COST_CAP = { factor: 2 } as const;

/** Pages of 64 KiB in a 32-bit memory; no budget can be larger. */
export const MAX_MEMORY_PAGES = 65_536;
