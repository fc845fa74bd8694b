/** The cases of benchmark `cache`: what is asked, and the answer that every cache must give. Pure. */
import { scriptWith } from './load.ts';

/** The host that is asked. */
export const HOST = 'shop.localhost';
/** What the origin tags all its answers with. */
export const TAG = 'everything';

/** Distinct keys of the case with many. */
export const KEYS = 1_000;
/** Draws from them, in turn: long enough that rare keys come. */
const DRAWS = 16_384;
/** Keys that one purge ends. */
export const PURGED_KEYS = 10_000;
/** Clients that ask for one key at once, and how long the origin takes to answer it. */
export const STORM_CLIENTS = 200;
export const STORM_WAIT_MS = 200;

const CONNECTIONS = 64;
const KIB = 1024;
const LARGE_BYTES = 256 * KIB;
const RANGE = { first: 1_000, last: 2_023 } as const;

/** What is asked for again and again, of what is stored. */
export interface HitCase {
  readonly name: string;
  /** The key that the answers are compared for. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number;
  /** Bounds of the content, both included; `null`: no content. */
  readonly range: { readonly first: number; readonly last: number } | null;
  /** How many keys there are. */
  readonly keys: number;
  readonly connections: number;
}

/** Where the origin has content of so many bytes. */
export function pathOf(bytes: number, key: string): string {
  return `/bytes/${bytes}/${key}`;
}

/** The same, of which the origin thinks for a while first. */
export function slowPathOf(bytes: number, key: string): string {
  return `/slow/${bytes}/${key}`;
}

/** The content at a path: different for each; `null` when there is none. */
export function contentOf(path: string): Buffer | null {
  const bytes = Number(/^\/(?:bytes|slow)\/(\d{1,7})\/[\w-]+$/.exec(path)?.[1] ?? Number.NaN);
  return Number.isNaN(bytes) ? null : Buffer.alloc(bytes, `${path}\n`);
}

/** The validator of the content at a path. */
export function etagOf(path: string): string {
  return `"${path.slice(1).replaceAll('/', '-')}"`;
}

/** The keys of the case with many. */
export function keysOf({ path, keys }: Pick<HitCase, 'path' | 'keys'>): string[] {
  if (keys === 1) return [path];
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  return Array.from({ length: keys }, (_, at) => `${folder}k${at}`);
}

function hit(name: string, path: string, bytes: number, more: Partial<HitCase> = {}): HitCase {
  const range = { first: 0, last: bytes - 1 };
  return { name, path, headers: {}, status: 200, range, keys: 1, connections: CONNECTIONS, ...more };
}

const HOT = pathOf(KIB, 'hot');
const LARGE = pathOf(LARGE_BYTES, 'large');

/** Every case of hits. */
export const HIT_CASES: readonly HitCase[] = [
  hit('hit, 1 KiB, one key', HOT, KIB),
  hit('hit, 4 KiB, 1,000 keys (Zipf)', pathOf(4 * KIB, 'k0'), 4 * KIB, { keys: KEYS }),
  hit('hit, 256 KiB, one key', LARGE, LARGE_BYTES),
  hit('304 to If-None-Match', HOT, KIB, { headers: { 'If-None-Match': etagOf(HOT) }, status: 304, range: null }),
  hit('206, 1 KiB of 256', LARGE, LARGE_BYTES, {
    headers: { Range: `bytes=${RANGE.first}-${RANGE.last}` },
    status: 206,
    range: RANGE,
  }),
];

/** The case that thousands of keys are purged beside. */
export const BESIDE_PURGE = HIT_CASES[0] as HitCase;

/** Indices of keys, drawn by Zipf's law with exponent 1: the same in every run. */
export function zipfDraws(keys: number, draws: number = DRAWS): number[] {
  const sums: number[] = [];
  for (let rank = 1; rank <= keys; rank++) sums.push((sums.at(-1) ?? 0) + 1 / rank);
  const total = sums.at(-1) ?? 0;
  let state = 12_345;
  const next = (): number => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
  return Array.from({ length: draws }, () => {
    const place = next() * total;
    return sums.findIndex((sum) => sum > place);
  });
}

/** The load of a case, for wrk: requests are made once, and sent in turn. */
export function scriptOf(given: HitCase): string {
  const headers = Object.entries({ Host: HOST, ...given.headers }).map(([name, value]) => `["${name}"] = '${value}'`);
  const paths = keysOf(given);
  const order = given.keys === 1 ? [0] : zipfDraws(given.keys);
  return scriptWith([
    'local texts, at = {}, 0',
    `local order = { ${order.join(', ')} }`,
    'function init()',
    '  local made = {}',
    `  for i, path in ipairs({ ${paths.map((path) => `"${path}"`).join(', ')} }) do`,
    `    made[i] = wrk.format("GET", path, { ${headers.join(', ')} })`,
    '  end',
    '  for i, key in ipairs(order) do texts[i] = made[key + 1] end',
    'end',
    'function request()',
    '  at = at % #texts + 1',
    '  return texts[at]',
    'end',
  ]);
}
