import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFile,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KerbError } from '../../../src/errors.ts';
import { TENANT_FILE_LIMITS } from '../../../src/control/manifest-limits.ts';
import { TenantsFolder, type FolderEvent, type FolderTiming } from '../../../src/control/tenants-folder.ts';

const NEVER_MS = 3_600_000;

let root = '';
let outside = '';
let events: FolderEvent[][] = [];
let open: TenantsFolder[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'kerb-tenants-'));
  outside = await mkdtemp(join(tmpdir(), 'kerb-outside-'));
  events = [];
  open = [];
});

afterEach(async () => {
  await Promise.all(open.map((folder) => folder.close()));
  await Promise.all([root, outside].map((path) => rm(path, { recursive: true, force: true })));
});

/** A folder whose events are collected; files count as settled after a turn of the event loop. */
function follow(timing: Partial<FolderTiming> = {}, path = root): TenantsFolder {
  const folder = new TenantsFolder(path, (batch) => void events.push([...batch]), { settleMs: 5, ...timing });
  open.push(folder);
  return folder;
}

interface App {
  readonly name?: string;
  readonly manifest?: string;
  readonly module?: string | null;
}

/** Writes the app in the folder `dir` and answers the folder's path. */
async function put(dir: string, { name = dir, manifest = '', module = `module of ${dir}` }: App = {}): Promise<string> {
  const folder = join(root, dir);
  await mkdir(folder, { recursive: true });
  if (module !== null) await writeFile(join(folder, 'app.wasm'), module);
  await writeFile(join(folder, 'kerb.toml'), `name = "${name}"\nmain = "app.wasm"\n${manifest}\n`);
  return folder;
}

/** Events of the last batch in short: `found a=module of a`, `broken b`, `gone c`. */
function last(): string[] {
  return (events.at(-1) ?? []).map((event) => {
    const dir = (event.kind === 'found' ? event.source.folder : event.folder).slice(root.length + 1);
    return event.kind === 'found'
      ? `found ${dir}=${Buffer.from(event.source.module).toString()}`
      : `${event.kind} ${dir}`;
  });
}

/** The explanation of the only event, which is `broken`. */
function brokenBy(): KerbError {
  const [event, ...others] = events.at(-1) ?? [];
  if (event?.kind !== 'broken' || others.length > 0) throw new Error(`not one broken folder: ${last().join()}`);
  return event.error;
}

/** A promise for the moment at which `done` answers true after a batch, and the sink that looks. */
function until(done: () => boolean): { sink: (batch: readonly FolderEvent[]) => void; reached: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const sink = (batch: readonly FolderEvent[]): void => {
    events.push([...batch]);
    if (done()) resolve();
  };
  return { sink, reached: promise };
}

describe('the first scan', () => {
  it('hands over every app in one batch, by folder name', async () => {
    await put('b');
    await put('a');
    await follow().scan();
    expect(events).toHaveLength(1);
    expect(last()).toEqual(['found a=module of a', 'found b=module of b']);
  });

  it('hands over all that a deployment is made from', async () => {
    const folder = await put('a', { manifest: 'config = { file = "conf.json" }' });
    await writeFile(join(folder, 'conf.json'), '{"é":1}');
    await follow().scan();
    const [event] = events[0] ?? [];
    if (event?.kind !== 'found') throw new Error('not found');
    const { source } = event;
    expect(source.folder).toBe(folder);
    expect(source.manifest.name).toBe('a');
    expect(Buffer.from(source.config).toString()).toBe('{"é":1}');
    expect(source.module.buffer.byteLength).toBe(source.module.length);
    expect(source.digest).toMatch(/^[0-9a-f]{64}$/);
  });

  it('gives the manifest its own text as configuration', async () => {
    await put('a', { manifest: 'config = "héllo"' });
    await follow().scan();
    const [event] = events[0] ?? [];
    expect(event?.kind === 'found' && Buffer.from(event.source.config).toString()).toBe('héllo');
  });

  it('ignores files, hidden folders, folders without a manifest, and dangling links', async () => {
    await put('.hidden');
    await mkdir(join(root, 'bindings', 'deep'), { recursive: true });
    await writeFile(join(root, 'bindings', 'deep', 'kerb.toml'), 'not even TOML');
    await writeFile(join(root, 'kerb.toml'), 'x');
    await symlink(join(root, 'nowhere'), join(root, 'dangling'));
    await follow().scan();
    expect(events).toEqual([]);
  });

  it('takes a link to a folder elsewhere as a tenant folder', async () => {
    await put('a');
    await rename(join(root, 'a'), join(outside, 'a'));
    await symlink(join(outside, 'a'), join(root, 'linked'));
    await follow().scan();
    expect(last()).toEqual(['found linked=module of a']);
  });

  it('reports folders that are broken from the start, with the sound ones', async () => {
    await put('good');
    await put('bad', { manifest: 'wat = 1' });
    await follow().scan();
    expect(last()).toEqual(['broken bad', 'found good=module of good']);
    const [event] = events[0] ?? [];
    expect(event?.kind === 'broken' && event.error.details).toEqual([
      expect.stringContaining(`${join('bad', 'kerb.toml')}:3: wat: is an unknown key`),
    ]);
  });

  it('rejects when the root is not there, and says what to do', async () => {
    const folder = follow({}, join(root, 'missing'));
    const error = await folder.scan().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'not_found' });
    expect(String(error)).toMatch(/missing: the tenants folder cannot be read \(ENOENT\); make it/);
    await mkdir(join(root, 'missing'));
    await folder.scan();
    expect(events).toEqual([]);
  });
});

