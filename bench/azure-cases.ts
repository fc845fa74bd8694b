/** The cases of benchmark `azure`: who is asked when. The same in every run. Pure. */
import { popularityOf, waitOf, WeightedDraw } from '../src/lab/popularity.ts';
import { randomFrom } from '../src/lab/random.ts';
import type { TenantOptions } from '../src/lab/tenants.ts';
import type { VisitOrder } from './visits.ts';

/** So many tenants, asked so often all together. */
export interface AzureCase {
  readonly tenants: number;
  readonly perSecond: number;
}

/**
 * The cases. The trace has apps that are asked once a day: all rates are slowed down alike to what one thread and the generator carry. Who is
 * asked before whom stays as it is, and with it who is warm.
 */
export const AZURE_CASES = {
  full: [
    { tenants: 5_000, perSecond: 500 },
    { tenants: 10_000, perSecond: 1_000 },
  ],
  quick: [{ tenants: 1_500, perSecond: 200 }],
} as const satisfies Record<string, readonly AzureCase[]>;

/** How much of what all tenants take when they are awake Kerb may have. */
export const KEPT_SHARE = 0.4;

const SEED = 2_019;

/** The tenants: sample apps in five languages, each with a module of its own. */
export function azureTenants({ tenants }: AzureCase): TenantOptions {
  return { tenants, hostile: 0, distinct: 1, seed: SEED, modules: null };
}

/** How often each tenant is asked beside the others: the popularity of the Azure Functions 2019 trace. */
export function azureWeights({ tenants }: AzureCase): number[] {
  return popularityOf({ tenants, shape: 'azure', exponent: 1 }, randomFrom(SEED + 1));
}

/** Every tenant once, the most popular last: who is at rest afterwards is as after days of such requests. */
export function wakingOrder(weights: readonly number[], lanes: number): VisitOrder {
  const places = weights.map((_, place) => place).toSorted((a, b) => (weights[a] as number) - (weights[b] as number));
  return { kind: 'in turn', lanes, places };
}

/** Requests of a round, at random as independent clients send them (a Poisson process). */
export function azureOrder(weights: readonly number[], one: AzureCase, round: number, seconds: number): VisitOrder {
  const random = randomFrom(SEED + 2 + round);
  const draw = new WeightedDraw(weights, random);
  const [places, atMs]: [number[], number[]] = [[], []];
  for (let at = waitOf(one.perSecond, random); at < seconds; at += waitOf(one.perSecond, random)) {
    places.push(draw.next());
    atMs.push(at * 1_000);
  }
  return { kind: 'on schedule', places, atMs };
}
