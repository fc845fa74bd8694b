/** Benchmark `cache`: what is stored, asked for again and again; a crowd that wants one key; a purge of thousands. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findAffinity, type Affinity } from './affinity.ts';
import {
  BESIDE_PURGE,
  HIT_CASES,
  keysOf,
  PURGED_KEYS,
  scriptOf,
  slowPathOf,
  STORM_CLIENTS,
  STORM_WAIT_MS,
  TAG,
  type HitCase,
} from './cache-cases.ts';
import { askedOf, CacheClient, crowdMs, hitFaultsOf, purgedPaths } from './cache-client.ts';
import {
  cacheAims,
  cacheChart,
  cacheTables,
  type CacheResult,
  type CacheSample,
  type CacheSeries,
  type PurgeSample,
  type PurgeSeries,
  type StormSeries,
} from './cache-report.ts';
import { CACHE_KINDS, type CacheKind, type CacheServer } from './cache-servers.ts';
import { cpuSecondsOf } from './cpu-time.ts';
import { applyLoad, WRK_MISSING, wrkVersion, type LoadResult } from './load.ts';
import { sampleOf, turnOrder } from './measurement.ts';
import type { AbsentPeer, Report, RunOptions } from './report.ts';
import { Absent } from './servers/server.ts';

/** A cache that runs. */
interface Contender {
  readonly kind: CacheKind;
  readonly server: CacheServer;
}

interface Plan extends RunOptions {
  readonly affinity: Affinity;
}

/** Rounds of purges, each of which fills the store anew, at most. */
const PURGE_ROUNDS = { full: 3, quick: 1 } as const;
/** Cases of hits when little is to be measured: one of each status. */
const QUICK_CASES = HIT_CASES.filter(({ status, keys }, at) => at === 0 || (status !== 200 && keys === 1));
/** Of the purged keys, every so manieth is asked for afterwards. */
const LOOK_EVERY = 100;
/** When the purge comes, in the load beside it. */
const PURGE_AFTER_MS = 500;

