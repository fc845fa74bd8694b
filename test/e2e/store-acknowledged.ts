/** What the writing program of the kill test says, and how it makes values that show whether they are whole. */
import { createHash } from 'node:crypto';
import type { Sealer } from '../../src/store/sealer.ts';
import { sealerOf } from '../../src/store/sealer.ts';

/** One line of the program: something that it was told is stored. */
export type Acknowledged =
  | { readonly kind: 'deploy'; readonly version: number; readonly revision: number; readonly auditId: number }
  | { readonly kind: 'kv'; readonly key: string; readonly generation: number }
  | { readonly kind: 'secret'; readonly count: number }
  | { readonly kind: 'usage'; readonly requests: number }
  | { readonly kind: 'revision'; readonly revision: number };

/** The tenant that everything happens to. */
export const TENANT = 'shop';

/** The same in every process of the test. */
export function testSealer(): Sealer {
  return sealerOf(new Uint8Array(32).fill(7));
}

/** `size` bytes and their sum. */
export function summed(content: Uint8Array): Uint8Array {
  return Buffer.concat([sumOf(content), content]);
}

/** Whether {@link summed} has made these bytes. */
export function isWhole(bytes: Uint8Array): boolean {
  return sumOf(bytes.subarray(32)).equals(bytes.subarray(0, 32));
}

function sumOf(content: Uint8Array): Buffer {
  return createHash('sha256').update(content).digest();
}
