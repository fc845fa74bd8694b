/** Images of guests whose program, or whose context, is each request's own: CGI programs and Proxy-Wasm filters. */
import { describe, expect, it } from 'vitest';
import type { GuestGrants } from '../../../src/abi/abi.ts';
import type { FileGrants } from '../../../src/capability/files.ts';
import { NO_STORES } from '../../../src/capability/stores.ts';
import type { Deployment } from '../../../src/runtime/deployment.ts';
import { cgi, CGI_HEAD, type Text } from '../../cgi-guests.ts';
import { filter, PAUSE, type FilterCode } from '../../filters.ts';
import { deploymentOf } from './harness.ts';
import { ask, engine, imaged, imageOf, lines, snapshotOf } from './imaging.ts';

/** One folder, `/app`, with the file `page`, and room for scratch files. */
function filesWith(page: string, scratchBytes = 65_536): FileGrants {
  const bytes = new SharedArrayBuffer(page.length);
  Buffer.from(bytes).write(page);
  const entries = [{ kind: 'file', path: 'page', offset: 0, length: page.length }] as const;
  return { folders: [{ guest: '/app', digest: page, madeMs: 1_000, bytes, entries }], scratchBytes };
}

function grantsWith(changes: Partial<GuestGrants>): { grants: GuestGrants } {
  const files = filesWith('page');
  return { grants: { config: new Uint8Array(0), env: {}, files, stores: NO_STORES, geo: false, ...changes } };
}

/** Opens a path in the folder `fd` with oflags and rights; its descriptor lies at 268. */
const opening = (fd: number, path: string, flags = 0, rights = 2): string =>
  `(call $pathOpen (i32.const ${fd}) (i32.const 1) ${path} (i32.const ${flags}) (i64.const ${rights}) (i64.const 0) (i32.const 0) (i32.const 268))`;

/** Reads what is open into 4096; the length lies at 264. */
const READING = `(i32.store (i32.const 256) (i32.const 4096)) (i32.store (i32.const 260) (i32.const 1000))
  (drop (call $fdRead (i32.load (i32.const 268)) (i32.const 256) (i32.const 1) (i32.const 264)))`;
const CLOSING = '(drop (call $fdClose (i32.load (i32.const 268))))';
const SAYING = '(call $out (i32.const 4096) (i32.load (i32.const 264)))';

/** A program whose `wizer.initialize` is this, and which answers with what then lies at 4096. */
function program(initialise: (text: Text) => string, more: (text: Text) => string = () => ''): Uint8Array<ArrayBuffer> {
  return cgi((text) => ({
    fields: `(func (export "wizer.initialize") ${initialise(text)}) ${more(text)}`,
    start: `(call $out ${text(CGI_HEAD)}) ${SAYING}`,
  }));
}

