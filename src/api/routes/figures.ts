/** What tenants use: by the hour, and now. */
import { z } from 'zod';
import type { ControlPlane, TenantFiguresView } from '../../control/plane.ts';
import { json } from '../answer.ts';
import { noBody } from '../body.ts';
import { SPAN_LIMITS } from '../limits.ts';
import { nothing, tenantParams } from '../names.ts';
import { badRequest } from '../refusal.ts';
import { route, type Route } from '../route.ts';
import { decimal } from '../validation.ts';
import { figuresJson, usageJson } from '../views.ts';

const time = decimal(0, Number.MAX_SAFE_INTEGER);

/** The routes of this chapter. */
export function figureRoutes(plane: ControlPlane, nowMs: () => number): readonly Route[] {
  return [using(plane, nowMs), figures(plane)];
}

function using(plane: ControlPlane, nowMs: () => number): Route {
  return route({
    method: 'GET',
    path: '/v1/tenants/{tenant}/usage',
    id: 'getUsage',
    chapter: 'figures',
    need: 'read',
    summary: 'What a tenant used, by the hour: of the last day, or of hours that begin in [from, to).',
    params: tenantParams,
    query: z.strictObject({
      from: time.optional().meta({ description: 'Milliseconds since the epoch.' }),
      to: time.optional().meta({ description: 'Milliseconds since the epoch.' }),
    }),
    body: noBody,
    answers: { 200: { description: 'The hours.', schema: z.strictObject({ hours: z.array(usageJson) }) } },
    handle: ({ params: { tenant }, query }) => {
      const to = query.to ?? nowMs();
      const from = query.from ?? Math.max(0, to - SPAN_LIMITS.usageStandardMs);
      if (from >= to || to - from > SPAN_LIMITS.usageMs) {
        throw badRequest('from must be before to, and at most 92 days before it; ask for less');
      }
      plane.tenant(tenant);
      return json(200, { hours: plane.usage(tenant, from, to) });
    },
  });
}

function figures(plane: ControlPlane): Route {
  return route({
    method: 'GET',
    path: '/v1/figures',
    id: 'getFigures',
    chapter: 'figures',
    need: 'operator',
    summary: 'Figures of every tenant since the process began, as they are now.',
    params: nothing,
    query: nothing,
    body: noBody,
    answers: { 200: { description: 'The figures.', schema: z.strictObject({ tenants: z.array(figuresJson) }) } },
    handle: () => json(200, { tenants: plane.figures().map(figuresView) }),
  });
}

function figuresView(figuresOf: TenantFiguresView): TenantFiguresView {
  const { tenant, source, version, label, canary, requests, inFlight, cpuUs, memoryPages, outcomes } = figuresOf;
  return { tenant, source, version, label, canary, requests, inFlight, cpuUs, memoryPages, outcomes };
}
