/** A whole control plane over a folder of its own: everything is real but compiling and publishing, which are in the test's hand. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Control, type ControlOptions } from '../../../src/control/control.ts';
import type { Purge } from '../../../src/cache/purge.ts';
import type { Compiled } from '../../../src/control/compiler.ts';
import type { Compile } from '../../../src/control/module-cache.ts';
import type { Deployed, DeployRequest, Upload } from '../../../src/control/plane.ts';
import type { InForce } from '../../../src/control/in-force.ts';
import { Snapshots, type Rehearse } from '../../../src/control/snapshots.ts';
import type { Rehearsal } from '../../../src/runtime/rehearsal.ts';
import type { Tenants } from '../../../src/control/tenants.ts';
import { parseManifest } from '../../../src/control/manifest.ts';
import type { TenantSource } from '../../../src/control/tenants-folder.ts';
import { KerbError } from '../../../src/errors.ts';
import { isDeployed, type Deployment, type Route, type Split } from '../../../src/runtime/deployment.ts';
import { TenantCounters } from '../../../src/runtime/tenant-counters.ts';
import { VersionCounters } from '../../../src/runtime/version-counters.ts';
import { RoutingTable } from '../../../src/server/routing-table.ts';
import type { AuditRecord } from '../../../src/store/records.ts';
import { textLog } from '../../../src/telemetry/log.ts';

/** Somebody who does not care what the revision is. */
export const ANN = { actor: 'ann', ifRevision: null };
/** The same, when versions are put in force. */
export const NARROW = { ...ANN, acceptWider: false };
export const WIDER = { ...ANN, acceptWider: true };

/** A change as it was published. */
export interface Published {
  readonly add: readonly Route[];
  readonly remove: readonly number[];
  readonly splits: readonly Split[];
}

/** The deployment at a place; `undefined`: there is none, or a tenant that rests. */
export function deployedAt(inForce: InForce, place: string): Deployment | undefined {
  const route = inForce.routes.get(place);
  return route !== undefined && isDeployed(route) ? route : undefined;
}

/** A publish that cannot be. */
export function noThread(): never {
  throw new Error('no thread');
}

/** Nothing is put to rest for want of memory, and nothing waits to be woken. */
export const RESTING: ControlOptions['resting'] = {
  maxBytes: Infinity,
  codeBytes: () => 0,
  admit: () => undefined,
  unwoken: () => undefined,
};

/** A promise that the test settles. */
export interface Gate {
  readonly passed: Promise<void>;
  /** Settles when somebody waits at the gate. */
  readonly reached: Promise<void>;
  open(): void;
  reach(): void;
}

export function gate(): Gate {
  const [passed, reached] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  return { passed: passed.promise, reached: reached.promise, open: passed.resolve, reach: reached.resolve };
}

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const EMPTY = new WebAssembly.Module(Uint8Array.from(HEADER));

/** The smallest module that is told from others by a number: a custom section holds it. */
export function moduleNumbered(number: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([...HEADER, 0, 5, 1, 0x6d, number >> 16, (number >> 8) & 255, number & 255]);
}

/** Modules that the stub compiler refuses, and fails on. */
export const [REFUSED, FAULTY] = [901, 902] as const;

/** What starting an instance comes to where nothing is wrong. */
export const STARTED: Rehearsal = {
  outcome: 'ok',
  snapshot: { kind: 'none', why: null },
  cost: { cpuMs: 1.5, waitMs: 0, slices: 1, hostcalls: 0, memoryBytes: 2 * 65_536, instance: 'fresh' },
};

/** Snapshots where every start is well and leaves no image. */
export function noSnapshots(inForce: InForce, rehearse: Rehearse = () => Promise.resolve(STARTED)): Snapshots {
  return new Snapshots(rehearse, inForce);
}

