/**
 * Modules of any size, the same in every run and no two alike: http-wasm handlers whose answer names their tenant and a
 * number that their functions have computed. Pure.
 */
import { Writer } from '../src/wasm/writer.ts';
import { bodyLength, SCRATCH, writeBody } from './generated-code.ts';
import { Choices } from './choices.ts';
import { handle, imports } from './servers/http-handler-glue.js';

/** What a module is made for. */
export interface GeneratedModule {
  /** At most 63 characters: what its answer begins with. */
  readonly tenant: string;
  /** Another seed is another module, in each of its functions. */
  readonly seed: number;
  /** What it is to weigh, give or take one function. */
  readonly bytes: number;
}

const PAGE_BYTES = 65_536;
/** The share of a module that is data, as in what compilers make of programs with texts and tables. */
const DATA_SHARE = 0.2;
/** Where things are in memory. */
const AT = { name: 16, type: 32, digits: 64, answer: 128, data: 8_192 } as const;
const CONTENT_TYPE = 'text/plain; charset=utf-8';
const DIGITS = 8;
/** Functions of the module's own that each request enters, and how deep their calls go. */
const ENTERED = 4;
const CALL_DEPTH = 2;
/** Indices: two imports, two functions that the ABI wants, then the others. */
const FIRST_FUNCTION = 4;
/** Bytes of everything but data and those functions, and what a function takes beside the length that it is asked for. */
const FRAME_BYTES = 420;
const MORE_BYTES = 56;
/** How far on the functions are that a function may call: real calls are mostly near too. */
const NEAR = 64;

const I32 = 0x7f;
const I64 = 0x7e;
const SECTION = { type: 1, import: 2, function: 3, memory: 5, export: 7, code: 10, data: 11 } as const;
/** Indices of types, in order: set_header_value, write_body, handle_request, handle_response, and all other functions. */
const TYPES: readonly (readonly [readonly number[], readonly number[]])[] = [
  [[I32, I32, I32, I32, I32], []],
  [[I32, I32, I32], []],
  [[], [I64]],
  [[I32, I32], []],
  [[I32, I32], [I32]],
];

/** The module. */
export function generateModule({ tenant, seed, bytes }: GeneratedModule): Uint8Array<ArrayBuffer> {
  const choices = new Choices(seed);
  const dataBytes = Math.floor(bytes * DATA_SHARE);
  const lengths = bodyLengths(choices, bytes - dataBytes);
  const pages = Math.ceil((AT.data + dataBytes) / PAGE_BYTES);
  const out = new Writer(bytes + bytes / 8);
  out.bytes([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  section(out, SECTION.type, writeTypes);
  section(out, SECTION.import, writeImports);
  section(out, SECTION.function, (to) => list(to, [2, 3, ...lengths.map(() => 4)], (type) => to.u32(type)));
  section(out, SECTION.memory, (to) => list(to, [pages], (least) => to.bytes([0, ...leb(least)])));
  section(out, SECTION.export, writeExports);
  section(out, SECTION.code, (to) => writeCode(to, choices, lengths, tenant));
  section(out, SECTION.data, (to) => writeData(to, choices, tenant, dataBytes));
  return out.toBytes();
}

/** The only right body of its answer, as an engine without Kerb computes it. */
export function answerOf(module: Uint8Array<ArrayBuffer>): string {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module), imports);
  return Buffer.from(handle(instance, null).answer).toString('latin1');
}

/** Megabytes of memory that it needs, as a manifest says it. */
export function memoryMbOf({ bytes }: Pick<GeneratedModule, 'bytes'>): number {
  return Math.ceil((AT.data + bytes * DATA_SHARE + PAGE_BYTES) / 2 ** 20);
}

function bodyLengths(choices: Choices, codeBytes: number): number[] {
  const lengths: number[] = [];
  for (let left = codeBytes - FRAME_BYTES; left > 0; left -= (lengths.at(-1) ?? 0) + MORE_BYTES) {
    lengths.push(Math.min(bodyLength(choices), Math.max(40, left - MORE_BYTES)));
  }
  while (lengths.length < ENTERED) lengths.push(40);
  return lengths;
}

function section(out: Writer, id: number, write: (to: Writer) => void): void {
  const content = new Writer(256);
  write(content);
  out.byte(id);
  out.sized(content);
}

