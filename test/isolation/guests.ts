/** Modules of hostile tenants and of an honest one, in text form: what every attack here is written with. */
import type { TestApp } from '../e2e/edge.ts';
import { dataAt, HTTP_HANDLER } from '../guests.ts';

/** What a guest consists of. */
export interface GuestParts {
  /** Instructions of `handle_request`, which answers "no next" after them. */
  readonly handle?: string;
  /** Imports besides those of `http_handler`. */
  readonly imports?: string;
  /** Functions, globals, tables and data. */
  readonly fields?: string;
  /** The memory's bounds in pages; `null`: no memory. */
  readonly memory?: string | null;
}

/** The text of an http-wasm guest. */
export function guest({ handle = '', imports = '', fields = '', memory = '1' }: GuestParts): string {
  return `(module ${HTTP_HANDLER} ${imports}
    ${memory === null ? '' : `(memory (export "memory") ${memory})`}
    ${fields}
    (func (export "handle_request") (result i64) ${handle} (i64.const 0))
    (func (export "handle_response") (param i32 i32)))`;
}

/** Instructions that read the whole request body, and so wait for as long as the client likes. */
export const READ_BODY = `(loop $read (br_if $read (i64.eqz
  (i64.shr_u (call $read (i32.const 0) (i32.const 0) (i32.const 65536)) (i64.const 32)))))`;

/** The import of one function of WASI, as `$wasi`. */
export function wasi(name: string, type: string): string {
  return `(import "wasi_snapshot_preview1" "${name}" (func $wasi ${type}))`;
}

/** A manifest's `[limits]`. */
export function limits(values: Readonly<Record<string, number>>): string {
  const lines = Object.entries(values).map(([key, value]) => `${key} = ${value}`);
  return `[limits]\n${lines.join('\n')}`;
}

/** CPU budget of attackers: small, because each attack uses it up. */
export const ATTACKER_CPU_MS = 20;

/** An app that attacks, with {@link ATTACKER_CPU_MS} and a short deadline. */
export function attacker(parts: GuestParts, more: Readonly<Record<string, number>> = {}): TestApp {
  return { manifest: limits({ cpu_ms: ATTACKER_CPU_MS, wall_ms: 10_000, ...more }), module: guest(parts) };
}

/** The honest tenant: answers each request with its own target, so that no answer fits another request. */
export const BYSTANDER: TestApp = {
  module: guest({ handle: '(call $write (i32.const 1) (i32.const 0) (call $uri (i32.const 0) (i32.const 4096)))' }),
};

/** Texts in data segments, one after the other from `start` on; `arguments` gives pointer and length of each. */
export function texts(
  start: number,
  values: readonly string[],
): { readonly data: string; readonly at: (index: number) => string } {
  const encoded = values.map((value) => Buffer.from(value, 'latin1'));
  const offsets = encoded.map((_, index) => encoded.slice(0, index).reduce((sum, bytes) => sum + bytes.length, start));
  return {
    data: encoded.map((bytes, index) => dataAt(offsets[index] ?? start, bytes)).join('\n'),
    at: (index) => `(i32.const ${offsets[index]}) (i32.const ${encoded[index]?.length})`,
  };
}
