/** How much of the memory target awake tenants may take. */
import { AWAKE_SHARE, BARE_PROCESS_MIB, LEAST_AWAKE_SHARE } from './limits.ts';

const MIB = 2 ** 20;

/** Bytes that awake tenants and their code may take by estimate ({@link ./awake-tenants.ts AwakeTenants}) under a target in MiB. */
export function awakeBytesOf(memoryTargetMib: number): number {
  const beyondBare = (memoryTargetMib - BARE_PROCESS_MIB) * AWAKE_SHARE;
  return Math.max(beyondBare, memoryTargetMib * LEAST_AWAKE_SHARE) * MIB;
}

/** The least target, in whole MiB, under which so many bytes of tenants may be awake. */
export function targetFor(awakeBytes: number): number {
  const mib = awakeBytes / MIB;
  return Math.ceil(Math.min(mib / AWAKE_SHARE + BARE_PROCESS_MIB, mib / LEAST_AWAKE_SHARE));
}