describe('later scans', () => {
  it('hand over nothing when nothing changed', async () => {
    await put('a');
    const folder = follow();
    await folder.scan();
    await folder.scan();
    expect(events).toHaveLength(1);
  });

  it('hand over what changed, was added and is gone as one batch', async () => {
    await put('a');
    await put('b');
    await put('c');
    const folder = follow();
    await folder.scan();
    await put('a', { module: 'new' });
    await rm(join(root, 'b'), { recursive: true });
    await put('d');
    await folder.scan();
    expect(last()).toEqual(['found a=new', 'gone b', 'found d=module of d']);
    expect(events).toHaveLength(2);
  });

  it('see a change that keeps size and modification time', async () => {
    const path = join(await put('a', { module: 'one' }), 'app.wasm');
    const then = new Date('2020-01-01');
    await utimes(path, then, then);
    const folder = follow();
    await folder.scan();
    await writeFile(path, 'two');
    await utimes(path, then, then);
    await folder.scan();
    expect(last()).toEqual(['found a=two']);
  });

  it('see a change of the configuration file alone', async () => {
    const path = join(await put('a', { manifest: 'config = { file = "c" }' }), 'c');
    await writeFile(path, '1');
    const folder = follow();
    await folder.scan();
    await writeFile(path, '2');
    await folder.scan();
    expect(events).toHaveLength(2);
    const digests = events.map(([event]) => (event?.kind === 'found' ? event.source.digest : ''));
    expect(new Set(digests).size).toBe(2);
  });

  it('hand over nothing for a touch or a comment', async () => {
    const path = await put('a');
    const folder = follow();
    await folder.scan();
    await utimes(join(path, 'app.wasm'), new Date(), new Date());
    await appendFile(join(path, 'kerb.toml'), '# a comment\n');
    await folder.scan();
    expect(events).toHaveLength(1);
  });

  it('report a manifest that is removed as gone', async () => {
    const path = await put('a');
    const folder = follow();
    await folder.scan();
    await rm(join(path, 'kerb.toml'));
    await folder.scan();
    expect(last()).toEqual(['gone a']);
  });

  it('report a broken change, and the repair even when it restores what ran', async () => {
    const path = await put('a');
    const folder = follow();
    await folder.scan();
    await put('a', { manifest: 'wat = 1' });
    await folder.scan();
    expect(last()).toEqual(['broken a']);
    await folder.scan();
    expect(events).toHaveLength(2);
    await put('a');
    await folder.scan();
    expect(last()).toEqual(['found a=module of a']);
    expect(path).toBe(join(root, 'a'));
  });

  it('report a module that is missing, and take it up when it comes', async () => {
    const path = await put('a', { module: null });
    const folder = follow();
    await folder.scan();
    expect(brokenBy()).toMatchObject({ code: 'not_found' });
    expect(brokenBy().message).toMatch(
      /a\/kerb\.toml: main: app\.wasm is not there; put the file there or correct main/,
    );
    await writeFile(join(path, 'app.wasm'), 'here');
    await folder.scan();
    expect(last()).toEqual(['found a=here']);
  });
});