describe('an image of a program', () => {
  it('is what wizer.initialize leaves, after _initialize; _start runs on it for each request', async () => {
    const module = cgi((text) => ({
      fields: `(global $starts (mut i32) (i32.const 0)) (data (i32.const 4096) "00")
        (func $bump (param $at i32) (i32.store8 (local.get $at) (i32.add (i32.load8_u (local.get $at)) (i32.const 1))))
        (func (export "_initialize") (call $out ${text('first\n')}) (global.set $starts (i32.const 4)))
        (func (export "wizer.initialize")
          (call $out ${text('second\n')})
          (call $bump (i32.const 4096))
          (global.set $starts (i32.mul (global.get $starts) (i32.const 10))))`,
      start: `(call $bump (i32.const 4097))
        (call $out ${text(CGI_HEAD)}) (call $out (i32.const 4096) (i32.const 2)) (call $show (global.get $starts))`,
    }));
    const [plain, deployment] = [deploymentOf(module), await imaged(deploymentOf(module))];
    const on = engine();
    for (let request = 0; request < 3; request++) expect(await ask(on, deployment)).toBe('1140 ');
    expect(await ask(engine(), deployment)).toBe('1140 ');
    expect(lines).toEqual(['first', 'second']);
    // Each instance for itself comes to the same.
    expect([await ask(on, plain), await ask(on, plain)]).toEqual(['1140 ', '1140 ']);
    expect(lines).toHaveLength(6);
  });

  it('is none of a program without it, whose _initialize nobody calls', async () => {
    const module = cgi((text) => ({
      fields: '(func (export "_initialize") unreachable)',
      start: `(call $out ${text(`${CGI_HEAD}plain`)})`,
    }));
    expect(await snapshotOf(deploymentOf(module))).toEqual({ kind: 'none', why: null });
    expect(await ask(engine(), deploymentOf(module))).toBe('plain');
  });

  it('may hold files of the app, read and closed', async () => {
    const module = program((text) => `(drop ${opening(3, text('page'))}) ${READING} ${CLOSING}`);
    const answers = ['one', 'another'].map(async (page) =>
      ask(engine(), await imaged(deploymentOf(module, grantsWith({ files: filesWith(page) })))),
    );
    expect(await Promise.all(answers)).toEqual(['one', 'another']);
  });

  it('has the environment of the manifest, an empty input and no arguments, and requests have their own', async () => {
    const module = cgi((text) => ({
      fields: `(func (export "wizer.initialize") (call $copy) (call $args) (call $environ))`,
      start: `(call $out ${text(CGI_HEAD)}) (call $environ) (call $copy)`,
    }));
    const deployment = await imaged(deploymentOf(module, grantsWith({ env: { OWN: 'yes' } })));
    // The end of a string is no character that a log shows.
    expect(lines.join('')).toMatch(/^OWN=yes\S*$/);
    expect(await ask(engine(), deployment)).toMatch(/REQUEST_METHOD=GET[^]*OWN=yes/);
  });

  it.each([
    [
      'leaves a file open',
      (text: Text) => `(drop ${opening(3, text('page'))})`,
      'it leaves descriptors open or closed',
    ],
    ['closes what is open at the start', () => '(drop (call $fdClose (i32.const 3)))', 'it leaves descriptors'],
    ['makes a scratch file', (text: Text) => `(drop ${opening(4, text('new'), 1)}) ${CLOSING}`, 'it uses its scratch'],
    ['looks for a scratch file', (text: Text) => `(drop ${opening(4, text('none'))})`, 'it uses its scratch folder'],
    [
      'makes a folder',
      (text: Text) => `(drop (call $createFolder (i32.const 4) ${text('new')}))`,
      'path_create_directory',
    ],
    ['waits', () => '(call $sleep (i64.const 1000))', 'it waits'],
  ])('is none of a program whose start-up %s', async (_, initialise, why) => {
    const deployment = deploymentOf(program(initialise), grantsWith({}));
    const snapshot = await snapshotOf(deployment);
    expect(snapshot).toMatchObject({ kind: 'none', why: expect.stringContaining(why) as string });
  });

  it('that cannot be leaves what start-up code has opened to its own instance', async () => {
    const module = cgi((text) => ({
      fields: `(func (export "wizer.initialize") (drop ${opening(3, text('page'))}))`,
      start: `${READING} (call $out ${text(CGI_HEAD)}) ${SAYING} (call $copy)`,
    }));
    const [on, deployment] = [engine(), deploymentOf(module, grantsWith({}))];
    expect([await ask(on, deployment), await ask(on, deployment)]).toEqual(['page', 'page']);
  });

  it('is taken after an orderly exit, and a start-up that fails fails', async () => {
    const exiting = (status: number): Deployment => deploymentOf(program(() => `(call $exit (i32.const ${status}))`));
    expect((await imageOf(exiting(0))).left).toEqual([]);
    await expect(snapshotOf(exiting(3))).rejects.toThrow('no_response: the guest exited with status 3');
  });
});

/** A filter that answers with what its start-up and its configuration have counted. */
function counting(more: FilterCode = {}, head = '(export "_initialize")'): Uint8Array<ArrayBuffer> {
  return filter((text) => ({
    create: '(if (i32.eqz (local.get $parent)) (then (global.set $made (i32.add (global.get $made) (i32.const 10)))))',
    configure: '(global.set $made (i32.add (global.get $made) (i32.const 100)))',
    requestHeaders: '(call $say (global.get $made))',
    ...more,
    fields: `(global $made (mut i32) (i32.const 0))
      (func ${head}
        (global.set $made (i32.add (global.get $made) (i32.const 1)))
        (drop (call $log (i32.const 2) ${text('initialised')})))
      ${more.fields ?? ''}`,
  }));
}

