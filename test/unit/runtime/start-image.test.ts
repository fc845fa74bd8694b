import { describe, expect, it } from 'vitest';
import { NO_FILES } from '../../../src/capability/files.ts';
import { NO_STORES } from '../../../src/capability/stores.ts';
import type { Deployment } from '../../../src/runtime/deployment.ts';
import { MAX_IMAGE_BYTES } from '../../../src/runtime/limits.ts';
import { guest, RESPONSE, type GuestCode } from '../../guests.ts';
import { deploymentOf } from './harness.ts';
import { ask, engine, imaged, imageOf, lines, snapshotOf } from './imaging.ts';

const WASI = 'wasi_snapshot_preview1';
/** Counts its initialisations and requests, each in a global and in memory; answers the four digits. */
const counting = (start: string, more: Partial<GuestCode> = {}): Uint8Array<ArrayBuffer> =>
  guest((text) => ({
    ...more,
    fields: `(global $starts (mut i32) (i32.const 48)) (global $requests (mut i32) (i32.const 48))
      (data (i32.const 16) "00")
      (func $bump (param $at i32) (i32.store8 (local.get $at) (i32.add (i32.load8_u (local.get $at)) (i32.const 1))))
      (func ${start}
        (global.set $starts (i32.add (global.get $starts) (i32.const 1)))
        (call $bump (i32.const 16))
        (call $log (i32.const 0) ${text('initialised')}))
      ${more.fields ?? ''}`,
    handle: `(global.set $requests (i32.add (global.get $requests) (i32.const 1)))
      (call $bump (i32.const 17))
      (i32.store8 (i32.const 18) (global.get $starts)) (i32.store8 (i32.const 19) (global.get $requests))
      (call $write ${RESPONSE} (i32.const 16) (i32.const 4)) (i64.const 0)`,
  }));

/** A guest whose `_initialize` does this. */
function starting(code: string, more: Partial<GuestCode> = {}): Deployment {
  const fields = `(func (export "_initialize") ${code}) ${more.fields ?? ''}`;
  return deploymentOf(guest(() => ({ ...more, fields })));
}

