/**
 * The part of the WebAssembly JavaScript interface that Kerb uses, with JavaScript Promise Integration (JSPI): neither the
 * standard library of TypeScript without a browser nor that of Node declares it.
 */
declare namespace WebAssembly {
  interface MemoryDescriptor {
    readonly initial: number;
    readonly maximum?: number;
    readonly shared?: boolean;
  }
  class Memory {
    constructor(descriptor: MemoryDescriptor);
    readonly buffer: ArrayBuffer;
    grow(deltaPages: number): number;
  }
  interface TableDescriptor {
    readonly element: 'anyfunc' | 'externref';
    readonly initial: number;
    readonly maximum?: number;
  }
  class Table {
    constructor(descriptor: TableDescriptor, value?: unknown);
    readonly length: number;
    get(index: number): unknown;
    set(index: number, value?: unknown): void;
    grow(delta: number, value?: unknown): number;
  }
  class Global {
    constructor(descriptor: { readonly value: string; readonly mutable?: boolean }, value?: unknown);
    value: unknown;
    valueOf(): unknown;
  }
  class Tag {
    constructor(type: { readonly parameters: readonly string[] });
  }
  class Exception extends Error {
    constructor(tag: Tag, payload: readonly unknown[], options?: { readonly traceStack?: boolean });
    is(tag: Tag): boolean;
    getArg(tag: Tag, index: number): unknown;
  }
  interface ModuleExportDescriptor {
    readonly name: string;
    readonly kind: 'function' | 'table' | 'memory' | 'global' | 'tag';
  }
  interface ModuleImportDescriptor extends ModuleExportDescriptor {
    readonly module: string;
  }
  class Module {
    constructor(bytes: Uint8Array<ArrayBuffer> | ArrayBuffer);
    static exports(module: Module): ModuleExportDescriptor[];
    static imports(module: Module): ModuleImportDescriptor[];
    static customSections(module: Module, name: string): ArrayBuffer[];
  }
  /** A value that imports hold: never `any`, so that what a guest exports is narrowed before it is used. */
  type ImportValue = unknown;
  type Imports = Readonly<Record<string, Readonly<Record<string, ImportValue>>>>;
  class Instance {
    constructor(module: Module, imports?: Imports);
    readonly exports: Readonly<Record<string, unknown>>;
  }
  class CompileError extends Error {}
  class LinkError extends Error {}
  class RuntimeError extends Error {
    constructor(message?: string);
  }
  function validate(bytes: Uint8Array<ArrayBuffer> | ArrayBuffer): boolean;
  function compile(bytes: Uint8Array<ArrayBuffer> | ArrayBuffer): Promise<Module>;
  function instantiate(module: Module, imports?: Imports): Promise<Instance>;
  /** JSPI: an import that may answer a promise, which suspends the guest until it settles. */
  class Suspending {
    // oxlint-disable-next-line typescript/no-explicit-any -- any host function can be wrapped
    constructor(call: (...args: any[]) => unknown);
  }
  /** JSPI: enters an export on a stack of its own, so that it can be suspended. */
  // oxlint-disable-next-line typescript/no-explicit-any -- the parameter list is the export's
  function promising(exported: unknown): (...args: any[]) => Promise<unknown>;
}
