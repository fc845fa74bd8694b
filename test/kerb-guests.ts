/** Guests of the `kerb_*` modules for tests: imports by short names, and results as text. */
import { guest, REQUEST, RESPONSE, type GuestCode, type Text } from './guests.ts';

/** Short names of functions of `kerb_*`, with module, name and type. */
const FUNCTIONS: Readonly<Record<string, readonly [module: string, name: string, type: string]>> = {
  open: ['kerb_kv', 'open', '(param i32 i32) (result i32)'],
  close: ['kerb_kv', 'close', '(param i32) (result i32)'],
  get: ['kerb_kv', 'get', '(param i32 i32 i32 i32 i32) (result i32)'],
  metadata: ['kerb_kv', 'metadata', '(param i32 i32 i32 i32 i32) (result i32)'],
  generation: ['kerb_kv', 'generation', '(param i32 i32 i32) (result i64)'],
  put: ['kerb_kv', 'put', '(param i32 i32 i32 i32 i32 i32 i32 i32 i32 i64) (result i64)'],
  delete: ['kerb_kv', 'delete', '(param i32 i32 i32) (result i32)'],
  list: ['kerb_kv', 'list', '(param i32 i32 i32 i32 i32 i32 i32) (result i32)'],
  configGet: ['kerb_config', 'get', '(param i32 i32 i32 i32) (result i32)'],
  cacheLookup: ['kerb_cache', 'lookup', '(param i32 i32 i32 i32 i32) (result i64)'],
  cacheGet: ['kerb_cache', 'get', '(param i32 i32 i32 i32) (result i64)'],
  cachePut: ['kerb_cache', 'put', '(param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)'],
  cachePurge: ['kerb_cache', 'purge', '(param i32 i32) (result i32)'],
  lookup: ['kerb_geo', 'lookup', '(param i32 i32 i32 i32) (result i32)'],
  secretGet: ['kerb_secret', 'get', '(param i32 i32 i32 i32) (result i32)'],
};

/** Imports of these functions, each under its short name. */
export function kerbImports(...names: readonly (keyof typeof FUNCTIONS)[]): string {
  return names
    .map((short) => {
      const [module, name, type] = FUNCTIONS[short] ?? [];
      return `(import "${module}" "${name}" (func $${short} ${type}))`;
    })
    .join('\n');
}

/** Where guests of {@link kerbGuest} have what a call has written. */
export const BUFFER = '(i32.const 8192)';
export const BUFFER_BYTES = '(i32.const 16384)';

/** Says `$n`: what is in the buffer, or, for an error, `errno` and its number without the sign, which has two digits at most. */
export const SAY = `(if (i32.ge_s (local.get $n) (i32.const 0))
  (then (call $write ${RESPONSE} ${BUFFER} (local.get $n)))
  (else
    (i64.store (i32.const 0) (i64.const 0x20206f6e727265))
    (i32.store8 (i32.const 6) (i32.add (i32.const 48) (i32.div_u (i32.sub (i32.const 0) (local.get $n)) (i32.const 10))))
    (i32.store8 (i32.const 7) (i32.add (i32.const 48) (i32.rem_u (i32.sub (i32.const 0) (local.get $n)) (i32.const 10))))
    (call $write ${RESPONSE} (i32.const 0) (i32.const 8))))`;

/** A guest that says `$n` after its code. */
export function kerbGuest(
  names: readonly (keyof typeof FUNCTIONS)[],
  code: (text: Text) => GuestCode & { readonly handle: string },
): Uint8Array<ArrayBuffer> {
  return guest((text) => {
    const { handle, fields = '', ...rest } = code(text);
    return { ...rest, imports: kerbImports(...names), fields, handle: `${handle} ${SAY} (i64.const 0)` };
  });
}

/**
 * A guest over the store `main`, by the first letter of the method: GET reads the key that is the target without its first
 * character, PUT writes the request's body there and says nothing, DELETE removes it, OPTIONS lists keys that begin so.
 */
export const KV_GUEST = kerbGuest(['open', 'get', 'put', 'delete', 'list'], (text) => ({
  handle: `(local.set $j (call $open ${text('main')}))
    (drop (call $method (i32.const 0) (i32.const 8)))
    (local.set $i (i32.load8_u (i32.const 0)))
    (local.set $n (i32.sub (call $uri (i32.const 256) (i32.const 4096)) (i32.const 1)))
    (if (i32.eq (local.get $i) (i32.const 71)) (then
      (local.set $n (call $get (local.get $j) (i32.const 257) (local.get $n) ${BUFFER} ${BUFFER_BYTES})))
    (else (if (i32.eq (local.get $i) (i32.const 80)) (then
      (local.set $l (call $read ${REQUEST} ${BUFFER} ${BUFFER_BYTES}))
      (local.set $n (i32.wrap_i64 (call $put (local.get $j) (i32.const 257) (local.get $n)
        ${BUFFER} (i32.wrap_i64 (local.get $l)) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i64.const 0))))
      (if (i32.gt_s (local.get $n) (i32.const 0)) (then (local.set $n (i32.const 0)))))
    (else (if (i32.eq (local.get $i) (i32.const 68)) (then
      (local.set $n (call $delete (local.get $j) (i32.const 257) (local.get $n)))
      (if (i32.gt_s (local.get $n) (i32.const 0)) (then (local.set $n (i32.const 0)))))
    (else
      (local.set $n (call $list (local.get $j) (i32.const 257) (local.get $n) (i32.const 0) (i32.const 0)
        ${BUFFER} ${BUFFER_BYTES}))))))))`,
}));

/** Says the text of the config key that is the target without its first character. */
export const CONFIG_GUEST = kerbGuest(['configGet'], () => ({
  handle: `(local.set $n (i32.sub (call $uri (i32.const 256) (i32.const 4096)) (i32.const 1)))
    (local.set $n (call $configGet (i32.const 257) (local.get $n) ${BUFFER} ${BUFFER_BYTES}))`,
}));

/** The same for secrets. A tenant may do that; nobody should. */
export const SECRET_GUEST = kerbGuest(['secretGet'], () => ({
  handle: `(local.set $n (i32.sub (call $uri (i32.const 256) (i32.const 4096)) (i32.const 1)))
    (local.set $n (call $secretGet (i32.const 257) (local.get $n) ${BUFFER} ${BUFFER_BYTES}))`,
}));