describe('files that are being written', () => {
  it('are waited for: a module that still grows is never handed over in part', async () => {
    const path = join(await put('a', { module: 'one ' }), 'app.wasm');
    const parts = ['two ', 'three ', 'four'];
    const pause = async (): Promise<void> => {
      const part = parts.shift();
      if (part !== undefined) await appendFile(path, part);
    };
    await follow({ pause, settleMs: NEVER_MS }).scan();
    expect(last()).toEqual(['found a=one two three four']);
    expect(events).toHaveLength(1);
  });

  it('hold up the batch, so that a change of two apps stays one', async () => {
    const slow = join(await put('slow', { module: 'half' }), 'app.wasm');
    await put('quick');
    let pauses = 0;
    const pause = async (): Promise<void> => {
      if (pauses++ === 0) await writeFile(slow, 'whole');
    };
    await follow({ pause, settleMs: NEVER_MS }).scan();
    expect(last()).toEqual(['found quick=module of quick', 'found slow=whole']);
  });

  it('do not hold up others for ever, and are taken up once they rest', async () => {
    const path = join(await put('restless', { module: '.' }), 'app.wasm');
    await put('calm');
    let restless = true;
    const pause = async (): Promise<void> => {
      if (restless) await appendFile(path, '.');
    };
    const folder = follow({ pause, settleMs: NEVER_MS });
    await folder.scan();
    expect(last()).toEqual(['found calm=module of calm']);
    restless = false;
    await folder.scan();
    expect(last()).toEqual([`found restless=${await readFile(path, 'utf8')}`]);
  });

  it('are not gone when they are replaced by removing them first', async () => {
    await put('a');
    let replace = (): Promise<unknown> => Promise.resolve();
    const folder = follow({ settleMs: NEVER_MS, pause: () => replace() });
    await folder.scan();
    await rm(join(root, 'a'), { recursive: true });
    replace = async (): Promise<void> => {
      replace = () => Promise.resolve();
      await put('a', { module: 'new' });
    };
    await folder.scan();
    expect(events).toHaveLength(2);
    expect(last()).toEqual(['found a=new']);
  });

  it('are waited for when the module is not there yet', async () => {
    const path = await put('a', { module: null });
    let pauses = 0;
    const pause = async (): Promise<void> => {
      if (pauses++ === 0) await writeFile(join(path, 'app.wasm'), 'late');
    };
    await follow({ pause, settleMs: -1 }).scan();
    expect(last()).toEqual(['found a=late']);
  });

  it('are looked at once when they have long been left alone', async () => {
    await put('a');
    let pauses = 0;
    await follow({ settleMs: -1, pause: () => Promise.resolve(pauses++) }).scan();
    expect(last()).toEqual(['found a=module of a']);
    expect(pauses).toBe(0);
  });
});

