/** The part of `density` that drives a Kerb to the end of its memory, and looks whether it comes back. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { requestText } from '../src/lab/exchange.ts';
import type { StockApp } from '../src/lab/stock.ts';
import { ASKED, LANES, NARROW_MIB, STORM } from './density-cases.ts';
import type { EndSample } from './density-figures.ts';
import type { GeneratedTenant } from './generated-tenants.ts';
import { metricsOf, sampleIn } from './metrics.ts';
import { Peak } from './peak.ts';
import { startStoredKerb, type StoredKerb } from './servers/stored-kerb.ts';
import { ROOT } from './servers/server.ts';
import { runVisits } from './visits-run.ts';
import { countVerdicts, type Target } from './visits.ts';

const MODULE = join(ROOT, 'src', 'lab', 'guests', 'fill.wasm');
/** A budget of 50 ms and room to fill: 16 MiB each. */
const MANIFEST = 'abi = "http-wasm"\n[limits]\ncpu_ms = 50\nmemory_mb = 17\n';
/** After which it must have come back. */
const RECOVERY_MS = 3_000;

/** Tenants that fill memory until their budget ends them, for the data folder. */
export function stormApps(): StockApp[] {
  const module = new Uint8Array(readFileSync(MODULE));
  return Array.from({ length: STORM.tenants }, (_, at) => {
    const name = stormName(at);
    return {
      name,
      kind: 'storm',
      manifest: `name = "${name}"\nmain = "main.wasm"\n${MANIFEST}`,
      module,
      files: new Map(),
    };
  });
}

function stormName(at: number): string {
  return `storm-${at}`;
}

/** Its answers are never right: how each ends is the verdict. */
function stormTarget(at: number): Target {
  const request = requestText({ method: 'GET', target: '/', host: `${stormName(at)}.localhost` });
  return { request, status: 200, field: null, body: '' };
}

/** Drives it by tenants that do not all fit, and by requests that fill memory. */
export async function measureEnds(
  data: string,
  tenants: readonly GeneratedTenant[],
  requests: number,
): Promise<EndSample[]> {
  const kerb = await startStoredKerb({ data, flags: ['--memory-target', `${NARROW_MIB}`] });
  try {
    const all = tenants.map(({ target }) => target);
    const storm = Array.from({ length: STORM.tenants }, (_, at) => stormTarget(at));
    const crowd = await drive(kerb, `${all.length.toLocaleString('en-US')} tenants asked`, {
      targets: all,
      places: all.map((_, place) => place),
      lanes: LANES,
      after: all,
    });
    const flood = await drive(kerb, `${STORM.lanes} requests at once that fill 16 MiB each`, {
      targets: storm,
      places: Array.from({ length: requests }, (_, at) => at % storm.length),
      lanes: STORM.lanes,
      after: all,
    });
    return [crowd, flood];
  } finally {
    await kerb.process.stop();
  }
}

async function drive(
  kerb: StoredKerb,
  name: string,
  {
    targets,
    places,
    lanes,
    after,
  }: {
    readonly targets: readonly Target[];
    readonly places: readonly number[];
    readonly lanes: number;
    /** Who is asked when it is over: some of them. */
    readonly after: readonly Target[];
  },
): Promise<EndSample> {
  const { pid } = kerb.process;
  const peak = new Peak(pid);
  const visit = (whom: readonly Target[], order: readonly number[], width: number): Promise<readonly string[]> =>
    runVisits(
      {
        port: kerb.port,
        visited: { kind: 'listed', targets: whom },
        order: { kind: 'in turn', lanes: width, places: order },
      },
      pid,
      [],
    ).then(({ result }) => result.verdicts);
  const verdicts = countVerdicts(await visit(targets, places, lanes));
  const peakMib = peak.stop();
  await new Promise((resolve) => setTimeout(resolve, RECOVERY_MS));
  const some = after.filter((_, at) => at % Math.ceil(after.length / ASKED) === 0);
  const later = await visit(
    some,
    some.map((_, place) => place),
    1,
  );
  return {
    name,
    verdicts,
    peakMib,
    targetMib: NARROW_MIB,
    awake: sampleIn(await metricsOf(kerb.controlPort), 'kerb_tenants_awake'),
    afterwards: { right: later.filter((verdict) => verdict === 'right').length, asked: later.length },
    alive: kerb.process.running ? 'alive' : 'ended',
  };
}
