/** The thread of the load, so that neither looking at the server nor drawing makes a request late. */
import { parentPort, workerData } from 'node:worker_threads';
import { GRACE_MS, TELL_MS } from './limits.ts';
import { Load, type LoadPlan, type LoadReport } from './load.ts';
import { labTenants, type TenantOptions } from './tenants.ts';

/** What the thread starts with. */
export interface LoadThreadOptions {
  readonly plan: LoadPlan;
  readonly tenants: TenantOptions;
}

/** What the thread tells: how things stand, and that it is done. */
export type LoadNews = { readonly kind: 'report' | 'over'; readonly report: LoadReport };

const { plan, tenants } = workerData as LoadThreadOptions;
const load = new Load(plan, labTenants(tenants));
const tell = (kind: LoadNews['kind']): void =>
  parentPort?.postMessage({ kind, report: load.report() } satisfies LoadNews);
const timer = setInterval(() => tell('report'), TELL_MS);
await load.run(GRACE_MS);
clearInterval(timer);
tell('over');
