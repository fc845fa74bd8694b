/** What a run of the lab found: plain data, and the JSON file. Figures that could not be had are `null`. */
import type { CapacityEstimate } from './capacity.ts';
import type { Fault } from './load.ts';
import type { Shape } from './popularity.ts';
import type { Tail } from './quantile.ts';
import type { PhaseName } from './tally.ts';

/** What was asked for. Shares are from 0 to 1. */
export interface LabSettings {
  readonly tenants: number;
  readonly seconds: number;
  /** Requests a second to well-behaved tenants. */
  readonly rate: number;
  /** Requests a second to hostile tenants, in the phase that has them. */
  readonly hostileRate: number;
  readonly shape: Shape;
  readonly exponent: number;
  readonly seed: number;
  /** Hostile tenants, as a share of {@link tenants}. */
  readonly hostile: number;
  /** Tenants whose module is one of their own. */
  readonly distinct: number;
  /** A folder of apps that the tenants run; `null`: the lab's own mix. */
  readonly modules: string | null;
  /** `null`: what Kerb chooses. */
  readonly memoryTargetMib: number | null;
  readonly threads: number | null;
}

/** Where it ran. */
export interface LabMachine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
}

/** A second of a run. */
export interface LabLook {
  /** Seconds since the load began. */
  readonly atS: number;
  readonly phase: PhaseName | 'over';
  readonly residentBytes: number | null;
  readonly heapBytes: number | null;
  readonly linearBytes: number | null;
  readonly pageTableBytes: number | null;
  readonly mappings: number | null;
  readonly memories: number | null;
  readonly codeMib: number | null;
  /** CPU seconds since the server's start. */
  readonly cpuSeconds: number | null;
  /** Tenants that have answered at least once, as the load saw it; and those that are loaded, as Kerb tells. */
  readonly seen: number;
  readonly awake: number | null;
  /** Tenants woken and put to rest since the server's start, as Kerb tells; also `null` where it was not asked again since the look before. */
  readonly wakes: number | null;
  readonly rests: number | null;
  /** Of the requests that ended since the look before. */
  readonly sent: number;
  readonly cold: number;
  readonly warm: number;
  readonly coldTail: Tail | null;
  readonly warmTail: Tail | null;
  readonly hostileEnded: number;
  readonly refused: number;
  readonly wrong: number;
  readonly unexpected: number;
  readonly lost: number;
  readonly inFlight: number;
}

/** What became of the requests of a phase. Times are milliseconds from when a request was due. */
export interface PhaseSummary {
  readonly seconds: number;
  readonly sent: number;
  readonly cold: Tail | null;
  readonly warm: Tail | null;
  readonly lateness: Tail | null;
  readonly good: Readonly<Record<string, number>>;
  readonly hostile: Readonly<Record<string, number>>;
  readonly wrong: number;
  readonly unexpected: number;
  readonly refused: number;
  readonly lost: number;
  /** Sent twice: the server had closed the kept connection. No fault. */
  readonly repeated: number;
}

/** Figures of a Kerb that nobody has asked anything. */
export interface IdleFigures {
  readonly residentBytes: number | null;
  readonly mappings: number | null;
  readonly codeMib: number | null;
  /** Tenants that are loaded, as Kerb tells: few are from its start, more rest until they are asked. */
  readonly awake: number | null;
}

/** A Kerb without tenants, and one with all of them before the first request. */
export interface LabStart {
  readonly empty: IdleFigures;
  readonly stocked: IdleFigures;
  /** From the start of the process with all tenants until it served. */
  readonly startMs: number;
  /** To store the tenants. */
  readonly stockMs: number;
}

/** A run. */
export interface LabRecord {
  readonly made: string;
  readonly settings: LabSettings;
  readonly machine: LabMachine;
  readonly start: LabStart;
  readonly looks: readonly LabLook[];
  readonly phases: Readonly<Record<PhaseName, PhaseSummary>>;
  readonly all: PhaseSummary;
  /** All but the settling: when everybody comes at once, everybody waits. */
  readonly steady: PhaseSummary;
  readonly kinds: readonly {
    readonly name: string;
    readonly language: string;
    /** What of the answer is the tenant's own. */
    readonly tells: string;
    readonly tenants: number;
  }[];
  readonly hostileKinds: readonly { readonly name: string; readonly tries: string; readonly tenants: number }[];
  /** Weights of the tenants, the most popular first, at some places, as requests a second. */
  readonly popularity: readonly { readonly rank: number; readonly perSecond: number }[];
  readonly faults: readonly Fault[];
  readonly server: { readonly exitCode: number; readonly aborts: number; readonly log: readonly string[] };
  readonly capacity: CapacityEstimate;
}

/** Whether nothing went wrong: no abort, no wrong byte, no unexpected outcome, nothing lost. */
export function isClean({ all, server }: Pick<LabRecord, 'all' | 'server'>): boolean {
  return server.aborts === 0 && all.wrong + all.unexpected + all.lost === 0;
}

/** Whether the tenants were loaded before the first request: then nobody was only there, and what that takes cannot be told. */
export function isAwakeFromStart({ stocked }: LabStart): boolean {
  return (stocked.awake ?? 0) > 0;
}