/** A filter whose `_initialize` does this. */
const starting = (code: string, more: FilterCode = {}): Deployment =>
  deploymentOf(filter(() => ({ ...more, fields: `(func (export "_initialize") ${code})` })));

describe('an image of a filter', () => {
  it.each([['_initialize'], ['_start'], ['wizer.initialize']])(
    'is what %s leaves; each instance is configured on it',
    async (name) => {
      const deployment = await imaged(deploymentOf(counting({}, `(export "${name}")`)));
      const [one, two] = [engine(), engine()];
      for (const on of [one, one, two]) expect(await ask(on, deployment)).toBe('111');
      expect(lines).toEqual(['initialised']);
    },
  );

  it('is what main leaves where there is an _initialize', async () => {
    const fields = `(func (export "main") (param i32 i32) (result i32)
      (global.set $made (i32.mul (global.get $made) (i32.const 3))) (i32.const 0))`;
    expect(await ask(engine(), await imaged(deploymentOf(counting({ fields }))))).toBe('113');
  });

  it('does not hold what its configuration did, whatever it is taken for', async () => {
    const deployment = deploymentOf(counting());
    const images = [await imageOf(deployment, 'start-up'), await imageOf(deployment, 'image')];
    for (const image of images) expect(await ask(engine(), { ...deployment, image })).toBe('111');
  });

  it('is where a warm instance begins, which is configured once', async () => {
    const deployment = { ...(await imaged(deploymentOf(counting()))), isolation: 'reuse' as const };
    const on = engine();
    expect([await ask(on, deployment), await ask(on, deployment)]).toEqual(['111', '111']);
  });

  it('has the ticks that start-up code asked for', async () => {
    const deployment = await imaged(
      starting('(drop (call $set_tick_period_milliseconds (i32.const 10)))', {
        requestHeaders: PAUSE,
        tick: '(drop (call $set_effective_context (i32.const 2))) (call $say (i32.const 7))',
      }),
    );
    const on = engine();
    expect([await ask(on, deployment), await ask(on, deployment)]).toEqual(['7', '7']);
  });

  it('is none of a filter without start-up code, and nothing is said', async () => {
    expect(await snapshotOf(deploymentOf(filter(() => ({}))))).toEqual({ kind: 'none', why: null });
  });

  it.each([
    ['reads the clock', '(drop (call $get_current_time_nanoseconds (i32.const 0)))'],
    ['asks what is logged', '(drop (call $get_log_level (i32.const 0)))'],
    [
      'touches the host (env.proxy_get_shared_data)',
      '(drop (call $get_shared_data (i32.const 64) (i32.const 1) (i32.const 0) (i32.const 4) (i32.const 8)))',
    ],
    [
      'touches the host (env.proxy_register_shared_queue)',
      '(drop (call $register_shared_queue (i32.const 64) (i32.const 1) (i32.const 0)))',
    ],
    [
      'touches the host (env.proxy_define_metric)',
      '(drop (call $define_metric (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 0)))',
    ],
    [
      'touches the host (env.proxy_get_property)',
      '(drop (call $get_property (i32.const 64) (i32.const 1) (i32.const 0) (i32.const 4)))',
    ],
  ])('is none of one that %s', async (deed, code) => {
    const why = expect.stringContaining(`it ${deed}`) as string;
    expect(await snapshotOf(starting(code))).toMatchObject({ kind: 'none', why });
  });

  it('is taken whatever its configuration does, which runs in each instance', async () => {
    const configure = '(drop (call $get_current_time_nanoseconds (i32.const 0)))';
    expect((await snapshotOf(starting('', { configure }))).kind).toBe('image');
  });

  it('is none of one that refuses its configuration, where it is to be served', async () => {
    const refusing = starting('', { configure: '(return (i32.const 0))' });
    await expect(snapshotOf(refusing)).rejects.toThrow('proxy_on_configure answered false');
  });
});
