import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { guest, RESPONSE, type GuestCode, type Text } from '../../guests.ts';
import type { TestResponse } from '../../e2e/edge.ts';
import type { Fault } from '../skips.ts';
import type { Totals } from '../suite.ts';
import { CASES, faultOf } from './cases.ts';
import { runHttpWasm } from './http-wasm.ts';

/** Cases of which the origin has to see what the guest has done. */
const OF_CHANGES = CASES.map(({ name }) => name).filter(
  (name) => /^(set|add|remove)_/.test(name) && !/remove.*new/.test(name),
);

/** Both of a case's runs, as they are named. */
const bothOf = (name: string): string[] => [`request: ${name}`, `reuse: ${name}`];

async function run(
  code: (text: Text) => GuestCode,
  skipped: readonly string[] = [],
): Promise<Totals & { readonly said: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'http-wasm-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [tck, expectations] = ['tck.wasm', join(folder, 'expectations.json')];
  writeFileSync(join(folder, tck), guest(code));
  writeFileSync(
    expectations,
    JSON.stringify({ skipped: Object.fromEntries(skipped.map((name) => [name, 'a reason'])) }),
  );
  const lines: string[] = [];
  return { ...(await runHttpWasm(folder, [tck], (line) => lines.push(line), expectations)), said: lines.join('\n') };
}

/** Says that it was there, and hands everything on. */
const HANDS_ON = (text: Text): GuestCode => ({
  handle: `(drop (call $features (i32.const 3)))
    (call $set ${RESPONSE} ${text('x-httpwasm-tck-handled')} ${text('1')})
    (i64.const 1)`,
});

describe('a guest', () => {
  it('passes where it finds nothing wrong and the origin was asked so', async () => {
    const { said, ...totals } = await run(HANDS_ON, OF_CHANGES.flatMap(bothOf));
    // The protocol is what it should have said itself.
    expect(said).toContain('FAILED request: get_protocol_version the protocol is , not HTTP/1.1');
    expect(totals).toEqual({
      passed: 2 * (CASES.length - OF_CHANGES.length - 1),
      failed: 2,
      skipped: 2 * OF_CHANGES.length,
    });
  });

  it('fails with what it says, and may not pass what is skipped', async () => {
    const { said, ...totals } = await run(
      (text) => ({
        handle: `(call $set ${RESPONSE} ${text('x-httpwasm-tck-failed')} ${text('want a, have b')}) (i64.const 0)`,
      }),
      ['request: get_source_addr'],
    );
    expect(totals).toEqual({ passed: 0, failed: 2 * CASES.length - 1, skipped: 1 });
    expect(said).toContain('FAILED reuse: get_uri/query was failed by the guest: want a, have b');
    expect(said).toContain('skipped request: get_source_addr: a reason');
  });
});

describe('a response', () => {
  const handled = { 'x-httpwasm-tck-handled': '1' };
  const answered = (name: string, status: number, headers: TestResponse['headers']): Fault => {
    const found = CASES.find((one) => one.name === name);
    if (found === undefined) throw new Error(`no case ${name}`);
    return faultOf(found, { status, headers, body: Buffer.from(''), text: '' });
  };

  it('is wrong without the mark of the guest, and with another status', () => {
    expect(answered('get_source_addr', 200, handled)).toBeNull();
    expect(answered('get_source_addr', 200, {})).toBe('was answered without the guest');
    expect(answered('get_source_addr', 500, handled)).toBe('was answered with 500');
  });

  it('is wrong when the origin saw too little or too much of a field', () => {
    const both = { ...handled, 'x-httpwasm-next-header-existing-header-0': 'bear' };
    const added = { ...both, 'x-httpwasm-next-header-existing-header-1': 'value' };
    expect(answered('add_header_value/request/existing', 200, added)).toBeNull();
    expect(answered('add_header_value/request/existing', 200, both)).toContain(
      'existing-header-1 is undefined, not value',
    );
    expect(answered('remove_header/request/existing', 200, both)).toContain('is bear, not undefined');
  });
});

it('fails for a file that is no guest', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'http-wasm-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'tck.wasm'), 'no module');
  const lines: string[] = [];
  expect(await runHttpWasm(folder, ['tck.wasm'], (line) => lines.push(line))).toMatchObject({ passed: 0 });
  expect(lines.join('\n')).toContain('FAILED');
});
