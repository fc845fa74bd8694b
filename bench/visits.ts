/** Visits: requests to many tenants, each of which must give its own answer. What crosses to the generator's process, as JSON. */
import { faultIn, type Answer, type Exchange } from '../src/lab/exchange.ts';
import { labTenants, type LabTenant, type TenantOptions } from '../src/lab/tenants.ts';
import { answerName } from './traffic.ts';

/** A request with a right answer that is known as a whole. */
export type Target = Exchange & { readonly body: string };

/** Who can be visited: those that are listed, or the well-behaved tenants of a lab in their order. */
export type Visited =
  | { readonly kind: 'listed'; readonly targets: readonly Target[] }
  | { readonly kind: 'lab'; readonly tenants: TenantOptions };

/** One visit after the other on each of some connections, or each when it is due. */
export type VisitOrder =
  | { readonly kind: 'in turn'; readonly lanes: number; readonly places: readonly number[] }
  /** `atMs`: ascending, from the beginning. */
  | { readonly kind: 'on schedule'; readonly places: readonly number[]; readonly atMs: readonly number[] };

/** Whom to visit when; `places` are of {@link visited}. */
export interface VisitPlan {
  readonly port: number;
  readonly visited: Visited;
  readonly order: VisitOrder;
}

/** What came of the visits: a place in each list per visit, in the order of the plan. */
export interface VisitResult {
  /** To the first byte of the answer: from when it was sent, or, on schedule, from when it was due. */
  readonly firstByteMs: readonly number[];
  /** To its last. */
  readonly wholeMs: readonly number[];
  /** `right`, `wrong` for another content than the right one, `lost` for none, otherwise status and outcome. */
  readonly verdicts: readonly string[];
  /** On schedule: how much later than it was due each was sent. */
  readonly latenessMs: readonly number[];
  /** What was wrong with the first of them, for people. */
  readonly faults: readonly string[];
}

/** The exchanges that a plan speaks of. */
export function exchangesOf(visited: Visited): Exchange[] {
  if (visited.kind === 'listed') return [...visited.targets];
  return labTenants(visited.tenants).flatMap((tenant) => exchangeOf(tenant) ?? []);
}

/** What a well-behaved tenant is asked; `null`: it is a hostile one. */
export function exchangeOf(tenant: LabTenant): Exchange | null {
  return tenant.guest.kind === 'good' ? tenant.guest.good.exchange(tenant) : null;
}

/** How an answer is told of, and what is wrong with it; `from`: where the request came from. */
export function verdictOn(
  response: Answer | null,
  right: Exchange,
  from: string,
): { readonly verdict: string; readonly fault: string | null } {
  if (response === null) return { verdict: 'lost', fault: null };
  const fault = faultIn(response, right, from);
  if (fault === null) return { verdict: 'right', fault };
  const { status, outcome } = response;
  return status === right.status ? { verdict: 'wrong', fault } : { verdict: answerName(status, outcome), fault };
}

/** Visits by verdict. */
export function countVerdicts(verdicts: readonly string[]): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(verdicts, (name) => name)].map(([name, same]) => [name, same.length]));
}

/** Visits that were not answered right. */
export function faultsAmong({ verdicts }: Pick<VisitResult, 'verdicts'>): number {
  return verdicts.filter((name) => name !== 'right').length;
}

/** The times to the first byte of visits that were answered right. */
export function firstBytesOf({ firstByteMs, verdicts }: Pick<VisitResult, 'firstByteMs' | 'verdicts'>): number[] {
  return firstByteMs.filter((_, at) => verdicts[at] === 'right');
}
