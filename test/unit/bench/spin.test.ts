import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ENDLESS_PATH, SPIN_MODULE, spinPath, stepsPerMs } from '../../../bench/spin.ts';

/** The guest after a request for `path`: what it answered, and the last step's result. */
function after(path: string): { answer: string; last: bigint } {
  let answer = '';
  const imports = {
    http_handler: {
      get_uri: (at: number, limit: number) => new TextEncoder().encodeInto(path, bytes(at, limit)).written,
      write_body: (_kind: number, at: number, length: number) => {
        answer += Buffer.from(bytes(at, length)).toString();
      },
    },
  };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(SPIN_MODULE)), imports);
  const { buffer } = exports['memory'] as WebAssembly.Memory;
  const bytes = (at: number, length: number): Uint8Array => new Uint8Array(buffer, at, length);
  (exports['handle_request'] as () => bigint)();
  return { answer, last: new DataView(buffer).getBigUint64(32, true) };
}

/** The chain of multiplications, as it should be. */
function chain(steps: number): bigint {
  let x = 1n;
  for (let step = 0; step < steps; step++) x = BigInt.asUintN(64, x * 6364136223846793005n + 1442695040888963407n);
  return x;
}

describe('the guest that computes', () => {
  it.each([0, 1, 10, 12_345])('takes as many steps as its path says: %i', (steps) => {
    expect(after(`/${steps}`)).toEqual({ answer: 'done\n', last: chain(steps) });
  });

  it('stops reading at what is no digit', () => {
    expect(after('/12?x=3').last).toBe(chain(12));
    expect(after('/').last).toBe(chain(0));
  });
});

describe('stepsPerMs', () => {
  it('finds a number of steps that one can ask for', () => {
    const perMs = stepsPerMs();
    expect(perMs).toBeGreaterThan(1_000);
    // The guest counts in 32 bits.
    expect(Number(ENDLESS_PATH.slice(1))).toBeLessThan(2 ** 31);
  });
});

describe('spinPath', () => {
  it('asks for one step at least', () => {
    expect(spinPath(0.3, 1_000_000)).toBe('/300000');
    expect(spinPath(0.0001, 100)).toBe('/1');
  });
});
