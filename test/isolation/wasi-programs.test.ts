/** Programs over WASI: paths that lead out, file systems that fill up, lists without end, floods that nobody reads. */
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cgi, CGI_HEAD, type CgiCode, type Text } from '../cgi-guests.ts';
import { startEdge, type Edge, type TestApp } from '../e2e/edge.ts';
import { RawClient } from '../e2e/raw-client.ts';
import { besideBystander, untilInFlight } from './bystander.ts';
import { expectAttackEnds, expectFailure } from './failures.ts';
import { BYSTANDER, limits } from './guests.ts';

const SECRET = 'nobody may read this';
const FILES = '[files]\n"/app" = "files"\n[limits]\nscratch_mb = 1\ncpu_ms = 2000';

function program(code: (text: Text) => CgiCode, manifest = FILES): TestApp {
  return { module: cgi(code), manifest, files: { secret: SECRET } };
}

/** Rights to read and to seek; to write as well. */
const READ = '(i64.const 6)';
const WRITE = '(i64.const 4194374)';

/** Opens the path that is the request's body in `folder`, as `oflags` say; shows the errno, and the content where it opens. */
function opener(folder: number, oflags: number, before: (text: Text) => string = () => ''): TestApp {
  return program((text) => ({
    start: `(call $out ${text(CGI_HEAD)}) ${before(text)}
      (i32.store (i32.const 256) (i32.const 4096)) (i32.store (i32.const 260) (i32.const 8000))
      (drop (call $fdRead (i32.const 0) (i32.const 256) (i32.const 1) (i32.const 264)))
      (local.set $n (call $pathOpen (i32.const ${folder}) (i32.const 1) (i32.const 4096) (i32.load (i32.const 264))
        (i32.const ${oflags}) ${READ} (i64.const 0) (i32.const 0) (i32.const 268)))
      (call $show (local.get $n))
      (if (i32.eqz (local.get $n)) (then
        (drop (call $fdRead (i32.load (i32.const 268)) (i32.const 256) (i32.const 1) (i32.const 264)))
        (call $out (i32.const 4096) (i32.load (i32.const 264)))))`,
  }));
}

/** Paths that lead out of a folder wherever one follows them without care. */
const WAYS_OUT: readonly string[] = [
  '..',
  '../secret',
  '../../secret',
  '../files/../secret',
  './../secret',
  'sub/../../secret',
  'sub/./.././../secret',
  'sub//..//..//secret',
  '/secret',
  '//secret',
  '/app/../secret',
  '/etc/passwd',
  '/proc/self/environ',
  '../'.repeat(60) + 'etc/passwd',
  'sub/'.repeat(2) + '../'.repeat(20) + 'etc/passwd',
  '..\\secret',
  '..%2fsecret',
  '%2e%2e/secret',
  '..;/secret',
  '.../secret',
  '....//secret',
  '..\u2215secret',
  '\uff0e\uff0e/secret',
  '~/secret',
  'file:///etc/passwd',
  'C:\\secret',
  'plain\0/../../secret',
  'x'.repeat(5000),
  'plain/../../secret',
  'plain/../secret',
  'inside/../../secret',
  'circle',
  'circle/x',
];

/** Apps that are granted a folder. */
const WITH_FILES = [
  'reads',
  'reads-scratch',
  'makes',
  'links-out',
  'fills',
  'folders',
  'descriptors',
  'buffers',
  'variables',
  'headers',
  'no-room-for-variables',
  'lists-for-ever',
  'leaves',
];

let edge: Edge;

