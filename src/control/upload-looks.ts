/** What bytes that are not a WebAssembly module look like, and what to do about it. */
import { KerbError } from '../errors.ts';
import { clipped } from '../quoted.ts';

/** Bytes at the start of a text that are looked at. */
const TEXT_BYTES = 256;
const MODULE_MAGIC = Buffer.from('\0asm');
const CORE_VERSION = 1;
const COMPONENT_LAYER = 0x1_000d;

interface Look {
  readonly at?: number;
  /** Each character is a byte. */
  readonly magic: string;
  /** Follows "it is"; with its remedy. */
  readonly said: string;
}

const BINARIES: readonly Look[] = [
  { magic: '\x1f\x8b', said: 'a gzip archive; send it as application/gzip' },
  { magic: 'PK\x03\x04', said: 'a zip archive; pack the folder with tar -czf, or send the .wasm file alone' },
  {
    at: 257,
    magic: 'ustar',
    said: 'a tar archive that is not compressed; pack it with tar -czf, send it as application/gzip',
  },
  { magic: '\x28\xb5\x2f\xfd', said: 'zstd-compressed; pack it with tar -czf' },
  { magic: '\xfd7zXZ', said: 'xz-compressed; pack it with tar -czf' },
  { magic: 'BZh', said: 'bzip2-compressed; pack it with tar -czf' },
  { magic: '7z\xbc\xaf', said: 'a 7-Zip archive; pack the folder with tar -czf' },
  { magic: '\x7fELF', said: 'a Linux program; build the app for a wasm32 target' },
  { magic: 'MZ', said: 'a Windows program; build the app for a wasm32 target' },
  { magic: '\xcf\xfa\xed\xfe', said: 'a macOS program; build the app for a wasm32 target' },
  { magic: '\xca\xfe\xba\xbe', said: 'a macOS program or a Java class; build the app for a wasm32 target' },
  { magic: '!<arch>', said: 'a static library; link it to a .wasm module' },
  { magic: 'BC\xc0\xde', said: 'LLVM bitcode; link it to a .wasm module' },
];

/** White space and comments of the text format. No two alternatives begin alike: matching takes time in proportion to the text. */
const WAT_START = String.raw`^(?:;;[^\n]*\n|\(;[^;]*;\)|\s)*\(\s*`;

const TEXTS: readonly { readonly pattern: RegExp; readonly said: string }[] = [
  {
    pattern: new RegExp(`${WAT_START}component\\b`),
    said: 'a component in text form; build a core module (wasm32-wasip1)',
  },
  {
    pattern: new RegExp(`${WAT_START}module\\b`),
    said: 'WebAssembly text; assemble it first, e.g. with wat2wasm',
  },
  {
    pattern: /^\s*<(?:!doctype|html|\?xml)/i,
    said: 'an HTML or XML page, perhaps an error page that was downloaded; look into the file',
  },
  { pattern: /^version https:\/\/git-lfs/, said: 'a Git LFS pointer; run git lfs pull and send the file itself' },
  { pattern: /^(?:AGFzbQ|H4sI)/, said: 'base64 text; decode it first' },
  { pattern: /^\s*[{[]/, said: 'JSON or similar text; send the .wasm file' },
];

/**
 * Throws `bad_module` unless `bytes` begin like a core module: the message says what they look like and what to do. `name` is what
 * the message calls them, e.g. `main "handler.wasm"`, safe to print. Whether it is a valid module is for admission to say.
 */
export function requireModule(bytes: Uint8Array, name: string): void {
  const fault = moduleFault(bytes);
  if (fault !== null)
    throw new KerbError('bad_module', clipped(`${name} is no WebAssembly module: it is ${fault}`, 199));
}

/** Throws `bad_request` unless `bytes` begin like gzip. */
export function requireGzip(bytes: Uint8Array): void {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return;
  const said = startsWith(bytes, MODULE_MAGIC) ? 'a WebAssembly module; send it as application/wasm' : looksLike(bytes);
  throw new KerbError('bad_request', `the archive is no gzip: it is ${said}`);
}

function moduleFault(bytes: Uint8Array): string | null {
  if (!startsWith(bytes, MODULE_MAGIC)) return looksLike(bytes);
  if (bytes.length < 8) return 'cut off; send the whole file';
  const version = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
  if (version === CORE_VERSION) return null;
  if (version === COMPONENT_LAYER) {
    return 'a component; build a core module (wasm32-wasip1 in place of wasip2), or take the core module out of it';
  }
  return `WebAssembly of version ${version}; build it for version 1`;
}

function looksLike(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'empty; send the file itself';
  const binary = BINARIES.find(({ at = 0, magic }) => startsWith(bytes.subarray(at), Buffer.from(magic, 'latin1')));
  if (binary !== undefined) return binary.said;
  const text = textOf(bytes.subarray(0, TEXT_BYTES));
  if (text !== null) return lookOf(text);
  const first = Buffer.from(bytes.subarray(0, 4)).toString('hex');
  return `of an unknown kind (it begins with 0x${first}); send a .wasm file or a tar.gz`;
}

function lookOf(text: string): string {
  return TEXTS.find(({ pattern }) => pattern.test(text))?.said ?? 'text; send a .wasm file or a tar.gz';
}

function startsWith(bytes: Uint8Array, magic: Uint8Array): boolean {
  return bytes.length >= magic.length && magic.every((byte, at) => bytes[at] === byte);
}

/** `bytes` as text, or `null` when they have control characters that no text has. */
function textOf(bytes: Uint8Array): string | null {
  const text = new TextDecoder().decode(bytes, { stream: true });
  return /[^\P{Cc}\s]|\ufffd/u.test(text) ? null : text;
}
