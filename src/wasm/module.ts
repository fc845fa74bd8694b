/** The decoded module: what the sections say, as plain data with byte offsets into the upload. Nothing here is validated. */

/** A value type as its byte: 0x7f i32, 0x7e i64, 0x7d f32, 0x7c f64, 0x7b v128, 0x70 funcref, 0x6f externref, 0x69 exnref. */
export type ValueType = number;

/** The value types by name. */
export const Value = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
  funcref: 0x70,
  externref: 0x6f,
  exnref: 0x69,
} as const;

/** A function type. */
export interface FunctionType {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** What an import or export is. The order is that of the binary format's kind byte. */
export const EXTERNAL_KINDS = ['function', 'table', 'memory', 'global', 'tag'] as const;

/** A member of {@link EXTERNAL_KINDS}. */
export type ExternalKind = (typeof EXTERNAL_KINDS)[number];

/** One import. */
export interface Import {
  readonly module: string;
  readonly name: string;
  readonly kind: ExternalKind;
  /** For functions and tags the index of the type, else -1. */
  readonly type: number;
}

/** One export. */
export interface Export {
  readonly name: string;
  readonly kind: ExternalKind;
  readonly index: number;
}

/** The size bounds of a memory (pages) or table (entries), with the features that Kerb refuses. */
export interface Limits {
  readonly initial: number;
  readonly maximum: number | null;
  readonly shared: boolean;
  /** Memory64 or table64. */
  readonly wide: boolean;
  readonly customPageSize: boolean;
}

/** A defined table. */
export interface Table {
  readonly element: ValueType;
  readonly limits: Limits;
  /** Byte range of its initializer expression, if it has one. */
  readonly init: ByteRange | null;
}

/** Bytes `[start, end)` of the upload. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Function indices in element segments and constant expressions: triples of start offset, end offset and index, in order of
 * offset. They are what shifts when imports are added.
 */
export type FunctionReferences = readonly number[];

/** A global that instructions can set. */
export interface MutableGlobal {
  readonly index: number;
  readonly type: ValueType;
}

/** A core module as its sections say. */
export interface Module {
  readonly bytes: Uint8Array;
  readonly types: readonly FunctionType[];
  readonly imports: readonly Import[];
  /** Type index of each defined function. */
  readonly functions: Uint32Array;
  readonly tables: readonly Table[];
  readonly memories: readonly Limits[];
  /** Type index of each defined tag. */
  readonly tags: Uint32Array;
  readonly globals: { readonly count: number; readonly mutable: readonly MutableGlobal[]; readonly range: ByteRange };
  readonly exports: readonly Export[];
  readonly start: number | null;
  readonly elements: { readonly count: number; readonly range: ByteRange };
  /** References inside the table, global and element sections. */
  readonly references: FunctionReferences;
  readonly dataCount: number | null;
  /** Start and end of each body, locals included: two numbers a function. */
  readonly bodies: Uint32Array;
  /** Constant expressions: see `Constants`. */
  readonly constants: { readonly bytes: number };
  /** `pages` are those of 4 KiB that active segments write. */
  readonly data: {
    readonly count: number;
    readonly active: number;
    readonly pages: number;
    readonly range: ByteRange;
  };
  /** Bytes outside custom sections. */
  readonly strippedBytes: number;
}

/** The imports of one kind, in order: they come first in that kind's index space. */
export function importsOf(module: Module, kind: ExternalKind): readonly Import[] {
  return module.imports.filter((entry) => entry.kind === kind);
}
