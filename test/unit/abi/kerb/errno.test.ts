import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERRNO } from '../../../../src/abi/kerb/errno.ts';
import { KERB_MODULES } from '../../../../src/abi/kerb/table.ts';

const BINDINGS = new URL('../../../../tenants/bindings/', import.meta.url);

it('every errno is negative and stands for one thing', () => {
  const values = Object.values(ERRNO);
  expect(values.every((value) => Number.isInteger(value) && value < 0)).toBe(true);
  expect(new Set(values).size).toBe(values.length);
});

/** What the modules of stores, counters and logs answer. */
const OF_STORES: readonly (keyof typeof ERRNO)[] = [
  'absent',
  'not_granted',
  'bad_handle',
  'invalid',
  'too_large',
  'conflict',
  'quota',
  'busy',
  'unavailable',
  'too_small',
];

/** What only `kerb_jwt` answers. */
const OF_TOKENS: ReadonlySet<string> = new Set(['bad_token', 'expired', 'no_keys']);

describe.each(['h', 'rs', 'ts'])('the bindings in .%s', (extension) => {
  it.each(['kerb_fetch', 'kerb_jwt'])('of %s have its functions and their errors', (module) => {
    const text = readFileSync(new URL(`${module}.${extension}`, BINDINGS), 'utf8');
    const errors = Object.entries(ERRNO).filter(
      ([name, value]) => value > ERRNO.absent && OF_TOKENS.has(name) === (module === 'kerb_jwt'),
    );
    for (const [name, value] of errors)
      expect(text).toMatch(new RegExp(`\\b(ERR_)?${name}\\b[^=\\n]*= ${value}\\b`, 'i'));
    for (const name of Object.keys(KERB_MODULES.get(module) ?? {})) expect(text).toContain(name);
  });

  it.each([
    ['kerb_cache', ['absent', 'timeout']],
    ['kerb_geo', ['absent', 'invalid']],
  ] as const)('of %s have its functions and its own errors', (module, names) => {
    const text = readFileSync(new URL(`${module}.${extension}`, BINDINGS), 'utf8');
    // The header has those of stores from kerb.h.
    const own = names.filter((name) => extension !== 'h' || name === 'timeout');
    for (const name of own) expect(text).toMatch(new RegExp(`\\b(CACHE_)?${name}\\b[^=\\n]*= ${ERRNO[name]}\\b`, 'i'));
    for (const name of Object.keys(KERB_MODULES.get(module) ?? {})) expect(text).toContain(name);
  });

  it('of stores, counters and logs have their functions and their errors', () => {
    const text = readFileSync(new URL(`kerb.${extension}`, BINDINGS), 'utf8');
    for (const name of OF_STORES) {
      const camel = name.replace(/(^|_)([a-z])/g, (_, __, letter: string) => letter.toUpperCase());
      const written =
        extension === 'rs'
          ? `${ERRNO[name]} => Error::${camel},`
          : `${name.toUpperCase()}${extension === 'ts' ? ': i32' : ''} = ${ERRNO[name]}`;
      expect(text).toContain(written);
    }
    for (const module of ['kerb_kv', 'kerb_config', 'kerb_secret', 'kerb_rate', 'kerb_log'])
      for (const name of Object.keys(KERB_MODULES.get(module) ?? {})) expect(text).toContain(name);
  });
});
