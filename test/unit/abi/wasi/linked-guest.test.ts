import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { GuestExit, GuestFault } from '../../../../src/abi/guest-fault.ts';
import { WASI_MODULES } from '../../../../src/abi/wasi/preview1.ts';
import { assemble } from '../../../wat.ts';
import { link } from './linked-guest.ts';

/** Import declarations for all functions of a module, called `$fd_write` and so on. */
function declarations(module: string): string {
  const types = (codes: string): string => Array.from(codes, (code) => (code === 'I' ? 'i64' : 'i32')).join(' ');
  return Object.entries(WASI_MODULES.get(module as 'wasi_unstable') ?? {})
    .map(([name, { signature }]) => {
      const [parameters = '', results = ''] = signature.split('->');
      const type = `(param ${types(parameters)}) (result ${types(results)})`;
      return `(import "${module}" "${name}" (func $${name} ${type}))`;
    })
    .join('\n');
}

/** A guest that imports everything. Its data: an iovec list at 0, text at 32, a sleep of 1 ms at 128. */
function guest(module: string, timeout: number): string {
  return `(module
    ${declarations(module)}
    (memory (export "memory") 1)
    (data (i32.const 0) "\\20\\00\\00\\00\\06\\00\\00\\00")
    (data (i32.const 32) "hello\\n")
    (data (i32.const ${timeout - 8}) "\\01")
    (data (i32.const ${timeout}) "\\40\\42\\0f\\00\\00\\00\\00\\00")
    (func (export "greet") (param $fd i32) (result i32)
      (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 16)))
    (func (export "nap") (result i32)
      (drop (call $poll_oneoff (i32.const 128) (i32.const 256) (i32.const 1) (i32.const 16)))
      (i32.load (i32.const 16)))
    (func (export "quit") (param $status i32)
      (call $proc_exit (local.get $status))
      (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16))))
    (func (export "stray") (result i32)
      (call $fd_write (i32.const 1) (i32.const -1) (i32.const 1) (i32.const 16))))`;
}

describe.each([
  ['wasi_snapshot_preview1', 152],
  ['wasi_unstable', 160],
])('a guest that imports all of %s', (module, timeout) => {
  test('links and writes', async () => {
    const { host, enter } = link(assemble(guest(module, timeout)));
    expect(await enter('greet', 2)).toBe(0);
    expect(host.lines).toEqual([['error', 'hello']]);
  });

  test('suspends while it sleeps, and others run meanwhile', async () => {
    const { host, enter } = link(assemble(guest(module, timeout)));
    let others = false;
    setImmediate(() => (others = true));
    expect(await enter('nap')).toBe(1);
    expect(others).toBe(true);
    expect(host.memory.readU8(256 + 10)).toBe(0);
  });

  test('is unwound by a reset while it sleeps, and is usable afterwards', async () => {
    const { host, enter } = link(assemble(guest(module, timeout)));
    host.memory.writeU64(timeout, 10n ** 11n);
    const asleep = enter('nap');
    host.guest.reset();
    await expect(asleep).rejects.toBeInstanceOf(GuestFault);
    expect(await enter('greet', 1)).toBe(0);
  });

  test('does not come back from proc_exit', async () => {
    const { host, enter } = link(assemble(guest(module, timeout)));
    await expect(enter('quit', 7)).rejects.toEqual(new GuestExit(7));
    expect(host.lines).toEqual([]);
  });

  test('ends when it points outside its memory', async () => {
    const { enter } = link(assemble(guest(module, timeout)));
    await expect(enter('stray')).rejects.toBeInstanceOf(GuestFault);
  });
});

const C_SOURCE = `
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
int main(int argc, char **argv) {
  unsigned char seed[16] = {0}, zero[16] = {0};
  struct timespec now, nap = {0, 1000000};
  struct stat status;
  struct pollfd output = {1, POLLOUT, 0};
  printf("argc %d %s\\n", argc, argv[1]);
  printf("env %s %s\\n", getenv("LANG"), getenv("HOME") ? "leaked" : "none");
  printf("random %d %d\\n", getentropy(seed, sizeof seed), memcmp(seed, zero, sizeof seed) != 0);
  clock_gettime(CLOCK_REALTIME, &now);
  printf("time %lld.%09ld\\n", (long long)now.tv_sec, now.tv_nsec);
  printf("sleep %d\\n", nanosleep(&nap, NULL));
  printf("tty %d seek %d\\n", isatty(1), lseek(1, 0, SEEK_CUR) == -1 && errno == ESPIPE);
  printf("open %d %d\\n", open("/etc/passwd", O_RDONLY), mkdir("x", 0700));
  printf("stat %d %d\\n", fstat(1, &status), S_ISCHR(status.st_mode));
  printf("eof %d poll %d %d\\n", getchar() == EOF, poll(&output, 1, 1000), output.revents == POLLOUT);
  fprintf(stderr, "no \\033[31mcolour\\n");
  printf("last words");
  return 3;
}`;

const CLANG = '/usr/bin/clang-14';
const hasClang = spawnSync(CLANG, ['--version']).status === 0;

function compile(source: string): Uint8Array<ArrayBuffer> {
  const folder = mkdtempSync(join(tmpdir(), 'kerb-wasi-'));
  try {
    writeFileSync(join(folder, 'guest.c'), source);
    const output = join(folder, 'guest.wasm');
    execFileSync(CLANG, ['--target=wasm32-wasi', '--sysroot=/usr', '-O1', '-o', output, join(folder, 'guest.c')]);
    return new Uint8Array(readFileSync(output));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('a C program finds what libc expects of its host', async ({ skip }) => {
  skip(!hasClang, 'needs clang-14 and wasi-libc of Debian; the guests above call the same functions without a libc');
  const { host, enter } = link(compile(C_SOURCE), { argv: ['guest', '--flag'], env: { LANG: 'C.UTF-8' } });
  await expect(enter('_start')).rejects.toEqual(new GuestExit(3));
  expect(host.lines.filter(([level]) => level === 'info').map(([, line]) => line)).toEqual([
    'argc 2 --flag',
    'env C.UTF-8 none',
    'random 0 1',
    'time 1700000000.123456789',
    'sleep 0',
    'tty 1 seek 1',
    'open -1 -1',
    'stat 0 1',
    'eof 1 poll 1 1',
    'last words',
  ]);
  expect(host.lines).toContainEqual(['error', String.raw`no \x1b[31mcolour`]);
});
