/** CGI programs for tests: written in a few lines of text format, over WASI preview1. */
import { dataAt, type Text } from './guests.ts';
import { assemble } from './wat.ts';

export type { Text } from './guests.ts';

/** The shortest header block. */
export const CGI_HEAD = 'Content-Type: text/plain\n\n';

/** Functions of preview1 by short names, with their types. */
const FUNCTIONS: readonly (readonly [string, string, string])[] = [
  ['fdRead', 'fd_read', '(param i32 i32 i32 i32) (result i32)'],
  ['fdWrite', 'fd_write', '(param i32 i32 i32 i32) (result i32)'],
  ['fdClose', 'fd_close', '(param i32) (result i32)'],
  ['fdReaddir', 'fd_readdir', '(param i32 i32 i32 i64 i32) (result i32)'],
  ['environSizes', 'environ_sizes_get', '(param i32 i32) (result i32)'],
  ['environGet', 'environ_get', '(param i32 i32) (result i32)'],
  ['argsSizes', 'args_sizes_get', '(param i32 i32) (result i32)'],
  ['argsGet', 'args_get', '(param i32 i32) (result i32)'],
  ['pathOpen', 'path_open', '(param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)'],
  ['pathSymlink', 'path_symlink', '(param i32 i32 i32 i32 i32) (result i32)'],
  ['createFolder', 'path_create_directory', '(param i32 i32 i32) (result i32)'],
  ['setSize', 'fd_filestat_set_size', '(param i32 i64) (result i32)'],
  ['poll', 'poll_oneoff', '(param i32 i32 i32 i32) (result i32)'],
  ['exit', 'proc_exit', '(param i32)'],
];

const IMPORTS = FUNCTIONS.map(
  ([short, name, type]) => `(import "wasi_snapshot_preview1" "${name}" (func $${short} ${type}))`,
).join('\n');

/** Where texts lie; below 24 KiB is free, and above the texts is what variables and bodies are read into. */
const TEXTS_AT = 24_576;
const BUFFER_AT = 65_536;

/**
 * What programs share. `$out`, `$err`: all bytes of a text. `$copy`: standard input to standard output. `$environ`, `$args`: all
 * strings, each with its NUL. `$sleep`: nanoseconds. `$show`: a number of up to five digits and a blank. Addresses 0 to 255 are theirs.
 */
const LIBRARY = `
  (func $write (param $fd i32) (param $at i32) (param $length i32)
    (loop $more
      (i32.store (i32.const 0) (local.get $at))
      (i32.store (i32.const 4) (local.get $length))
      (if (call $fdWrite (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)) (then unreachable))
      (local.set $at (i32.add (local.get $at) (i32.load (i32.const 8))))
      (local.set $length (i32.sub (local.get $length) (i32.load (i32.const 8))))
      (br_if $more (local.get $length))))
  (func $out (param $at i32) (param $length i32) (call $write (i32.const 1) (local.get $at) (local.get $length)))
  (func $err (param $at i32) (param $length i32) (call $write (i32.const 2) (local.get $at) (local.get $length)))
  (func $copy
    (loop $more
      (i32.store (i32.const 16) (i32.const ${BUFFER_AT}))
      (i32.store (i32.const 20) (i32.const 50000))
      (if (call $fdRead (i32.const 0) (i32.const 16) (i32.const 1) (i32.const 24)) (then unreachable))
      (if (i32.load (i32.const 24)) (then
        (call $out (i32.const ${BUFFER_AT}) (i32.load (i32.const 24)))
        (br $more)))))
  (func $environ
    (drop (call $environSizes (i32.const 32) (i32.const 36)))
    (drop (call $environGet (i32.const 1024) (i32.const ${BUFFER_AT})))
    (call $out (i32.const ${BUFFER_AT}) (i32.load (i32.const 36))))
  (func $args
    (drop (call $argsSizes (i32.const 32) (i32.const 36)))
    (drop (call $argsGet (i32.const 1024) (i32.const ${BUFFER_AT})))
    (call $out (i32.const ${BUFFER_AT}) (i32.load (i32.const 36))))
  (func $sleep (param $ns i64)
    (i64.store (i32.const 128) (i64.const 0))
    (i64.store (i32.const 136) (i64.const 0))
    (i32.store (i32.const 144) (i32.const 1))
    (i64.store (i32.const 152) (local.get $ns))
    (i64.store (i32.const 160) (i64.const 0))
    (i64.store (i32.const 168) (i64.const 0))
    (if (call $poll (i32.const 128) (i32.const 192) (i32.const 1) (i32.const 224)) (then unreachable)))
  (func $show (param $n i32)
    (local $at i32)
    (local.set $at (i32.const 52))
    (i32.store8 (i32.const 53) (i32.const 32))
    (loop $more
      (i32.store8 (local.get $at) (i32.add (i32.const 48) (i32.rem_u (local.get $n) (i32.const 10))))
      (local.set $n (i32.div_u (local.get $n) (i32.const 10)))
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (br_if $more (local.get $n)))
    (call $out (i32.add (local.get $at) (i32.const 1)) (i32.sub (i32.const 53) (local.get $at))))`;

/** What a program does, as instructions. */
export interface CgiCode {
  /** The body of `_start`, with the i32 locals `$n`, `$i` and `$j`. */
  readonly start: string;
  /** More fields of the module. */
  readonly fields?: string;
  /** Pages of memory: 4. */
  readonly pages?: number;
}

/** A program. Addresses from 256 to 24 KiB are free to use. */
export function cgi(code: (text: Text) => CgiCode): Uint8Array<ArrayBuffer> {
  const data: string[] = [];
  let end = TEXTS_AT;
  const {
    start,
    fields = '',
    pages = 4,
  } = code((text) => {
    const bytes = Buffer.from(text);
    const place = `(i32.const ${end}) (i32.const ${bytes.length})`;
    if (bytes.length > 0) data.push(dataAt(end, bytes));
    end += bytes.length;
    return place;
  });
  return assemble(`(module ${IMPORTS}
    (memory (export "memory") ${pages})
    ${data.join('\n')}
    ${LIBRARY}
    ${fields}
    (func (export "_start") (local $n i32) (local $i i32) (local $j i32) ${start}))`);
}
