import { expect, test } from 'vitest';
import { ERRNO } from '../../../../src/abi/wasi/errno.ts';
import { WASI_PREVIEW1 } from '../../../../src/abi/wasi/preview1.ts';
import { UNSUPPORTED } from '../../../../src/abi/wasi/unsupported.ts';
import { TinyHost } from './tiny-host.ts';

/** Calls a function with ones and zeros for its parameters, the descriptor being `fd`; small numbers are valid for all. */
function attempt(name: string, fd: number): unknown {
  const host = new TinyHost();
  const { signature } = WASI_PREVIEW1[name] ?? { signature: '' };
  const parameters = Array.from(signature.slice(0, signature.indexOf('->')), (code) => (code === 'I' ? 0n : 1));
  return host.invoke(name, [fd, ...parameters.slice(1)]);
}

// That every other function succeeds for somebody is shown by file-functions.test.ts.
test.each(UNSUPPORTED)('$name answers $errno for every stream, as the list says', ({ name, errno, reason }) => {
  for (const fd of [0, 1, 2]) expect(attempt(name, fd)).toBe(ERRNO[errno]);
  expect(attempt(name, 3)).toBe(name === 'proc_raise' ? ERRNO.nosys : ERRNO.badf);
  expect(reason.length).toBeGreaterThan(10);
});

test('the list has each function once', () => {
  expect(UNSUPPORTED.map(({ name }) => name)).toEqual([
    'proc_raise',
    'sock_accept',
    'sock_recv',
    'sock_send',
    'sock_shutdown',
  ]);
});
