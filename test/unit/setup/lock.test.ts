import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readFileSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LONGEST_SETUP_MS, thisOwner, withLock } from '../../../src/setup/lock.js';
import { emptyFolder } from './folder.ts';

const silent = { say: (): void => undefined, pollMs: 2 };

/** The file of a lock as another process would have left it. */
function leaveLock(folder: string, difference: object, number = 0): string {
  const path = join(folder, `lock.${number}`);
  writeFileSync(path, JSON.stringify({ ...thisOwner(), ...difference }));
  return path;
}

/** The number of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  const { pid } = child;
  await once(child, 'exit');
  return pid ?? 0;
}

describe('withLock', () => {
  it('gives what the work gives, and leaves nothing behind', async () => {
    const folder = emptyFolder();
    expect(await withLock(folder, silent, async () => Promise.resolve(readdirSync(folder)))).toEqual(['lock.0']);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is free again after work that fails', async () => {
    const folder = emptyFolder();
    await expect(withLock(folder, silent, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('lets two callers work one after the other, and tells the second why it waits', async () => {
    const folder = emptyFolder();
    const said: string[] = [];
    const first = Promise.withResolvers<undefined>();
    const order: string[] = [];
    const slow = withLock(folder, silent, async () => {
      await first.promise;
      order.push('first');
    });
    const say = (message: string): void => {
      said.push(message);
      first.resolve(undefined);
    };
    await withLock(folder, { ...silent, say }, async () => Promise.resolve(order.push('second')));
    await slow;
    expect(order).toEqual(['first', 'second']);
    expect(said).toEqual([`another set-up is under way (process ${process.pid}), waiting for it`]);
  });

  it('passes over the lock of a process that has ended', async () => {
    const folder = emptyFolder();
    leaveLock(folder, { pid: await deadPid() });
    await withLock(folder, silent, async () =>
      Promise.resolve(expect(readdirSync(folder).toSorted()).toEqual(['lock.0', 'lock.1'])),
    );
  });

  it('passes over the lock of an earlier process with a number that is used again', async () => {
    const folder = emptyFolder();
    leaveLock(folder, { started: '1' });
    expect(await withLock(folder, silent, async () => Promise.resolve('done'))).toBe('done');
  });

  it('waits for what a dead process had started, and not beyond', async () => {
    const folder = emptyFolder();
    const { pid, started } = thisOwner();
    const work = (): Promise<string> =>
      withLock(folder, { ...silent, patienceMs: 0 }, async () => Promise.resolve('done'));
    const dead = await deadPid();
    const path = leaveLock(folder, { pid: dead, workers: [{ pid, started }] });
    await expect(work()).rejects.toThrow(`delete ${path}`);
    leaveLock(folder, { pid: dead, workers: [{ pid, started: '1' }, { pid: 'x' }, null] });
    expect(await work()).toBe('done');
  });

  it('names in its file the processes that the work has started', async () => {
    const folder = emptyFolder();
    const { pid, started } = thisOwner();
    await withLock(folder, silent, async (addWorker) => {
      addWorker(pid);
      const text = readFileSync(join(folder, 'lock.0'), 'utf8');
      return Promise.resolve(expect(JSON.parse(text)).toMatchObject({ pid, workers: [{ pid, started }] }));
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each(['', '{', 'null', '[]', '{"pid":"1"}'])('passes over a lock file with the text %j', async (text) => {
    const folder = emptyFolder();
    writeFileSync(join(folder, 'lock.0'), text);
    expect(await withLock(folder, silent, async () => Promise.resolve('done'))).toBe('done');
  });

  it('gives up on a lock that stays held, and names the file', async () => {
    const folder = emptyFolder();
    const path = leaveLock(folder, {});
    const work = withLock(folder, { ...silent, patienceMs: 0 }, () => Promise.reject(new Error('worked all the same')));
    await expect(work).rejects.toThrow(`delete ${path}`);
  });

  it('respects the lock of another container until it is older than any set-up', async () => {
    const folder = emptyFolder();
    const path = leaveLock(folder, { pid: 1, host: 'elsewhere' });
    const work = (): Promise<string> =>
      withLock(folder, { ...silent, patienceMs: 0 }, async () => Promise.resolve('done'));
    await expect(work()).rejects.toThrow('does not end');
    const longAgo = (Date.now() - LONGEST_SETUP_MS) / 1000 - 1;
    utimesSync(path, longAgo, longAgo);
    expect(await work()).toBe('done');
  });

  it('lets one process at a time in, when many race for the lock of a dead one', async () => {
    const folder = emptyFolder();
    leaveLock(folder, { started: '1' });
    const log = join(folder, 'log');
    const racer = async (): Promise<void> =>
      withLock(folder, silent, async () => {
        appendFileSync(log, 'in ');
        await new Promise((resolve) => setImmediate(resolve));
        appendFileSync(log, 'out ');
      });
    await Promise.all(Array.from({ length: 20 }, racer));
    expect(readFileSync(log, 'utf8')).toBe('in out '.repeat(20));
  });
});