/** What the stub compiler makes of any module. */
export function compiledStub(): Compiled {
  const shape = { imports: [], exports: [], memory: null, startExport: null, stateExports: null };
  return {
    module: EMPTY,
    abi: 'http-wasm',
    shape,
    bytesIn: 1,
    bytesOut: 2,
    code: { functions: 1, types: 1, checks: 0 },
  };
}

/** Compiles nothing: {@link REFUSED} is a bad module, {@link FAULTY} ends in a bug; `held` modules wait. */
export function stubCompile(held: ReadonlyMap<number, Gate> = new Map()): Compile {
  return async ({ bytes }) => {
    const number = ((bytes.at(-3) ?? 0) << 16) | ((bytes.at(-2) ?? 0) << 8) | (bytes.at(-1) ?? 0);
    const stop = held.get(number);
    stop?.reach();
    await stop?.passed;
    if (number === REFUSED) throw new KerbError('bad_module', 'no wasm', ['at byte 0']);
    if (number === FAULTY) throw new TypeError('a bug');
    return compiledStub();
  };
}

/** A folder that is gone when the test is over. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'kerb-control-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** The text of a manifest with defaults. */
export function manifestOf(tenant: string, more = ''): string {
  return `name = "${tenant}"\nmain = "a.wasm"\n${more}`;
}

/** A bare module. */
export function upload(tenant: string, number = 0, more = '', signature: string | null = null): Upload {
  return { kind: 'module', bytes: moduleNumbered(number), manifest: manifestOf(tenant, more), signature };
}

/** An app of the tenants folder. */
export function folderSource(tenant: string, more = '', number = 0): TenantSource {
  return {
    folder: `tenants/${tenant}`,
    manifest: parseManifest(manifestOf(tenant, more), 'kerb.toml'),
    module: moduleNumbered(number),
    config: new Uint8Array(0),
    pages: new Map(),
    filters: new Map(),
    folders: new Map(),
    digest: `${number}`.padStart(64, '0'),
  };
}

/** What a harness may have instead. */
export interface HarnessOptions {
  readonly compile?: Compile;
  readonly tenantSlots?: number;
  readonly figuresSlots?: number;
}

/** See the head of the file. */
export class ControlHarness {
  readonly folder: string;
  readonly published: Published[] = [];
  readonly purges: Purge[] = [];
  readonly audit: AuditRecord[] = [];
  /** Modules by number that compiling stops at. */
  readonly held = new Map<number, Gate>();
  /** What the next publishes do instead of succeeding, one each. */
  readonly #turns: (() => Promise<void>)[] = [];
  #applied: Promise<unknown> = Promise.resolve();
  readonly #options: HarnessOptions;
  counters: TenantCounters;
  versionCounters: VersionCounters;
  table = new RoutingTable();
  said = '';
  /** What starting an instance comes to. */
  rehearse: Rehearse = () => Promise.resolve(STARTED);
  #control: Control | null = null;

  private constructor(folder: string, options: HarnessOptions) {
    this.folder = folder;
    this.#options = options;
    this.counters = TenantCounters.create(options.tenantSlots ?? 64);
    this.versionCounters = VersionCounters.create(options.figuresSlots ?? 64);
  }

  /** A control plane with tenants of these names. */
  static async open(tenants: readonly string[] = [], options: HarnessOptions = {}): Promise<ControlHarness> {
    const harness = new ControlHarness(temporaryFolder(), options);
    await harness.#start();
    onTestFinished(() => harness.control.close());
    for (const name of tenants) harness.tenants.createTenant(name, 'ann');
    return harness;
  }

