/** Measures what the process uses of its {@link ./process-budgets.ts budgets}, and says when resident memory has to come down. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import {
  DEFAULT_MAX_DESCRIPTORS,
  DEFAULT_MAX_MAPPINGS,
  LINEAR_MEMORY_SHARE,
  MAPPINGS_LOOK_MS,
  MAPPINGS_SHARE,
  MAX_CODE_MIB,
  MAX_WEBSOCKETS,
  MAX_LIVE_MEMORIES,
  MAX_SOCKETS,
  MAX_TASKS,
  MEMORY_CEILING_FACTOR,
  NEAR_TARGET_SHARE,
  RELIEF_PAUSE_MS,
  RESIDENT_LOOK_MS,
  SOCKETS_SHARE,
} from './limits.ts';
import type { Ceilings, ProcessBudgets } from './process-budgets.ts';

const MIB = 1024 * 1024;
const PAGE_BYTES = 65_536;

/** What has to be done about resident memory. */
export interface Pressure {
  /** Bytes above the target. */
  readonly bytes: number;
  /** `none`: it is over; `shrink`: drop what is idle and refuse who holds most; `end`: end their requests too. */
  readonly measure: 'none' | 'shrink' | 'end';
}

/** The mappings of a process. */
export interface Mappings {
  readonly count: number;
  /** Bytes of machine code that V8 has made or has room for. */
  readonly codeBytes: number;
}

/** Where figures come from, injectable for tests. */
export interface Readings {
  residentBytes(): number;
  mappings(): Promise<Mappings>;
}

/** Readings of this process. */
export const THIS_PROCESS: Readings = {
  residentBytes: () => process.memoryUsage.rss(),
  mappings: async () => readMappings(await readFile('/proc/self/maps', 'latin1')),
};

/**
 * Reads the text of `/proc/PID/maps` (proc(5)). Code is what is executable and belongs to no file: V8 reserves room for the code of
 * a module when it is compiled, and that reservation counts.
 */
export function readMappings(text: string): Mappings {
  const anonymousCode = /^([0-9a-f]+)-([0-9a-f]+) ..x. \S+ \S+ 0 *$/gm;
  let codeBytes = 0;
  for (const [, from = '', to = ''] of text.matchAll(anonymousCode)) codeBytes += parseInt(to, 16) - parseInt(from, 16);
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1;
  return { count, codeBytes };
}

/** Page tables of this process in MiB (`VmPTE` of proc(5)), which grow with every address that was ever used; 0 if not known. */
export async function pageTableMib(): Promise<number> {
  const status = await readFile('/proc/self/status', 'latin1').catch(() => '');
  return Number(/^VmPTE:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024;
}

/** The ceilings of a process that aims at `memoryTargetMib`. */
export function ceilingsFor(memoryTargetMib: number): Ceilings {
  return {
    requests: MAX_TASKS,
    memories: MAX_LIVE_MEMORIES,
    memory_pages: Math.floor(memoryTargetMib * LINEAR_MEMORY_SHARE * (MIB / PAGE_BYTES)),
    sockets: Math.min(Math.floor(maxDescriptors() * SOCKETS_SHARE), MAX_SOCKETS),
    resident_mib: Math.floor(memoryTargetMib * MEMORY_CEILING_FACTOR),
    mappings: Math.floor(maxMappings() * MAPPINGS_SHARE),
    code_mib: MAX_CODE_MIB,
    websockets: MAX_WEBSOCKETS,
  };
}

function maxMappings(): number {
  try {
    return Number(readFileSync('/proc/sys/vm/max_map_count', 'latin1'));
  } catch {
    return DEFAULT_MAX_MAPPINGS;
  }
}

function maxDescriptors(): number {
  try {
    return readMaxDescriptors(readFileSync('/proc/self/limits', 'latin1'));
  } catch {
    return DEFAULT_MAX_DESCRIPTORS;
  }
}

/** Reads the soft limit on open files in the text of `/proc/PID/limits` (proc(5)). */
export function readMaxDescriptors(text: string): number {
  const [, soft] = /^Max open files +(\d+|unlimited) /m.exec(text) ?? [];
  if (soft === 'unlimited') return Number.MAX_SAFE_INTEGER;
  return soft === undefined ? DEFAULT_MAX_DESCRIPTORS : Number(soft);
}

/** What a gauge works with. */
export interface GaugeOptions {
  readonly budgets: ProcessBudgets;
  readonly memoryTargetMib: number;
  /** Told at most every {@link RELIEF_PAUSE_MS} while resident memory is above the target, and once when it no longer is. */
  readonly onPressure: (pressure: Pressure) => void;
  /**
   * Told at each look how many bytes resident memory is over {@link NEAR_TARGET_SHARE} of the target, while it is: what can be dropped
   * without anybody noticing is to go before there is pressure.
   */
  readonly onNear?: (bytes: number) => void;
  readonly readings?: Readings;
}

/** Looks at the process at intervals, from the main thread. */
export class ProcessGauge {
  readonly #options: GaugeOptions;
  readonly #readings: Readings;
  readonly #timers: readonly NodeJS.Timeout[];
  /** Code of the engine itself and of JavaScript, reserved at the start. */
  #ownCodeBytes: number | null = null;
  #pressed: 'pressed' | 'at ease' = 'at ease';
  #saidAt = -Infinity;

  constructor(options: GaugeOptions) {
    this.#options = options;
    this.#readings = options.readings ?? THIS_PROCESS;
    this.#timers = [
      setInterval(() => this.lookAtMemory(performance.now()), RESIDENT_LOOK_MS),
      setInterval(() => void this.lookAtMappings(), MAPPINGS_LOOK_MS),
    ];
  }

  /** Reads resident memory and reports pressure. */
  lookAtMemory(nowMs: number): void {
    const { budgets, memoryTargetMib, onPressure } = this.#options;
    const resident = this.#residentBytes();
    if (resident === null) return;
    const bytes = resident - memoryTargetMib * MIB;
    budgets.set('resident_mib', Math.ceil(resident / MIB));
    const near = resident - memoryTargetMib * MIB * NEAR_TARGET_SHARE;
    if (near > 0) this.#options.onNear?.(near);
    if (bytes <= 0 && this.#pressed === 'at ease') return;
    if (bytes > 0 && nowMs - this.#saidAt < RELIEF_PAUSE_MS) return;
    this.#pressed = bytes > 0 ? 'pressed' : 'at ease';
    this.#saidAt = bytes > 0 ? nowMs : -Infinity;
    if (bytes <= 0) onPressure({ bytes: 0, measure: 'none' });
    else onPressure({ bytes, measure: budgets.over('resident_mib') >= 0 ? 'end' : 'shrink' });
  }

  /** `null` when it cannot be read: a process that has used up its file descriptors must not end of that. */
  #residentBytes(): number | null {
    try {
      return this.#readings.residentBytes();
    } catch {
      return null;
    }
  }

  /** Reads mappings and code; leaves the figures as they are when that fails. What the first look finds is the engine's own. */
  async lookAtMappings(): Promise<void> {
    const mappings = await this.#readings.mappings().catch(() => null);
    if (mappings === null) return;
    const { count, codeBytes } = mappings;
    this.#ownCodeBytes ??= codeBytes;
    this.#options.budgets.set('mappings', count);
    this.#options.budgets.set('code_mib', Math.ceil((codeBytes - this.#ownCodeBytes) / MIB));
  }

  /** Stops looking. */
  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }
}