/** Runs it. Rejects when there is no wrk, when Kerb does not run, or when a cache answers anything but the right response. */
export async function cache(options: RunOptions): Promise<Report> {
  if (wrkVersion() === null) throw new Error(WRK_MISSING);
  const folder = mkdtempSync(join(tmpdir(), 'kerb-bench-cache-'));
  const plan = { ...options, affinity: findAffinity() };
  const contenders: Contender[] = [];
  try {
    const absent = await startAll(contenders, folder, plan);
    const hits: CacheSeries[] = [];
    for (const one of plan.scale === 'quick' ? QUICK_CASES : HIT_CASES)
      hits.push(...(await measureHits(contenders, one, plan)));
    const storms = await measureStorms(contenders, plan);
    return report({ hits, storms, purges: await measurePurges(contenders, plan) }, contenders, absent, plan);
  } finally {
    for (const { server } of contenders) await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startAll(contenders: Contender[], folder: string, { affinity }: Plan): Promise<AbsentPeer[]> {
  const absent: AbsentPeer[] = [];
  for (const kind of CACHE_KINDS) {
    try {
      const own = mkdtempSync(join(folder, 'server-'));
      contenders.push({ kind, server: await kind.start({ folder: own, affinity }) });
    } catch (error) {
      if (kind.tone === 'own') throw error;
      absent.push({ name: kind.name, reason: error instanceof Absent ? error.message : `it failed: ${String(error)}` });
    }
  }
  return absent;
}

async function measureHits(all: readonly Contender[], one: HitCase, plan: Plan): Promise<CacheSeries[]> {
  const contenders = all.filter(({ kind }) => kind.makes.includes(one.status));
  for (const contender of contenders) await prove(contender, one);
  const runs = contenders.map((): { sample: CacheSample | null; failed: number }[] => []);
  for (const { server } of contenders) await applyHits(server, one, plan.warmUpSeconds, plan);
  for (let round = 0; round < plan.rounds; round++) {
    plan.say(`${one.name}: round ${round + 1} of ${plan.rounds}`);
    for (const at of turnOrder(contenders.length, round))
      runs[at]?.push(await hitRun((contenders[at] as Contender).server, one, plan));
  }
  for (const contender of contenders) await prove(contender, one);
  return contenders.map(({ kind }, at) => ({
    workload: one.name,
    server: kind.name,
    tone: kind.tone,
    samples: (runs[at] ?? []).map(({ sample }) => sample),
    errors: (runs[at] ?? []).reduce((sum, { failed }) => sum + failed, 0),
  }));
}

/** Stores every key, and proves that the case is then answered rightly, from the store. */
async function prove({ kind, server }: Contender, one: HitCase): Promise<void> {
  const client = new CacheClient(server.port, 64);
  try {
    await client.fill(keysOf(one));
    const faults = hitFaultsOf(await client.get(one.path, one.headers), one, kind.told);
    if (faults.length > 0) throw new Error(`${kind.name}, ${one.name}: ${faults.join('; ')}`);
  } finally {
    client.close();
  }
}

async function hitRun(
  server: CacheServer,
  one: HitCase,
  plan: Plan,
): Promise<{ sample: CacheSample | null; failed: number }> {
  const [cpuBefore, askedBefore] = [cpuSecondsOf(server.pid), await askedOf(server.originPort)];
  const result = await applyHits(server, one, plan.seconds, plan);
  const sample = sampleOf(result, cpuSecondsOf(server.pid) - cpuBefore);
  const originRequests = (await askedOf(server.originPort)) - askedBefore;
  return { sample: sample === null ? null : { ...sample, p50Us: result.p50Us, originRequests }, failed: result.errors };
}

function applyHits({ port }: CacheServer, one: HitCase, seconds: number, { affinity }: Plan): Promise<LoadResult> {
  return applyLoad({ port, script: scriptOf(one), connections: one.connections, seconds, prefix: affinity.load });
}

async function measureStorms(contenders: readonly Contender[], plan: Plan): Promise<StormSeries[]> {
  const samples = contenders.map((): StormSeries['samples'][number][] => []);
  for (let round = 0; round < plan.rounds; round++) {
    plan.say(`${STORM_CLIENTS} clients, one key: round ${round + 1} of ${plan.rounds}`);
    for (const at of turnOrder(contenders.length, round))
      samples[at]?.push(await storm((contenders[at] as Contender).server, round));
  }
  return contenders.map(({ kind: { name, tone } }, at) => ({ server: name, tone, samples: samples[at] ?? [] }));
}

async function storm({ port, originPort }: CacheServer, round: number): Promise<StormSeries['samples'][number]> {
  const before = await askedOf(originPort);
  const allMs = await crowdMs(port, slowPathOf(4_096, `r${round}`), BESIDE_PURGE.path, STORM_CLIENTS);
  return { allMs, originRequests: (await askedOf(originPort)) - before };
}

async function measurePurges(all: readonly Contender[], plan: Plan): Promise<PurgeSeries[]> {
  const contenders = all.filter(({ server }) => server.purgeTag !== null);
  const samples = contenders.map((): PurgeSample[] => []);
  const rounds = Math.min(plan.rounds, PURGE_ROUNDS[plan.scale]);
  for (let round = 0; round < rounds; round++) {
    plan.say(`purge: round ${round + 1} of ${rounds}`);
    for (const at of turnOrder(contenders.length, round))
      samples[at]?.push(await purge(contenders[at] as Contender, round, plan));
  }
  return contenders.map(({ kind: { name, tone } }, at) => ({ server: name, tone, samples: samples[at] ?? [] }));
}

async function purge({ kind, server }: Contender, round: number, plan: Plan): Promise<PurgeSample> {
  const paths = purgedPaths(round);
  const client = new CacheClient(server.port, 64);
  try {
    await client.fill([...paths, ...keysOf(BESIDE_PURGE)]);
    const quiet = await applyHits(server, BESIDE_PURGE, plan.seconds, plan);
    const beside = applyHits(server, BESIDE_PURGE, plan.seconds, plan);
    await new Promise((resolve) => setTimeout(resolve, PURGE_AFTER_MS));
    const startMs = performance.now();
    await server.purgeTag?.(TAG);
    const purgeMs = performance.now() - startMs;
    const { p99Us, errors } = await beside;
    const looked = paths.filter((_, at) => at % LOOK_EVERY === 0);
    let leftOver = 0;
    for (const path of looked) {
      const { headers } = await client.get(path);
      if (kind.told.hit.test(String(headers[kind.told.field]))) leftOver += 1;
    }
    const times = { besideP99Us: p99Us, quietP99Us: quiet.p99Us };
    return { purgeMs, looked: looked.length, leftOver, ...times, errors: errors + quiet.errors };
  } finally {
    client.close();
  }
}

function report(result: CacheResult, contenders: readonly Contender[], absent: AbsentPeer[], plan: Plan): Report {
  const { affinity, rounds, seconds } = plan;
  const notes = [
    `${rounds} interleaved rounds of ${seconds} s after a warm-up, wrk with one thread and 64 connections, closed loop; ${affinity.text}, each cache’s origin with the load.`,
    'CPU-s: user and system time of the cache with all its threads and children. Kerb is: by rounds, per CPU second; above 1 Kerb is ahead.',
    'Status, body, etag and content-range were compared before and after, and that the answer says that it is a hit. to origin: requests that reached the origin while hits were measured.',
    `One cold key: the origin takes ${STORM_WAIT_MS} ms to answer; rounds as above. Purge: ${PURGED_KEYS.toLocaleString('en-US')} keys of 1 KiB, ${PURGE_AFTER_MS} ms into the load of the first case, whose key has the tag too; left over: of every ${LOOK_EVERY}th key, asked for afterwards.`,
    ...contenders.map(({ kind, server }) => `${[kind.name, server.version ?? ''].join(' ').trim()}: ${kind.note}.`),
  ];
  const noTags = contenders.filter(({ server }) => server.purgeTag === null).map(({ kind }) => kind.name);
  const untagged = noTags.map((name) => ({ name: `${name}, purge by tag`, reason: 'it has no tags' }));
  return {
    name: 'cache',
    tables: cacheTables(result, notes),
    charts: { cache: cacheChart(result) },
    aims: cacheAims(result),
    absent: [...absent, ...untagged],
    data: { affinity: affinity.text, rounds, seconds, ...result },
  };
}