/** Resident memory of the edge, in bytes. */
async function resident(): Promise<number> {
  const status = await readFile(`/proc/${edge.process.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

beforeAll(async () => {
  const loop = (body: string): string => `(loop $more ${body} (br $more))`;
  edge = await startEdge({
    apps: {
      bystander: BYSTANDER,
      reads: opener(3, 0),
      'reads-scratch': opener(4, 0),
      makes: opener(4, 1),
      'links-out': opener(
        4,
        0,
        (text) => `
        (call $show (call $pathSymlink ${text('../../../secret')} (i32.const 4) ${text('up')}))
        (call $show (call $pathSymlink ${text('/etc/passwd')} (i32.const 4) ${text('abs')}))
        (call $show (call $createFolder (i32.const 4) ${text('d')}))
        (call $show (call $pathSymlink ${text('../..')} (i32.const 4) ${text('d/out')}))`,
      ),
      fills: program((text) => ({
        start: `(call $out ${text(CGI_HEAD)})
          (drop (call $pathOpen (i32.const 4) (i32.const 0) ${text('big')} (i32.const 1) ${WRITE} (i64.const 0) (i32.const 0)
            (i32.const 268)))
          (call $show (call $setSize (i32.load (i32.const 268)) (i64.const -1)))
          (call $show (call $setSize (i32.load (i32.const 268)) (i64.const 1099511627776)))
          (i32.store (i32.const 256) (i32.const 4096)) (i32.store (i32.const 260) (i32.const 10000))
          (loop $more
            (local.set $n (call $fdWrite (i32.load (i32.const 268)) (i32.const 256) (i32.const 1) (i32.const 264)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $more (i32.eqz (local.get $n))))
          (call $show (local.get $n)) (call $show (local.get $i))`,
      })),
      folders: program((text) => ({
        start: `(call $out ${text(CGI_HEAD)})
          (loop $more
            (i32.store (i32.const 4096) (i32.const 0x61616161))
            (i32.store8 (i32.const 4096) (i32.add (i32.const 97) (i32.and (local.get $i) (i32.const 15))))
            (i32.store8 (i32.const 4097) (i32.add (i32.const 97) (i32.and (i32.shr_u (local.get $i) (i32.const 4)) (i32.const 15))))
            (i32.store8 (i32.const 4098) (i32.add (i32.const 97) (i32.and (i32.shr_u (local.get $i) (i32.const 8)) (i32.const 15))))
            (i32.store8 (i32.const 4099) (i32.const 97))
            (local.set $n (call $createFolder (i32.const 4) (i32.const 4096) (i32.const 4)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $more (i32.eqz (local.get $n))))
          (call $show (local.get $n)) (call $show (local.get $i))`,
      })),
      descriptors: program((text) => ({
        start: `(call $out ${text(CGI_HEAD)})
          (loop $more
            (local.set $n (call $pathOpen (i32.const 3) (i32.const 0) ${text('plain')} (i32.const 0) ${READ} (i64.const 0)
              (i32.const 0) (i32.const 268)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $more (i32.eqz (local.get $n))))
          (call $show (local.get $n)) (call $show (local.get $i))`,
      })),
      buffers: program((text) => ({
        pages: 600,
        start: `(call $out ${text(CGI_HEAD)})
          (local.set $i (i32.const 0))
          (loop $fill
            (i32.store (i32.add (i32.const 4096) (i32.mul (local.get $i) (i32.const 8))) (i32.const 0))
            (i32.store (i32.add (i32.const 4100) (i32.mul (local.get $i) (i32.const 8))) (i32.const 33554432))
            (br_if $fill (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1024))))
          (call $show (call $fdWrite (i32.const 2) (i32.const 4096) (i32.const -1) (i32.const 264)))
          (call $show (call $fdWrite (i32.const 2) (i32.const 4096) (i32.const 1024) (i32.const 264)))
          (call $show (call $fdWrite (i32.const 2) (i32.const 4096) (i32.const 127) (i32.const 264)))
          (call $show (call $fdRead (i32.const 0) (i32.const 4096) (i32.const 1025) (i32.const 264)))`,
      })),
      leaves: program((text) => ({
        start: `(call $out ${text(CGI_HEAD)})
          (call $show (call $pathOpen (i32.const 4) (i32.const 0) ${text('left')} (i32.const 0) (i64.const 0) (i64.const 0)
            (i32.const 0) (i32.const 268)))
          (call $show (call $pathOpen (i32.const 4) (i32.const 0) ${text('left')} (i32.const 1) (i64.const 0) (i64.const 0)
            (i32.const 0) (i32.const 268)))
          (call $show (i32.load (i32.const 268)))`,
      })),
      'lists-for-ever': program(
        () => ({
          start: loop(
            '(drop (call $fdReaddir (i32.const 3) (i32.const 4096) (i32.const 100) (i64.const 0) (i32.const 264)))',
          ),
        }),
        '[files]\n"/app" = "files"\n[limits]\ncpu_ms = 200',
      ),
      'no-room-for-variables': program(() => ({
        start: '(drop (call $environGet (i32.const 1024) (i32.const 262140)))',
      })),
      variables: program((text) => ({
        start: `(call $out ${text(CGI_HEAD)})
          (drop (call $environSizes (i32.const 256) (i32.const 260)))
          (drop (call $argsSizes (i32.const 264) (i32.const 268)))
          (call $show (i32.load (i32.const 256))) (call $show (i32.load (i32.const 260)))
          (call $show (i32.load (i32.const 264))) (call $show (i32.load (i32.const 268)))`,
      })),
      floods: program(
        (text) => ({ start: `(call $out ${text(CGI_HEAD)}) ${loop('(call $out (i32.const 0) (i32.const 60000))')}` }),
        limits({ wall_ms: 1_500, cpu_ms: 10_000 }),
      ),
      headers: program((text) => ({ start: loop(`(call $out ${text(`x: ${'y'.repeat(500)}\n`)})`) })),
      'floods-log': program(
        () => ({ start: loop('(call $err (i32.const 0) (i32.const 60000))') }),
        limits({ cpu_ms: 200 }),
      ),
    },
  });
  // Folders of [files], which the apps above need, and two that lead out of them.
  for (const app of WITH_FILES) {
    const files = join(edge.tenants, app, 'files');
    await mkdir(join(files, 'sub'), { recursive: true });
    await writeFile(join(files, 'plain'), 'plain content');
    await writeFile(join(files, 'sub', 'deep'), 'deep content');
    await symlink('sub', join(files, 'inside'));
  }
  await edge.until(() => WITH_FILES.every((app) => edge.stderr.includes(` ${app}: version`)));
});
afterAll(() => edge.stop());

/** Whether a path is a single name, however it looks to other systems. */
function isPlain(path: string): boolean {
  return !path.includes('/') && path !== '..' && path.length <= 255;
}

/** The numbers that a program shows. */
function numbers(text: string): number[] {
  return text.trim().split(/\s+/).map(Number);
}

describe('a path that leads out', () => {
  it.each(['reads', 'reads-scratch', 'makes'])('opens nothing for %s', async (app) => {
    const answers: Record<string, string> = {};
    for (const path of WAYS_OUT) answers[path] = (await edge.fetch(app, '/', { method: 'POST', body: path })).text;
    // What is no way out here is a name like any other: it can be made in the scratch folder, and is empty.
    const made = Object.entries(answers).filter(([path, text]) => !(app === 'makes' && isPlain(path) && text === '0 '));
    expect(made.filter(([, text]) => !/^[1-9]\d* $/.test(text))).toEqual([]);
  });

  it('is no reason to refuse one that stays inside', async () => {
    for (const path of ['plain', 'sub/../plain', 'inside/../plain'])
      expect((await edge.fetch('reads', '/', { method: 'POST', body: path })).text).toBe('0 plain content');
    expect((await edge.fetch('reads', '/', { method: 'POST', body: 'inside/deep' })).text).toBe('0 deep content');
  });

  it.each(['up', 'd/out', 'd/out/x', 'd/out/../../secret'])('is not made by a symbolic link: %s', async (path) => {
    const { text } = await edge.fetch('links-out', '/', { method: 'POST', body: path });
    // The first link is made, the absolute one refused, folder and second link are made; opening answers perm.
    expect(numbers(text)).toEqual([0, 63, 0, 0, 63]);
  });
});

describe('a folder with a link that leads out of it', () => {
  it.each([
    ['../secret', /"leak" to "\.\.\/secret", which leads out of it; put the file itself there/],
    ['/etc/passwd', /"leak" to "\/etc\/passwd", which leads out of it/],
    ['sub/../../secret', /which leads out of it/],
  ])('to %s is not deployed', async (target, said) => {
    const name = `leaky-${target.length}`;
    const folder = join(edge.tenants, name);
    await mkdir(join(folder, 'files', 'sub'), { recursive: true });
    await writeFile(join(folder, 'files', 'sub', 'x'), 'x');
    await symlink(target, join(folder, 'files', 'leak'));
    await edge.put(name, opener(3, 0));
    await edge.untilSaid(new RegExp(`${name}: not deployed: .*`));
    expect(edge.stderr).toMatch(said);
    expect((await edge.fetch(name)).headers['kerb-outcome']).toBe('unknown_host');
  });
});

describe('a file system that is filled', () => {
  it('with bytes ends at its quota, again and again', async () => {
    await besideBystander(edge, async () => {
      for (let round = 0; round < 3; round += 1) {
        const answers = await Promise.all(Array.from({ length: 8 }, () => edge.fetch('fills')));
        for (const { text } of answers) {
          const [huge, large, full, writes] = numbers(text);
          expect([huge, large, full]).toEqual([22, 22, 22]);
          expect(writes).toBe(105);
        }
      }
    });
    expect(await edge.inFlight('fills')).toBe(0);
  });

  it('with folders ends at its quota', async () => {
    const { text } = await besideBystander(edge, () => edge.fetch('folders'));
    expect(numbers(text)).toEqual([51, 1025]);
  });

  it('with descriptors ends at their number', async () => {
    const { text } = await besideBystander(edge, () => edge.fetch('descriptors'));
    expect(numbers(text)).toEqual([33, 1020]);
  });
});

describe('what a request leaves', () => {
  it('in its scratch folder and its descriptors is gone for all others', async () => {
    for (let round = 0; round < 5; round += 1) {
      const answers = await Promise.all(Array.from({ length: 10 }, () => edge.fetch('leaves')));
      expect(new Set(answers.map(({ text }) => text))).toEqual(new Set(['44 0 5 ']));
    }
  });
});

describe('lists', () => {
  it('of buffers without end, or with more bytes than there are, are refused', async () => {
    const { text } = await besideBystander(edge, () => edge.fetch('buffers'));
    expect(numbers(text)).toEqual([28, 28, 0, 28]);
  });

  it('of a folder, asked for ever, cost their tenant', async () => {
    await expectAttackEnds(edge, 'lists-for-ever', 'cpu_limit');
    expect(await edge.inFlight('lists-for-ever')).toBe(0);
  });

  it('of variables that do not fit in memory end the program', async () => {
    await expectAttackEnds(edge, 'no-room-for-variables', 'guest_trap');
    expect(await edge.inFlight('no-room-for-variables')).toBe(0);
  });

  it('of variables and arguments are as long as requests may be', async () => {
    const plain = numbers((await edge.fetch('variables')).text);
    const headers = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`x-h-${index}`, 'v'.repeat(20)]));
    const [count, bytes, args] = numbers((await edge.fetch('variables', `/?${'a+'.repeat(500)}`, { headers })).text);
    expect(count).toBe((plain[0] ?? 0) + 50);
    expect(bytes).toBeLessThan(20_000);
    expect(args).toBe(1);
    const joined = await edge.fetch('variables', '/', { headers: { 'x-many': Array.from({ length: 60 }, () => 'v') } });
    expect(numbers(joined.text)[0]).toBe((plain[0] ?? 0) + 1);
  });
});

describe('output', () => {
  it('without end, to a client that does not read, waits and ends with its time', async () => {
    await besideBystander(edge, async () => {
      const clients = await Promise.all(Array.from({ length: 8 }, () => RawClient.open(edge)));
      for (const client of clients) {
        client.socket.pause();
        client.get('floods.localhost');
      }
      await untilInFlight(edge, 'floods', 8);
      const before = await resident();
      await edge.until(() => edge.log.filter((line) => line['tenant'] === 'floods').length >= 8 || null);
      for (const line of edge.log.filter((one) => one['tenant'] === 'floods'))
        expect(['wall_limit', 'client_closed']).toContain(line['outcome']);
      expect((await resident()) - before).toBeLessThan(64 * 1024 * 1024);
      for (const client of clients) client.socket.destroy();
    });
    expect(await edge.inFlight('floods')).toBe(0);
  });

  it('that never comes to its body is cut off', async () => {
    await expectAttackEnds(edge, 'headers', 'no_response');
    expect(await edge.inFlight('headers')).toBe(0);
  });

  it('into the log costs its tenant, and the log takes so much of a request', async () => {
    await besideBystander(edge, async () => {
      expectFailure(await edge.fetch('floods-log'), 'cpu_limit');
    });
    expect(
      edge.log.filter((line) => line.kind === 'guest' && line['tenant'] === 'floods-log').length,
    ).toBeLessThanOrEqual(200);
  });
});
