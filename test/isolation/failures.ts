/** What a client gets when a guest fails: the documented status, the outcome, and nothing of the inside. */
import { expect } from 'vitest';
import type { Edge, TestRequest, TestResponse } from '../e2e/edge.ts';
import { OUTCOMES, type Outcome } from '../../src/outcome.ts';
import { besideBystander } from './bystander.ts';

/** Requests of one attack: two rounds, so that the second finds what the first left behind. */
const ROUNDS = 2;
const AT_ONCE = 3;

/** Fails unless `response` is the problem document of `outcome`. */
export function expectFailure(response: TestResponse, outcome: Outcome): void {
  const { status, title } = OUTCOMES[outcome];
  expect([response.status, response.headers['kerb-outcome']]).toEqual([status, outcome]);
  expect(response.headers['content-type']).toBe('application/problem+json');
  const { title: phrase, ...problem } = JSON.parse(response.text) as Record<string, unknown>;
  expect(phrase).toEqual(expect.any(String));
  expect(problem).toEqual({ type: 'about:blank', status, detail: title, outcome });
}

/**
 * Asks an app that attacks, several times at once and again, beside the bystander; each answer must be `outcome`.
 */
export async function expectAttackEnds(
  edge: Edge,
  app: string,
  outcome: Outcome,
  request: TestRequest = {},
): Promise<void> {
  await besideBystander(edge, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => edge.fetch(app, '/', request)));
      for (const answer of answers) expectFailure(answer, outcome);
    }
  });
}

/** CPU time by which the usual request may be found late, in ms: epoch checks are a millisecond apart. */
const LATE_MS = 10;

/** The same for fills and copies of 64 MB of fresh memory: the pages are the kernel's to find, on the guest's account. */
export const BULK_LATE_MS = 100;

/** The same for the unluckiest one: fresh memory and the cores of a shared machine can be slow to come, on its account. */
const WORST_MS = 400;

/** Fails unless the requests of a tenant, as the access log has them, cost what their budget allows. */
export function expectWithinBudget(edge: Edge, tenant: string, budgetMs: number, lateMs = LATE_MS): void {
  const costs = edge.log
    .filter((line) => line.kind === 'access' && line['tenant'] === tenant)
    .map((line) => Number(line['cpu_ms']))
    .toSorted((a, b) => a - b);
  expect(costs.length).toBeGreaterThan(0);
  expect(costs[Math.floor(costs.length / 2)]).toBeLessThan(budgetMs + lateMs);
  expect(costs.at(-1)).toBeLessThan(budgetMs + WORST_MS);
}
