/** Images of started instances under attack: what requests do never reaches one, and making one costs others nothing. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Admin } from '../e2e/admin.ts';
import { startEdge, type Edge, type TestApp } from '../e2e/edge.ts';
import { cgi, CGI_HEAD } from '../cgi-guests.ts';
import { filter } from '../filters.ts';
import { guest as guestOf } from '../guests.ts';
import { guest, limits, wasi } from './guests.ts';

/** Its start fills memory and a global; its requests answer `C` where they find these as the start left them, and soil both. */
const SOILER = guest({
  memory: '2 4',
  fields: `(global $left (mut i32) (i32.const 0)) (table $t 1 1 funcref)
    (func (export "_initialize")
      (global.set $left (i32.const 7))
      (memory.fill (i32.const 65536) (i32.const 7) (i32.const 4096)))
    (func $clean (result i32) (local $at i32) (local $sum i32)
      (loop $next
        (local.set $sum (i32.add (local.get $sum) (i32.load8_u (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $at) (i32.mul (memory.size) (i32.const 65536)))))
      (i32.and (i32.eq (global.get $left) (i32.const 7)) (i32.eq (local.get $sum) (i32.const 28672))))`,
  handle: `(local $ending i32) (local $clean i32)
    (local.set $clean (call $clean))
    (drop (call $uri (i32.const 0) (i32.const 64)))
    (local.set $ending (i32.load8_u (i32.const 1)))
    (i32.store8 (i32.const 0) (select (i32.const 67) (i32.const 68) (local.get $clean)))
    (call $write (i32.const 1) (i32.const 0) (i32.const 1))
    (if (i32.eq (local.get $ending) (i32.const 103)) (then (drop (memory.grow (i32.const 1)))))
    (global.set $left (i32.const 165))
    (memory.fill (i32.const 0) (i32.const 165) (i32.mul (memory.size) (i32.const 65536)))
    (if (i32.eq (local.get $ending) (i32.const 116)) (then unreachable))
    (if (i32.eq (local.get $ending) (i32.const 108)) (then (loop $l (br $l))))`,
});

/** The same as a program: every byte above 64 KiB and a global are as its start left them, or it answers `D`; and it soils them. */
const PROGRAM_SOILER = cgi((text) => ({
  fields: `(global $left (mut i32) (i32.const 0))
    (func (export "wizer.initialize")
      (global.set $left (i32.const 7))
      (memory.fill (i32.const 65536) (i32.const 7) (i32.const 4096)))
    (func $clean (result i32) (local $at i32) (local $sum i32)
      (local.set $at (i32.const 65536))
      (loop $next
        (local.set $sum (i32.add (local.get $sum) (i32.load8_u (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $at) (i32.mul (memory.size) (i32.const 65536)))))
      (i32.and (i32.eq (global.get $left) (i32.const 7)) (i32.eq (local.get $sum) (i32.const 28672))))`,
  start: `(local $clean i32)
    (local.set $clean (call $clean))
    (call $out ${text(CGI_HEAD)})
    (if (local.get $clean) (then (call $out ${text('C')})) (else (call $out ${text('D')})))
    (call $environ)
    (global.set $left (i32.const 165))
    (memory.fill (i32.const 65536) (i32.const 165) (i32.mul (i32.const 3) (i32.const 65536)))
    (drop (call $createFolder (i32.const 3) ${text('soiled')}))`,
}));

/** The same as a filter: a global and a byte count the requests that an instance has seen. */
const FILTER_SOILER = filter(() => ({
  fields: `(global $left (mut i32) (i32.const 0))
    (func (export "_initialize") (global.set $left (i32.const 7)) (i32.store8 (i32.const 2000) (i32.const 7)))`,
  requestHeaders: `(local.set $n (i32.add (global.get $left) (i32.load8_u (i32.const 2000))))
    (global.set $left (i32.const 165)) (i32.store8 (i32.const 2000) (i32.const 165))
    (drop (call $set_tick_period_milliseconds (i32.const 10)))
    (call $say (local.get $n))`,
}));

/** A program whose start does this. */
const program = (start: string): Uint8Array =>
  cgi((text) => ({
    fields: `(func (export "wizer.initialize") ${start})`,
    start: `(call $out ${text(`${CGI_HEAD}served`)})`,
  }));

/** A filter whose start does this. */
const starting = (start: string): Uint8Array =>
  filter(() => ({
    fields: `(func (export "_initialize") ${start})`,
    imports: '(import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))',
    requestHeaders: '(call $say (i32.const 1))',
  }));

const POLL = wasi('poll_oneoff', '(param i32 i32 i32 i32) (result i32)');

