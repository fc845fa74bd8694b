/** Benchmark `cold`: from a tenant that the process has never run to the first byte of its answer. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stock } from '../src/lab/stock.ts';
import { findAffinity, type Affinity } from './affinity.ts';
import { COLD_CASES, FILLERS, type ColdCase } from './cold-cases.ts';
import { COLD_KINDS, type ColdKind } from './cold-kinds.ts';
import {
  coldAims,
  coldChart,
  coldData,
  coldSampleOf,
  coldTable,
  type ColdSample,
  type ColdSeries,
} from './cold-report.ts';
import { generatedTenants, type GeneratedTenant } from './generated-tenants.ts';
import { turnOrder } from './measurement.ts';
import type { AbsentPeer, Report, RunOptions } from './report.ts';
import { residentKibOf } from './resident.ts';
import { Absent } from './servers/server.ts';
import type { ManyServer } from './servers/many-workerd.ts';
import { runVisits, type VisitsRun } from './visits-run.ts';

/** Each round is a new process of each contender, with thousands of tenants. */
const MOST_ROUNDS = { full: 3, quick: 1 } as const;

/** A case that is set up. */
interface Stage {
  readonly one: ColdCase;
  readonly folder: string;
  readonly data: string;
  readonly modules: string;
  readonly tenants: readonly GeneratedTenant[];
}

/** Runs it. Rejects when Kerb does not run; a peer that cannot is named as absent. */
export async function cold(options: RunOptions): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'kerb-bench-cold-'));
  const affinity = findAffinity();
  const absent = new Map<string, string>();
  const rounds = Math.min(options.rounds, MOST_ROUNDS[options.scale]);
  try {
    const all: ColdSeries[] = [];
    for (const [at, one] of COLD_CASES[options.scale].entries()) {
      const stage = await prepare(one, join(folder, `case-${at}`), options.say);
      all.push(...(await measureCase(stage, { rounds, affinity, absent, say: options.say })));
      rmSync(stage.folder, { recursive: true, force: true });
    }
    return report(all, { rounds, affinity, absent });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function prepare(one: ColdCase, folder: string, say: RunOptions['say']): Promise<Stage> {
  say(`${one.name}: ${one.before + one.tenants} modules`);
  const [data, modules] = [join(folder, 'data'), join(folder, 'modules')];
  const tenants = generatedTenants({ prefix: 't', count: one.before + one.tenants, bytes: one.bytes }, modules);
  const apps = [...generatedTenants(FILLERS, null), ...tenants].map(({ app }) => app);
  await stock(data, apps);
  return { one, folder, data, modules, tenants };
}

/** How everything is run. */
interface Plan {
  readonly rounds: number;
  readonly affinity: Affinity;
  /** Why a peer is absent, by its name. */
  readonly absent: Map<string, string>;
}

async function measureCase(
  stage: Stage,
  { rounds, affinity, absent, say }: Plan & Pick<RunOptions, 'say'>,
): Promise<ColdSeries[]> {
  const samples = COLD_KINDS.map((): ColdSample[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const at of turnOrder(COLD_KINDS.length, round)) {
      const kind = COLD_KINDS[at] as ColdKind;
      if (absent.has(kind.name)) continue;
      say(`${stage.one.name}, ${kind.name}: round ${round + 1} of ${rounds}`);
      try {
        samples[at]?.push(await measureOne(kind, stage, affinity, say));
      } catch (error) {
        if (kind.tone === 'own') throw error;
        absent.set(kind.name, error instanceof Absent ? error.message : `it failed: ${String(error)}`);
      }
    }
  }
  const { name, bytes, lanes } = stage.one;
  return COLD_KINDS.map((kind, at) => ({
    name,
    bytes,
    lanes,
    server: kind.name,
    tone: kind.tone,
    tenants: tenantsOf(kind, stage).length - stage.one.before,
    samples: samples[at] ?? [],
  })).filter((series) => series.samples.length > 0);
}

/** Those whom a contender takes. */
function tenantsOf({ most }: ColdKind, { tenants, one }: Stage): readonly GeneratedTenant[] {
  return tenants.slice(0, one.before + Math.min(one.tenants, most));
}

async function measureOne(
  kind: ColdKind,
  stage: Stage,
  affinity: Affinity,
  say: RunOptions['say'],
): Promise<ColdSample> {
  const folder = mkdtempSync(join(stage.folder, 'server-'));
  const tenants = tenantsOf(kind, stage);
  const names = tenants.map(({ name }) => name);
  const { data, modules } = stage;
  const server = await kind.start({ folder, tenants: names, modules, data, prefix: affinity.server });
  try {
    const { before, lanes } = stage.one;
    const visit = (from: number, to: number): Promise<VisitsRun> =>
      visitAll(server, tenants, { from, to, lanes, affinity });
    await visit(0, before);
    const beforeKib = residentKibOf(server.process.pid);
    const first = await visit(before, tenants.length);
    const residentKib = (residentKibOf(server.process.pid) - beforeKib) / (tenants.length - before);
    const again = await visit(before, tenants.length);
    for (const fault of [...first.result.faults, ...again.result.faults]) say(`${kind.name}: ${fault}`);
    const cpuMs = (first.serverCpuSeconds * 1000) / (tenants.length - before);
    return coldSampleOf(first.result, again.result, { startMs: server.startMs, residentKib, cpuMs });
  } finally {
    await server.process.stop();
  }
}

function visitAll(
  { port, process: { pid } }: ManyServer,
  tenants: readonly GeneratedTenant[],
  {
    from,
    to,
    lanes,
    affinity,
  }: { readonly from: number; readonly to: number; readonly lanes: number; readonly affinity: Affinity },
): Promise<VisitsRun> {
  const targets = tenants.slice(from, to).map(({ target }) => target);
  const order = { kind: 'in turn', lanes, places: targets.map((_, place) => place) } as const;
  return runVisits({ port, visited: { kind: 'listed', targets }, order }, pid, affinity.load);
}

function report(all: readonly ColdSeries[], { rounds, affinity, absent }: Plan): Report {
  const gone: AbsentPeer[] = [...absent].map(([name, reason]) => ({ name, reason }));
  const notes = [
    `${rounds} interleaved rounds, each in a new process; ${affinity.text}. Milliseconds: median of the rounds; worst: of all rounds.`,
    'Each tenant has a module of its own, an http-wasm handler that is generated: no two have a function in common. Its answer names the tenant and a number that its functions compute, and is compared with that of V8 without Kerb.',
    'Some tenants that do not count are asked first, so that the server’s own code is warm. CPU each: of the server with all its threads. again: the same tenants once more.',
    'KiB each: resident memory after less before. start: until the server listens, all its tenants known.',
    ...COLD_KINDS.filter(({ name }) => !absent.has(name)).map(({ name, note }) => `${name}: ${note}.`),
  ];
  return {
    name: 'cold',
    tables: [coldTable(all, notes)],
    charts: { cold: coldChart(all) },
    aims: coldAims(all),
    absent: gone,
    data: { affinity: affinity.text, rounds, results: coldData(all) },
  };
}