describe('links and odd files', () => {
  it.each(['main', 'config', 'the manifest'])('a link for %s that leads out of the folder is refused', async (key) => {
    const folder = await put('a', { manifest: 'config = { file = "conf" }', module: key === 'main' ? null : 'm' });
    const secret = join(outside, 'secret');
    await writeFile(secret, key === 'the manifest' ? 'name = "a"\nmain = "app.wasm"' : 'secret');
    const file = { main: 'app.wasm', config: 'conf', 'the manifest': 'kerb.toml' }[key] ?? '';
    if (key === 'main') await writeFile(join(folder, 'conf'), '');
    await rm(join(folder, file), { force: true });
    await symlink(secret, join(folder, file));
    await follow().scan();
    expect(brokenBy().code).toBe('bad_manifest');
    expect(brokenBy().message).toContain(`${key}: ${file} is a link that leads out of the folder`);
  });

  it('a linked folder on the way out is refused too, and a neighbour whose name begins the same', async () => {
    const folder = await put('a', { module: null });
    await mkdir(join(root, 'a-secret'));
    await writeFile(join(root, 'a-secret', 'm.wasm'), 'secret');
    await symlink(join(root, 'a-secret'), join(folder, 'lib'));
    await writeFile(join(folder, 'kerb.toml'), 'name = "a"\nmain = "lib/m.wasm"');
    await follow().scan();
    expect(brokenBy().message).toContain('leads out of the folder');
  });

  it('links that stay inside the folder are followed', async () => {
    const folder = await put('a', { module: null });
    await mkdir(join(folder, 'build'));
    await writeFile(join(folder, 'build', 'v1.wasm'), 'v1');
    await symlink('build/v1.wasm', join(folder, 'app.wasm'));
    await follow().scan();
    expect(last()).toEqual(['found a=v1']);
  });

  it('a pipe or a folder in place of the module is refused, without waiting for it', async () => {
    const pipe = await put('pipe', { module: null });
    execFileSync('mkfifo', [join(pipe, 'app.wasm')]);
    const dir = await put('dir', { module: null });
    await mkdir(join(dir, 'app.wasm'));
    await follow().scan();
    expect(last()).toEqual(['broken dir', 'broken pipe']);
    for (const event of events[0] ?? [])
      expect(event.kind === 'broken' && event.error.message).toContain('(not a file)');
  });

  it('files beyond their size are refused unread', async () => {
    const folder = await put('a', { manifest: 'config = { file = "conf" }' });
    await writeFile(join(folder, 'conf'), '');
    await truncate(join(folder, 'conf'), TENANT_FILE_LIMITS.configBytes + 1);
    const app = follow();
    await app.scan();
    expect(brokenBy().message).toContain('config: conf is 1048577 bytes long, and 1048576 are allowed');
    await truncate(join(folder, 'app.wasm'), TENANT_FILE_LIMITS.moduleBytes + 1);
    await app.scan();
    expect(brokenBy().message).toContain('main: app.wasm is 33554433 bytes long');
    await truncate(join(folder, 'kerb.toml'), 262_145);
    await app.scan();
    expect(brokenBy().message).toContain('the manifest: kerb.toml is 262145 bytes long');
  });

  it('a manifest that is not UTF-8 is refused', async () => {
    const folder = await put('a');
    await writeFile(join(folder, 'kerb.toml'), Buffer.from([0x23, 0xff, 0x0a]));
    await follow().scan();
    expect(brokenBy().message).toMatch(/kerb\.toml: is not UTF-8/);
  });

  it('a name of a folder that acts on terminals is shown, not acted out', async () => {
    await put('\u001b[31m\nx', { name: 'x', module: null });
    await follow().scan();
    expect(brokenBy().message).toContain('\\u{1b}[31m\\u{a}x');
  });
});

describe('one tenant name in two folders', () => {
  it('goes to the first; the other is told which', async () => {
    await put('a', { name: 'same' });
    await put('b', { name: 'same' });
    await follow().scan();
    expect(last()).toEqual(['found a=module of a', 'broken b']);
    const event = events[0]?.[1];
    expect(event?.kind === 'broken' && event.error.message).toMatch(
      /b\/kerb\.toml: name: "same" is the tenant of .*\/a, which was first/,
    );
  });

  it('stays with the folder that runs, also when a folder before it by name wants it', async () => {
    await put('b', { name: 'same' });
    const folder = follow();
    await folder.scan();
    await put('a', { name: 'same' });
    await put('b', { name: 'same', module: 'new' });
    await folder.scan();
    expect(last()).toEqual(['broken a', 'found b=new']);
  });

  it('passes to the other in the same batch in which it becomes free', async () => {
    await put('a', { name: 'same' });
    await put('b', { name: 'same' });
    await put('c', { name: 'same' });
    const folder = follow();
    await folder.scan();
    await rm(join(root, 'a'), { recursive: true });
    await folder.scan();
    expect(last()).toEqual(['gone a', 'found b=module of b', 'broken c']);
    await put('b', { name: 'other' });
    await folder.scan();
    expect(last()).toEqual(['found b=module of b', 'found c=module of c']);
  });

  it('can be swapped between two folders', async () => {
    await put('a', { name: 'x' });
    await put('b', { name: 'y' });
    const folder = follow();
    await folder.scan();
    await put('a', { name: 'y' });
    await put('b', { name: 'x' });
    await folder.scan();
    expect(last()).toEqual(['found a=module of a', 'found b=module of b']);
  });

  it('is kept by a folder that breaks, because its old version runs on', async () => {
    await put('a', { name: 'x' });
    const folder = follow();
    await folder.scan();
    await put('a', { name: 'x', manifest: 'wat = 1' });
    await put('b', { name: 'x' });
    await folder.scan();
    expect(last()).toEqual(['broken a', 'broken b']);
  });
});