  get control(): Control {
    if (this.#control === null) throw new TypeError('the harness is not open');
    return this.#control;
  }

  get tenants(): Tenants {
    return this.control.tenants;
  }

  /** Ends the process, as it were, and begins another over the same folder. */
  async reopen(): Promise<void> {
    this.control.close();
    this.table = new RoutingTable();
    this.counters = TenantCounters.create(this.counters.capacity);
    this.versionCounters = VersionCounters.create(this.versionCounters.capacity);
    await this.#start();
  }

  async #start(): Promise<void> {
    const { compile = stubCompile(this.held) } = this.#options;
    this.#control = await Control.open(
      {
        dataFolder: join(this.folder, 'data'),
        compile,
        publish: (add, remove, splits) => this.#publish({ add, remove, splits }),
        counters: this.counters,
        versionCounters: this.versionCounters,
        rehearse: (deployment, purpose) => this.rehearse(deployment, purpose),
        objects: { purgeTag: () => 0, purgeAll: () => 0 },
        resting: RESTING,
        cache: {
          purge: async (purge) => {
            this.purges.push(purge);
            return 4;
          },
          usage: async () => ({ bytes: 2_048, entries: 2 }),
        },
        log: textLog('debug', (text) => {
          this.said += text;
        }),
      },
      {},
    );
    this.#control.tenants.onAudit((entry) => this.audit.push(entry));
  }

  /** What cannot be published is told at once; what waits is applied later, in its order. */
  #publish(change: Published): Promise<void> {
    const reached = Promise.all([this.#turns.shift()?.(), this.#applied]);
    const applied = reached.then(() => {
      this.table.apply({ revision: this.table.revision + 1, ...change });
      this.published.push(change);
    });
    this.#applied = applied;
    return applied;
  }

  /** Has the next publish fail. */
  failPublish(message = 'no thread'): void {
    this.#turns.push(() => {
      throw new Error(message);
    });
  }

  /** Has the next publish wait. */
  holdPublish(): Gate {
    const stop = gate();
    this.#turns.push(() => {
      stop.reach();
      return stop.passed;
    });
    return stop;
  }

  /** Has compiling a module wait. */
  holdCompile(number: number): Gate {
    const stop = gate();
    this.held.set(number, stop);
    return stop;
  }

  /** Deploys a module with a number, at once unless said otherwise. */
  deploy(tenant: string, number = 0, more = '', how: Partial<DeployRequest> = {}): Promise<Deployed> {
    const request = { tenant, upload: upload(tenant, number, more), activate: true, note: '' };
    return this.tenants.deploy({ ...WIDER, ...request, ...how });
  }

  /** Deploys so many versions of a tenant, the last of which serves. */
  async deployed(tenant: string, versions: number, more = ''): Promise<void> {
    for (let number = 1; number <= versions; number++) await this.deploy(tenant, number, more);
  }

  /** Puts apps into the tenants folder, as it were. */
  async inFolder(...sources: readonly TenantSource[]): Promise<void> {
    await this.control.registry.apply(sources.map((source) => ({ kind: 'found', source })));
  }

  /** The deployment that data threads find; `null`: none. */
  serving(host: string, path = '/'): Deployment | null {
    const route = this.table.match(host, path);
    return route !== null && isDeployed(route) ? route : null;
  }

  /** Everything that could have changed, to be compared with later; audit records are left out. */
  state(): unknown {
    const { store, inForce } = this.control;
    const { items } = store.tenants({ limit: 1_000, cursor: null });
    return {
      tenants: items.map(({ name, active, previous, canary, requiredKeys, signingKeys, limits, allowBackends }) => ({
        inForce: [name, active, previous, canary, requiredKeys, signingKeys, limits, allowBackends],
        domains: store.domains(name),
      })),
      table: [...inForce.routes].map(([place, { id }]) => `${place}: ${id}`).toSorted(),
      routed: this.table.size,
    };
  }

  /** Audit records as short lines. */
  trail(): string[] {
    return this.audit.map(({ actor, action, tenant }) => `${actor} ${action} ${tenant}`);
  }
}

/** The error that something ends in. Fails the test when it ends well. */
export async function refusalOf(work: () => unknown): Promise<KerbError> {
  try {
    await work();
  } catch (error) {
    if (error instanceof KerbError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}