function list<T>(out: Writer, items: readonly T[], write: (item: T) => void): void {
  out.u32(items.length);
  for (const item of items) write(item);
}

function leb(value: number): number[] {
  const out = new Writer();
  out.u32(value);
  return [...out.view()];
}

function writeTypes(out: Writer): void {
  list(out, TYPES, ([parameters, results]) => {
    out.byte(0x60);
    list(out, parameters, (type) => out.byte(type));
    list(out, results, (type) => out.byte(type));
  });
}

function writeImports(out: Writer): void {
  list(out, ['set_header_value', 'write_body'].entries().toArray(), ([type, name]) => {
    out.name('http_handler');
    out.name(name);
    out.byte(0);
    out.u32(type);
  });
}

function writeExports(out: Writer): void {
  const exported = [
    ['memory', 2, 0],
    ['handle_request', 0, 2],
    ['handle_response', 0, 3],
  ] as const;
  list(out, exported, ([name, kind, index]) => {
    out.name(name);
    out.byte(kind);
    out.u32(index);
  });
}

function writeCode(out: Writer, choices: Choices, lengths: readonly number[], tenant: string): void {
  out.u32(2 + lengths.length);
  const body = new Writer(1_024);
  const end = FIRST_FUNCTION + lengths.length;
  writeHandler(body, choices, { functions: lengths.length, tenant });
  out.sized(body);
  out.bytes([2, 0, 0x0b]); // handle_response: no locals, end.
  for (const [at, bytes] of lengths.entries()) {
    const first = FIRST_FUNCTION + at + 1;
    const callees = Array.from({ length: Math.min(NEAR, end - first) }, (_, more) => first + more);
    body.reset();
    writeBody(body, choices, { bytes, callees });
    out.sized(body);
  }
}

/** Clears the scratch area, adds up what some functions compute, writes it as hexadecimal digits behind the tenant's name, answers. */
function writeHandler(
  out: Writer,
  choices: Choices,
  { functions, tenant }: { readonly functions: number; readonly tenant: string },
): void {
  const constant = (value: number): void => {
    out.byte(0x41);
    out.s33(value);
  };
  out.bytes([1, 1, I32]);
  for (const value of [SCRATCH.at, 0, SCRATCH.bytes]) constant(value);
  out.bytes([0xfc, 0x0b, 0]); // memory.fill
  for (let at = 0; at < ENTERED; at++) {
    constant(choices.bits());
    constant(CALL_DEPTH);
    out.byte(0x10);
    out.u32(FIRST_FUNCTION + Math.floor((functions * at) / ENTERED));
    out.bytes([0x20, 0, 0x6a, 0x21, 0]); // local.get 0, add, local.set 0
  }
  const digitsAt = AT.answer + tenant.length + 1;
  for (let digit = 0; digit < DIGITS; digit++) {
    constant(digitsAt + digit);
    out.bytes([0x20, 0]);
    constant(4 * (DIGITS - 1 - digit));
    out.bytes([0x76, 0x41, 15, 0x71, 0x2d, 0, ...leb(AT.digits)]); // shr_u, const 15, and, load8_u
    out.bytes([0x3a, 0, 0]); // store8
  }
  for (const value of [1, AT.name, 'content-type'.length, AT.type, CONTENT_TYPE.length]) constant(value);
  out.bytes([0x10, 0]);
  for (const value of [1, AT.answer, tenant.length + 1 + DIGITS + 1]) constant(value);
  out.bytes([0x10, 1, 0x42, 0, 0x0b]); // call, i64.const 0, end
}

function writeData(out: Writer, choices: Choices, tenant: string, bytes: number): void {
  const words = new Writer(bytes + 8);
  while (words.length < bytes) for (let left = choices.below(9); left >= 0; left--) words.byte(97 + choices.below(26));
  const segments: readonly (readonly [number, Uint8Array])[] = [
    [AT.name, Buffer.from('content-type')],
    [AT.type, Buffer.from(CONTENT_TYPE)],
    [AT.digits, Buffer.from('0123456789abcdef')],
    [AT.answer, Buffer.from(`${tenant} ${'-'.repeat(DIGITS)}\n`, 'latin1')],
    [AT.data, words.view().subarray(0, bytes)],
  ];
  list(out, segments, ([at, content]) => {
    out.bytes([0, 0x41]);
    out.s33(at);
    out.byte(0x0b);
    out.u32(content.length);
    out.bytes(content);
  });
}
