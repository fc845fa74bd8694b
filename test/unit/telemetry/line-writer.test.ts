import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KerbError } from '../../../src/errors.ts';
import { LineWriter, MAX_BACKLOG_BYTES } from '../../../src/telemetry/line-writer.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kerb-lines-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('a writer to a file', () => {
  it('appends, and has written everything when it closes', async () => {
    const path = join(folder, 'access.log');
    await writeFile(path, 'before\n');
    const writer = await LineWriter.open({ kind: 'file', path });
    expect(writer.enabled).toBe(true);
    writer.write('one\n');
    writer.write('two\n');
    await writer.close();
    expect(await readFile(path, 'utf8')).toBe('before\none\ntwo\n');
    expect(writer.dropped).toBe(0);
  });

  it('that cannot be opened says which and why', async () => {
    const path = join(folder, 'missing', 'access.log');
    const opening = LineWriter.open({ kind: 'file', path });
    await expect(opening).rejects.toBeInstanceOf(KerbError);
    await expect(opening).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining(path) as string,
    });
  });

  it('drops and counts what comes while its reader is far behind: nobody waits', async () => {
    const path = join(folder, 'slow.log');
    const writer = await LineWriter.open({ kind: 'file', path });
    writer.write(`${'x'.repeat(MAX_BACKLOG_BYTES)}\n`);
    writer.write('kept\n'.repeat(10));
    const before = writer.dropped;
    writer.write('dropped\n');
    expect([before, writer.dropped]).toEqual([1, 2]);
    await writer.close();
    expect(await readFile(path, 'utf8')).not.toContain('dropped');
  });
});

describe('a writer to nowhere', () => {
  it('takes everything and keeps nothing', async () => {
    const writer = await LineWriter.open({ kind: 'off' });
    writer.write('gone\n');
    await writer.close();
    expect([writer.enabled, writer.dropped]).toEqual([false, 0]);
  });
});

describe('a writer to standard output', () => {
  it('leaves it open for others when it closes', async () => {
    const writer = await LineWriter.open({ kind: 'stdout' });
    await writer.close();
    expect([writer.enabled, process.stdout.writable]).toEqual([true, true]);
  });
});
