/** The lab's tenants: who they are, what each runs, and which of them are hostile. The same options give the same tenants. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../setup/places.js';
import { folderKinds } from './folder-kinds.ts';
import { GUEST_KINDS, manifestText, type GuestKind, type GuestSelf } from './guest-kinds.ts';
import { HOSTILE_KINDS, type HostileKind } from './hostile-kinds.ts';
import { randomFrom, shuffled } from './random.ts';
import type { StockApp } from './stock.ts';
import { variantOf } from './variant.ts';

/** What the tenants are made from. */
export interface TenantOptions {
  readonly tenants: number;
  /** The share of them, 0 to 1, that is hostile, on top of {@link tenants}. */
  readonly hostile: number;
  /** The share, 0 to 1, whose module is one of its own; the others share theirs with all of their kind. */
  readonly distinct: number;
  readonly seed: number;
  /** A folder of apps that they run, each as often as the others; `null`: the lab's own mix. */
  readonly modules: string | null;
}

/** A tenant of the lab. */
export interface LabTenant extends GuestSelf {
  readonly guest:
    { readonly kind: 'good'; readonly good: GuestKind } | { readonly kind: 'hostile'; readonly hostile: HostileKind };
  /** What makes its module one of its own; `null`: it is not. */
  readonly mark: number | null;
}

/** The tenants: `tenants` well-behaved ones, each kind by its weight, then the hostile ones, at least one unless the share is 0. */
export function labTenants({ tenants, hostile, distinct, seed, modules }: TenantOptions): LabTenant[] {
  const random = randomFrom(seed);
  const kinds = shuffled(byWeight(guestKinds(modules), tenants), random);
  const hostiles = hostile === 0 ? 0 : Math.max(1, Math.round(tenants * hostile));
  const marked = (place: number): number | null => (random() < distinct ? place : null);
  const good = kinds.map((kind, place): LabTenant => ({
    ...selfOf('t', place),
    guest: { kind: 'good', good: kind },
    mark: marked(place),
  }));
  const bad = Array.from({ length: hostiles }, (_, at): LabTenant => ({
    ...selfOf('hostile-', tenants + at),
    guest: { kind: 'hostile', hostile: HOSTILE_KINDS[at % HOSTILE_KINDS.length] as HostileKind },
    mark: null,
  }));
  return [...good, ...bad];
}

/** The kinds of well-behaved guests. Throws like {@link folderKinds}. */
export function guestKinds(modules: string | null): readonly GuestKind[] {
  return modules === null ? GUEST_KINDS : folderKinds(modules);
}

/** Each kind as often as its weight says, by largest remainders. */
function byWeight(all: readonly GuestKind[], count: number): GuestKind[] {
  const sum = all.reduce((total, { weight }) => total + weight, 0);
  let [owed, given] = [0, 0];
  return all.flatMap((kind) => {
    owed += (kind.weight / sum) * count;
    const many = Math.round(owed) - given;
    given += many;
    return Array.from({ length: many }, () => kind);
  });
}

function selfOf(prefix: string, place: number): GuestSelf {
  const name = `${prefix}${String(place).padStart(6, '0')}`;
  return { name, host: `${name}.localhost`, place };
}

/** The apps of tenants, made one after the other as they are asked for: their modules need not all be in memory. */
export function* stockApps(tenants: readonly LabTenant[]): Generator<StockApp> {
  const modules = new Map<string, Uint8Array<ArrayBuffer>>();
  const moduleIn = (path: string): Uint8Array<ArrayBuffer> => {
    const known = modules.get(path) ?? new Uint8Array(readFileSync(path));
    modules.set(path, known);
    return known;
  };
  for (const tenant of tenants) {
    const { guest, mark, name } = tenant;
    const module = moduleIn(modulePath(tenant));
    yield {
      name,
      kind: kindName(tenant),
      manifest: guest.kind === 'good' ? guest.good.manifest(tenant) : manifestText(name, guest.hostile.manifest),
      module: mark === null ? module : variantOf(module, mark),
      files: guest.kind === 'good' ? (guest.good.files?.(tenant) ?? new Map()) : new Map(),
    };
  }
}

/** What a tenant runs: the name of its kind. */
export function kindName({ guest }: Pick<LabTenant, 'guest'>): string {
  return guest.kind === 'good' ? guest.good.name : guest.hostile.name;
}

function modulePath({ guest }: LabTenant): string {
  if (guest.kind === 'good') return guest.good.module;
  return join(ROOT, 'src', 'lab', 'guests', `${guest.hostile.name}.wasm`);
}
