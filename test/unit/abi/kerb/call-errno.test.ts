import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERRNO } from '../../../../src/abi/kerb/call-errno.ts';
import { KERB_MODULES } from '../../../../src/abi/kerb/table.ts';

const BINDINGS = new URL('../../../../tenants/bindings/', import.meta.url);

it('every errno is negative and stands for one thing', () => {
  const values = Object.values(ERRNO);
  expect(values.every((value) => Number.isInteger(value) && value < 0)).toBe(true);
  expect(new Set(values).size).toBe(values.length);
});

/** What only `kerb_jwt` answers. */
const OF_TOKENS: ReadonlySet<string> = new Set(['bad_token', 'expired', 'no_keys']);

describe.each(['h', 'rs', 'ts'])('the bindings in .%s', (extension) => {
  it.each(['kerb_fetch', 'kerb_jwt'])('of %s have its functions and their errors', (module) => {
    const text = readFileSync(new URL(`${module}.${extension}`, BINDINGS), 'utf8');
    const errors = Object.entries(ERRNO).filter(([name]) => OF_TOKENS.has(name) === (module === 'kerb_jwt'));
    for (const [name, value] of errors)
      expect(text).toMatch(new RegExp(`\\b(ERR_)?${name}\\b[^=\\n]*= ${value}\\b`, 'i'));
    for (const name of Object.keys(KERB_MODULES.get(module) ?? {})) expect(text).toContain(name);
  });
});
