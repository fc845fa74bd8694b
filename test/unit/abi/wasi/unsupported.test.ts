import { expect, test } from 'vitest';
import { ERRNO } from '../../../../src/abi/wasi/errno.ts';
import { WASI_PREVIEW1 } from '../../../../src/abi/wasi/preview1.ts';
import { UNSUPPORTED } from '../../../../src/abi/wasi/unsupported.ts';
import { TinyHost } from './tiny-host.ts';

const UNSUPPORTED_NAMES = new Set(UNSUPPORTED.map(({ name }) => name));

/** Calls a function with ones and zeros for its parameters, the descriptor being `fd`; small numbers are valid for all. */
function attempt(name: string, fd: number): unknown {
  const host = new TinyHost();
  const { signature } = WASI_PREVIEW1[name] ?? { signature: '' };
  const place = name === 'path_symlink' ? 2 : 0;
  const args = Array.from(signature.slice(0, signature.indexOf('->')), (code, index) => {
    if (code === 'I') return 0n;
    return index === place ? fd : 1;
  });
  try {
    return host.invoke(name, args);
  } catch (error) {
    return error;
  }
}

test.each(UNSUPPORTED)('$name answers $errno for every stream, as the list says', ({ name, errno, reason }) => {
  for (const fd of [0, 1, 2]) expect(attempt(name, fd)).toBe(ERRNO[errno]);
  expect(attempt(name, 3)).toBe(name === 'proc_raise' ? ERRNO.nosys : ERRNO.badf);
  expect(reason.length).toBeGreaterThan(10);
});

test('the list is complete: every other function works for some descriptor', () => {
  const failing = Object.keys(WASI_PREVIEW1).filter(
    (name) => name !== 'proc_exit' && ![0, 1, 2].some((fd) => attempt(name, fd) === ERRNO.success),
  );
  expect(failing).toEqual(UNSUPPORTED.map(({ name }) => name));
  expect(UNSUPPORTED_NAMES.size).toBe(26);
});
