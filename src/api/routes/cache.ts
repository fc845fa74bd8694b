/** The HTTP cache of a tenant: what it holds, and purges. */
import { z } from 'zod';
import type { ControlPlane } from '../../control/plane.ts';
import { json } from '../answer.ts';
import { purgeBody } from '../bodies.ts';
import { jsonBody, noBody } from '../body.ts';
import { nothing, tenantParams } from '../names.ts';
import { route, type Route } from '../route.ts';
import { cacheJson } from '../views.ts';

/** The routes of this chapter. */
export function cacheRoutes(plane: ControlPlane): readonly Route[] {
  return [looking(plane), purging(plane)];
}

function looking(plane: ControlPlane): Route {
  return route({
    method: 'GET',
    path: '/v1/tenants/{tenant}/cache',
    id: 'getCache',
    chapter: 'cache',
    need: 'read',
    summary: "What the cache holds of a tenant's backends, and what it did since the process began.",
    params: tenantParams,
    query: nothing,
    body: noBody,
    answers: { 200: { description: 'The cache.', schema: cacheJson } },
    handle: async ({ params: { tenant } }) => json(200, await plane.cache(tenant)),
  });
}

function purging(plane: ControlPlane): Route {
  return route({
    method: 'POST',
    path: '/v1/tenants/{tenant}/purge',
    id: 'purge',
    chapter: 'cache',
    need: 'deploy',
    summary:
      'Has the cache forget one URL, what has a tag, or everything of a tenant. When it answers, nothing of that is served any more.',
    params: tenantParams,
    query: nothing,
    body: jsonBody(purgeBody),
    answers: {
      200: {
        description: 'How many stored responses there were.',
        schema: z.strictObject({ purged: z.int().nonnegative() }),
      },
    },
    handle: async ({ params: { tenant }, body, who }) =>
      json(200, { purged: await plane.purge(tenant, body, who.subject) }),
  });
}