/** Sleeps for an hour at its start. */
const SLEEPER = guest({
  imports: POLL,
  fields: `(func (export "_initialize")
    (i64.store (i32.const 24) (i64.const 3600000000000))
    (drop (call $wasi (i32.const 0) (i32.const 512) (i32.const 1) (i32.const 256))))`,
});
const LOOPER = guest({ fields: '(func (export "_initialize") (loop $for_ever (br $for_ever)))' });
const WHOLE: TestApp = { manifest: limits({ cpu_ms: 50 }), module: SOILER };

let edge: Edge;

beforeAll(async () => {
  edge = await startEdge({
    apps: {
      one: WHOLE,
      two: WHOLE,
      sleeper: { module: SLEEPER },
      program: { manifest: '[limits]\nscratch_mb = 1', module: PROGRAM_SOILER },
      sieve: { module: FILTER_SOILER },
      napper: { module: program('(call $sleep (i64.const 3600000000000))') },
      hiding: {
        manifest: '[limits]\nscratch_mb = 1',
        module: program(`(drop (call $pathOpen (i32.const 3) (i32.const 1) (i32.const 24576) (i32.const 1) (i32.const 1)
          (i64.const 66) (i64.const 0) (i32.const 0) (i32.const 268))) (drop (call $fdClose (i32.load (i32.const 268))))`),
      },
      closing: { module: program('(drop (call $fdClose (i32.const 0)))') },
      dicing: { module: starting('(drop (call $random (i32.const 0) (i32.const 8)))') },
      timing: { module: starting('(drop (call $get_current_time_nanoseconds (i32.const 0)))') },
      sharing: {
        module: starting(
          '(drop (call $set_shared_data (i32.const 64) (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 0)))',
        ),
      },
      looper: { manifest: limits({ cpu_ms: 20 }), module: LOOPER },
    },
    flags: ['--threads', '2'],
  });
});
afterAll(() => edge.stop());

describe('what a request writes', () => {
  it.each([
    ['answered', '/a', 200],
    ['grown and answered', '/g', 200],
    ['trapped', '/t', 500],
    ['killed', '/l', 503],
  ])('is in no instance after one that ended %s', async (_, path, status) => {
    expect(edge.stderr).toMatch(/one: version .*start-up once/);
    for (let round = 0; round < 12; round++) {
      const soiled = await Promise.all([edge.fetch('one', path), edge.fetch('two', path)]);
      expect(soiled.map((answer) => answer.status)).toEqual([status, status]);
      const found = await Promise.all(['one', 'two', 'one', 'two'].map((app) => edge.fetch(app, '/a')));
      expect(found.map(({ text }) => text)).toEqual(['C', 'C', 'C', 'C']);
    }
  });
});

describe('what a request of a program or a filter leaves', () => {
  it.each([
    ['program', /^C/],
    ['sieve', /^14$/],
  ])('is in no instance of %s after it, nor beside it', async (app, expected) => {
    expect(edge.stderr).toMatch(new RegExp(`${app}: version .*start-up once`));
    for (let round = 0; round < 6; round++) {
      const found = await Promise.all(Array.from({ length: 8 }, () => edge.fetch(app)));
      for (const { status, text } of found) expect([status, text]).toEqual([200, expect.stringMatching(expected)]);
    }
  });
});

describe('start-up code', () => {
  it.each([
    ['hiding', 'it uses its scratch folder'],
    ['closing', 'it leaves descriptors open or closed'],
    ['dicing', 'it draws random bytes'],
    ['timing', 'it reads the clock'],
    ['sharing', 'it touches the host'],
  ])('of %s is run in each instance: %s', async (app, why) => {
    expect(edge.stderr).toMatch(new RegExp(`${app}: version .*start-up per instance: ${why}`));
    expect((await edge.fetch(app)).status).toBe(200);
  });

  it('that sleeps does not keep others from serving, when an image alone is wanted', () => {
    for (const app of ['sleeper', 'napper'])
      expect(edge.stderr).toMatch(
        new RegExp(`${app}: version .*start-up per instance: it waits \\(wasi_snapshot_preview1.poll_oneoff\\)`),
      );
  });

  it('that never ends has its CPU time and no more', async () => {
    expect(edge.stderr).toMatch(/looper: version .*start-up per instance: its start-up ended as cpu_limit/);
    expect((await edge.fetch('looper')).status).toBe(503);
  });

  it('that fills more memory than images may have is run in each instance', async () => {
    const admin = await Admin.of(edge);
    await admin.change('POST', '/tenants', { json: { name: 'hoarder' } });
    const module = guestOf(() => ({
      pages: 512,
      fields: '(func (export "_start") (memory.fill (i32.const 0) (i32.const 1) (i32.const 33554432)))',
    }));
    const { body } = await admin.change('POST', '/tenants/hoarder/versions', { module });
    expect(JSON.stringify(body)).toMatch(/"imageBytes":null,"perInstance":"it leaves 33554432 bytes/);
    expect((await edge.fetch('hoarder')).status).toBe(200);
  });
});
