/** What benchmark `tax` runs: kernels of our own and real modules from npm, chosen before anything was tuned on them. */

/** A module of guests/kernels, whose export `run(n)` answers a checksum. */
export interface Kernel {
  readonly name: string;
  readonly language: 'C' | 'Rust';
  /** Its argument: 5 to 50 ms of work. */
  readonly n: number;
  /** What it does most of. */
  readonly what: string;
  /** Takes part in a quick run. */
  readonly scale: 'quick' | 'full';
}

/** Every kernel. */
export const KERNELS: readonly Kernel[] = [
  { name: 'matmul', language: 'C', n: 30, what: 'product of matrices of doubles', scale: 'quick' },
  { name: 'sieve', language: 'C', n: 50, what: 'sieve of Eratosthenes', scale: 'full' },
  { name: 'sha256', language: 'C', n: 50_000, what: 'SHA-256', scale: 'full' },
  { name: 'nbody', language: 'C', n: 200_000, what: 'five bodies under gravity', scale: 'full' },
  { name: 'quicksort', language: 'C', n: 150_000, what: 'recursive sort', scale: 'quick' },
  { name: 'fib', language: 'C', n: 35, what: 'recursion, nothing but calls', scale: 'quick' },
  { name: 'crc32', language: 'C', n: 60, what: 'CRC-32 by a table', scale: 'full' },
  { name: 'mandelbrot', language: 'C', n: 300, what: 'short loops of floating point', scale: 'full' },
  { name: 'spectral-norm', language: 'C', n: 500, what: 'divisions', scale: 'full' },
  { name: 'hash-map', language: 'C', n: 500_000, what: 'open addressing', scale: 'full' },
  { name: 'binary-trees', language: 'C', n: 18, what: 'malloc of wasi-libc, recursion', scale: 'full' },
  { name: 'blur', language: 'C', n: 1_200, what: 'SIMD over pixels', scale: 'quick' },
  { name: 'interpreter', language: 'C', n: 15_000, what: 'a loop around a switch', scale: 'full' },
  { name: 'dispatch', language: 'C', n: 100_000, what: 'indirect calls of tiny functions', scale: 'full' },
  { name: 'memory', language: 'C', n: 100_000, what: 'fills and copies', scale: 'full' },
  { name: 'json', language: 'Rust', n: 15_000, what: 'writing and parsing JSON', scale: 'quick' },
  { name: 'lz', language: 'Rust', n: 10, what: 'compression and back', scale: 'full' },
  { name: 'string-search', language: 'Rust', n: 20, what: 'find and split of std', scale: 'full' },
  { name: 'base64', language: 'Rust', n: 40, what: 'Base64 and back', scale: 'full' },
  { name: 'word-count', language: 'Rust', n: 100_000, what: 'hash map of std, formatting, sort', scale: 'full' },
];

/** A real module, run under the JavaScript that it comes with. */
export interface RealModule {
  readonly name: string;
  /** What npm installs, each by exact version. */
  readonly packages: readonly string[];
  /** Path of the module below `node_modules`. */
  readonly wasm: string;
  readonly language: string;
  /** What a call does. */
  readonly what: string;
  readonly scale: 'quick' | 'full';
}

/** Every module. */
export const REAL_MODULES: readonly RealModule[] = [
  {
    name: 'sql.js',
    packages: ['sql.js@1.16.0'],
    wasm: 'sql.js/dist/sql-wasm.wasm',
    language: 'C',
    what: 'SQLite: a table with an index, 1,500 rows, joins and groups',
    scale: 'quick',
  },
  {
    name: 'QuickJS',
    packages: ['quickjs-emscripten-core@0.32.0', '@jitl/quickjs-wasmfile-release-sync@0.32.0'],
    wasm: '@jitl/quickjs-wasmfile-release-sync/dist/emscripten-module.wasm',
    language: 'C',
    what: 'JavaScript: objects, closures, strings, regular expressions, sorting',
    scale: 'full',
  },
  {
    name: 'brotli',
    packages: ['brotli-wasm@3.0.1'],
    wasm: 'brotli-wasm/pkg.web/brotli_wasm_bg.wasm',
    language: 'Rust',
    what: '96 KiB of words compressed at quality 6, and back',
    scale: 'quick',
  },
  {
    name: 'resvg',
    packages: ['@resvg/resvg-wasm@2.6.2'],
    wasm: '@resvg/resvg-wasm/index_bg.wasm',
    language: 'Rust',
    what: 'a drawing of curves, gradients and strokes rendered to PNG',
    scale: 'full',
  },
  {
    name: 'esbuild',
    packages: ['esbuild-wasm@0.28.2'],
    wasm: 'esbuild-wasm/esbuild.wasm',
    language: 'Go',
    what: '40 KB of TypeScript made into minified JavaScript',
    scale: 'full',
  },
];