describe('the digest', () => {
  async function digestOf(app: App): Promise<string> {
    await put('d', app);
    await follow().scan();
    const event = events.at(-1)?.[0];
    return event?.kind === 'found' ? event.source.digest : '';
  }

  it('is the same whatever the comments, and differs for each part', async () => {
    const base = await digestOf({ name: 'd', module: 'ab', manifest: 'config = "c"' });
    expect(await digestOf({ name: 'd', module: 'ab', manifest: 'config = "c" # comment' })).toBe(base);
    const others = [
      await digestOf({ name: 'd', module: 'a', manifest: 'config = "bc"' }),
      await digestOf({ name: 'd', module: 'abc', manifest: 'config = ""' }),
      await digestOf({ name: 'e', module: 'ab', manifest: 'config = "c"' }),
      createHash('sha256').update('abc').digest('hex'),
    ];
    expect(new Set([base, ...others]).size).toBe(5);
  });

  it('tells where the module ends and the configuration begins', async () => {
    const manifest = 'config = { file = "conf" }';
    const path = join(await put('d', { manifest }), 'conf');
    await writeFile(path, 'c');
    const one = await digestOf({ module: 'ab', manifest });
    await writeFile(path, 'bc');
    expect(await digestOf({ module: 'a', manifest })).not.toBe(one);
  });
});

describe('the sink', () => {
  it('is awaited before the next scan, and calls in between share one scan', async () => {
    await put('a');
    const gate = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    let inside = 0;
    let most = 0;
    const folder = new TenantsFolder(
      root,
      async (batch) => {
        events.push([...batch]);
        most = Math.max(most, ++inside);
        entered.resolve();
        await gate.promise;
        inside--;
      },
      { settleMs: 5 },
    );
    open.push(folder);
    const first = folder.scan();
    await entered.promise;
    await put('b');
    const [second, third] = [folder.scan(), folder.scan()];
    expect(second).toBe(third);
    expect(second).not.toBe(first);
    gate.resolve();
    await Promise.all([first, second, third]);
    expect(most).toBe(1);
    expect(events).toHaveLength(2);
    expect(last()).toEqual(['found b=module of b']);
  });

  it('gets the same events again when it failed', async () => {
    await put('a');
    let failures = 1;
    const folder = new TenantsFolder(
      root,
      (batch) => {
        events.push([...batch]);
        if (failures-- > 0) throw new Error('sink failed');
      },
      { settleMs: 5 },
    );
    open.push(folder);
    await expect(folder.scan()).rejects.toThrow('sink failed');
    await folder.scan();
    expect(events.map((batch) => batch.length)).toEqual([1, 1]);
    expect(last()).toEqual(['found a=module of a']);
    await folder.scan();
    expect(events).toHaveLength(2);
  });

  it('is not called after close', async () => {
    await put('a');
    const folder = follow({
      settleMs: NEVER_MS,
      pause: async () => {
        void folder.close();
      },
    });
    await folder.scan();
    await folder.close();
    expect(events).toEqual([]);
    await expect(folder.scan()).rejects.toThrow(TypeError);
    expect(() => folder.watch()).toThrow(TypeError);
  });
});