describe('an image', () => {
  it.each([
    ['_initialize', '(export "_initialize")'],
    ['_start', '(export "_start")'],
    ['wizer.initialize', '(export "wizer.initialize")'],
    ['a start section', '$begin'],
  ])('has %s run exactly once, whatever the number of instances', async (_, head) => {
    const fields = head === '$begin' ? '(start $begin)' : '';
    const deployment = await imaged(deploymentOf(counting(head, { fields })));
    const [one, two] = [engine(), engine()];
    for (const on of [one, one, two]) expect(await ask(on, deployment)).toBe('1111');
    expect(lines).toEqual(['initialised']);
  });

  it('serves instances beside each other, of which none sees the other', async () => {
    const deployment = await imaged(deploymentOf(counting('(export "_start")')));
    const on = engine();
    const answers = await Promise.all([1, 2, 3].map(() => ask(on, deployment)));
    expect(answers).toEqual(['1111', '1111', '1111']);
  });

  it('is where a warm instance begins too', async () => {
    const deployment = { ...(await imaged(deploymentOf(counting('(export "_start")')))), isolation: 'reuse' as const };
    const on = engine();
    expect([await ask(on, deployment), await ask(on, deployment)]).toEqual(['1111', '1212']);
    expect(await ask(engine(), deployment)).toBe('1111');
  });

  it('holds what is not zero, in memory that threads share', async () => {
    const image = await imageOf(starting('(i32.store (i32.const 200000) (i32.const 7))'));
    expect(image.bytes).toBe(4_096);
    expect(image.runs.map(({ at }) => at)).toEqual([196_608]);
    expect(structuredClone(image).runs[0]?.bytes.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it('makes zero what start-up code made zero of the data of the module', async () => {
    const code = `(memory.fill (i32.const 4096) (i32.const 0) (i32.const 4096))`;
    const module = guest(() => ({
      fields: `(data (i32.const 4096) "secret") (func (export "_initialize") ${code})`,
      handle: `(call $write ${RESPONSE} (i32.const 4096) (i32.const 6)) (i64.const 0)`,
    }));
    expect(await ask(engine(), await imaged(deploymentOf(module)))).toBe('\0'.repeat(6));
  });

  it('has the memory as large as start-up code made it', async () => {
    const module = guest(() => ({
      fields: `(func (export "_initialize") (drop (memory.grow (i32.const 2))) (i32.store8 (i32.const 393215) (i32.const 120)))`,
      handle: `(i32.store8 (i32.const 0) (i32.add (memory.size) (i32.const 48)))
        (i32.store8 (i32.const 1) (i32.load8_u (i32.const 393215)))
        (call $write ${RESPONSE} (i32.const 0) (i32.const 2)) (i64.const 0)`,
    }));
    const deployment = await imaged(deploymentOf(module));
    const on = engine();
    for (let request = 0; request < 3; request++) expect(await ask(on, deployment)).toBe('6x');
  });

  it('has the features that start-up code turned on', async () => {
    const module = guest(() => ({
      fields: '(func (export "_start") (drop (call $features (i32.const 2))))',
      handle: `(i32.store8 (i32.const 0) (i32.add (call $features (i32.const 0)) (i32.const 48)))
        (call $write ${RESPONSE} (i32.const 0) (i32.const 1)) (i64.const 0)`,
    }));
    const plain = deploymentOf(module);
    const [on, deployment] = [engine(), await imaged(plain)];
    expect([await ask(engine(), plain), await ask(on, deployment), await ask(on, deployment)]).toEqual(['2', '2', '2']);
  });

  it('is taken after config and environment were read, and differs with them', async () => {
    const imports = `(import "kerb_config" "get" (func $get (param i32 i32 i32 i32) (result i32)))`;
    const module = guest((text) => ({
      imports,
      fields: `(func (export "_start") (drop (call $get ${text('k')} (i32.const 0) (i32.const 64))))`,
      handle: `(call $write ${RESPONSE} (i32.const 0) (i32.const 3)) (i64.const 0)`,
    }));
    const grants = { config: new Uint8Array(0), env: {}, files: NO_FILES, geo: false };
    const answers = ['one', 'two'].map(async (value) => {
      const stores = { ...NO_STORES, config: new Map([['k', value]]) };
      return ask(engine(), await imaged(deploymentOf(module, { grants: { ...grants, stores } })));
    });
    expect(await Promise.all(answers)).toEqual(['one', 'two']);
  });

  it('is none of a module without start-up code, and nothing is said', async () => {
    expect(await snapshotOf(deploymentOf(guest(() => ({}))))).toEqual({ kind: 'none', why: null });
  });

  it('is taken after an orderly exit', async () => {
    const imports = `(import "${WASI}" "proc_exit" (func $exit (param i32)))`;
    expect((await snapshotOf(starting('(call $exit (i32.const 0))', { imports }))).kind).toBe('image');
  });
});

describe('start-up code leaves no image that', () => {
  const calls: readonly (readonly [string, string, string, string, string])[] = [
    ['draws random bytes', WASI, 'random_get', '(param i32 i32) (result i32)', '(i32.const 0) (i32.const 8)'],
    [
      'reads the clock',
      WASI,
      'clock_time_get',
      '(param i32 i64 i32) (result i32)',
      '(i32.const 0) (i64.const 0) (i32.const 0)',
    ],
    ['touches descriptors or files', WASI, 'fd_sync', '(param i32) (result i32)', '(i32.const 0)'],
    ['touches what changes', 'kerb_kv', 'open', '(param i32 i32) (result i32)', '(i32.const 0) (i32.const 1)'],
  ];

  it.each(calls)('%s', async (deed, module, name, type, values) => {
    const imports = `(import "${module}" "${name}" (func $call ${type}))`;
    const deployment = starting(`(drop (call $call ${values}))`, { imports });
    const why = `it ${deed} (${module}.${name})`;
    expect(await snapshotOf(deployment)).toEqual({ kind: 'none', why });
    // Where only the image is wanted it ends there.
    await expect(snapshotOf(deployment, 'image')).rejects.toThrow(why);
  });

  it('asks what is logged, which changes with who follows', async () => {
    expect(await snapshotOf(starting('(drop (call $logs (i32.const 0)))'))).toMatchObject({
      why: 'it asks what is logged (http_handler.log_enabled)',
    });
  });

  it.each([
    ['changes a table', '(table $t 1 funcref)', '(table.set $t (i32.const 0) (ref.null func))'],
    ['drops a segment', '(data $d "x")', '(data.drop $d)'],
    ['has a global that the host cannot set', '(global $g (mut externref) (ref.null extern))', ''],
    ['leaves a NaN in a global', '(global $g (mut f64) (f64.const 0))', '(global.set $g (f64.const nan))'],
  ])('%s', async (_, fields, code) => {
    expect((await snapshotOf(starting(code, { fields }))).kind).toBe('none');
  });

  it('was refused memory, which another instance may get', async () => {
    const deployment = starting('(drop (memory.grow (i32.const 60000)))');
    expect(await snapshotOf(deployment)).toEqual({ kind: 'none', why: 'its memory could not be grown' });
  });

  it('fills more than an image may have', async () => {
    const pages = MAX_IMAGE_BYTES / 65_536 + 1;
    const fill = (bytes: number): Deployment =>
      starting(`(memory.fill (i32.const 0) (i32.const 1) (i32.const ${bytes}))`, { pages });
    expect(await snapshotOf(fill(MAX_IMAGE_BYTES + 1))).toMatchObject({ kind: 'none' });
    expect((await imageOf(fill(MAX_IMAGE_BYTES))).bytes).toBe(MAX_IMAGE_BYTES);
  });
});

describe('a rehearsal for an image', () => {
  it('fails where the start fails', async () => {
    await expect(snapshotOf(starting('unreachable'))).rejects.toThrow('guest_trap');
  });

  it('leaves what each instance does without an image', async () => {
    const deployment = deploymentOf(counting('(export "wizer.initialize")'));
    const on = engine();
    expect([await ask(on, deployment), await ask(on, deployment)]).toEqual(['1111', '1111']);
    expect(lines).toEqual(['initialised', 'initialised']);
  });

  it('runs exports in the order that a pre-initializer and a runtime have', async () => {
    const note = (name: string, text: string): string => `(func (export "${name}") (call $log (i32.const 0) ${text}))`;
    const module = guest((text) => ({
      fields: ['_start', 'wizer.initialize', '_initialize'].map((name) => note(name, text(name))).join('\n'),
    }));
    await imageOf(deploymentOf(module));
    expect(lines).toEqual(['_initialize', 'wizer.initialize', '_start']);
  });
});