describe('watching', () => {
  function watchUntil(done: () => boolean, timing: Partial<FolderTiming>, path = root): Promise<void> {
    const { sink, reached } = until(done);
    const folder = new TenantsFolder(path, sink, { settleMs: 5, ...timing });
    open.push(folder);
    folder.watch();
    folder.watch();
    return reached;
  }

  it('picks up new, changed and removed apps by hints alone', async () => {
    await put('a');
    const steps: [string, () => Promise<unknown>][] = [
      ['found a=module of a', () => put('b')],
      ['found b=module of b', () => writeFile(join(root, 'a', 'app.wasm'), 'changed')],
      ['found a=changed', () => rm(join(root, 'b'), { recursive: true })],
      ['gone b', () => put('a', { manifest: 'wat = 1' })],
      ['broken a', () => Promise.resolve()],
    ];
    const seen: string[] = [];
    const done = (): boolean => {
      seen.push(...last());
      const step = steps.findIndex(([wanted]) => wanted === last().at(-1));
      void steps[step]?.[1]();
      return step === steps.length - 1;
    };
    await watchUntil(done, { rescanMs: NEVER_MS });
    for (const [wanted] of steps) expect(seen).toContain(wanted);
  });

  it('picks up a module that is replaced in a folder of its own', async () => {
    const folder = await put('a', { module: null });
    await mkdir(join(folder, 'build'));
    await writeFile(join(folder, 'build', 'm.wasm'), 'one');
    await writeFile(join(folder, 'kerb.toml'), 'name = "a"\nmain = "build/m.wasm"');
    const done = (): boolean => {
      if (last()[0] === 'found a=two') return true;
      // The folder is watched from the look that follows: a rename over the module is seen in either case.
      void writeFile(join(folder, 'build', 'tmp'), 'two').then(() =>
        rename(join(folder, 'build', 'tmp'), join(folder, 'build', 'm.wasm')),
      );
      return false;
    };
    await watchUntil(done, { rescanMs: NEVER_MS });
    expect(last()).toEqual(['found a=two']);
  });

  it('finds without a hint what changes behind a link', async () => {
    const folder = await put('a');
    await mkdir(join(folder, 'data'));
    await rename(join(folder, 'kerb.toml'), join(folder, 'data', 'kerb.toml'));
    await symlink('data/kerb.toml', join(folder, 'kerb.toml'));
    const done = (): boolean => {
      if (last()[0] === 'broken a') return true;
      void appendFile(join(folder, 'data', 'kerb.toml'), 'wat = 1\n');
      return false;
    };
    await watchUntil(done, { rescanMs: 10 });
    expect(brokenBy().details[0]).toContain('wat: is an unknown key');
  });

  it('keeps everything when the root goes away, says so once, and goes on when it is back', async () => {
    await put('a');
    const seen: string[] = [];
    const away = join(outside, 'away');
    const done = (): boolean => {
      seen.push(...last());
      if (seen.length === 1) void rename(root, away);
      if (seen.at(-1) === 'broken ') void rename(away, root).then(() => put('b'));
      return seen.at(-1) === 'found b=module of b';
    };
    await watchUntil(done, { rescanMs: 10 });
    expect(seen).toEqual(['found a=module of a', 'broken ', 'gone ', 'found b=module of b']);
    const [, lost] = events;
    expect(lost?.[0]?.kind === 'broken' && lost[0].error.code).toBe('not_found');
  });

  it('waits for a root that is not there yet', async () => {
    const path = join(root, 'late');
    const done = (): boolean => {
      if (events.length === 1)
        void mkdir(join(path, 'a'), { recursive: true }).then(() => put('late/a', { name: 'a' }));
      return events.flat().some(({ kind }) => kind === 'found');
    };
    await watchUntil(done, { rescanMs: 10 }, path);
    expect(events[0]?.[0]).toMatchObject({ kind: 'broken', folder: path });
  });

  it('reports a failing sink as a warning and tries again', async () => {
    await put('a');
    const warned = Promise.withResolvers<Error>();
    const listen = (warning: Error): void => {
      if (warning.name === 'TenantsFolderWarning') warned.resolve(warning);
    };
    process.on('warning', listen);
    const again = Promise.withResolvers<void>();
    let calls = 0;
    const folder = new TenantsFolder(
      root,
      () => {
        if (++calls === 1) throw new Error('no room');
        again.resolve();
      },
      { settleMs: 5, rescanMs: 10 },
    );
    open.push(folder);
    folder.watch();
    const [warning] = await Promise.all([warned.promise, again.promise]);
    process.off('warning', listen);
    expect(warning.message).toMatch(/could not be taken up: no room$/);
  });
});
