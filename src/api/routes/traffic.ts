/** Which version serves: activation, rollback, canary. */
import type { ControlPlane } from '../../control/plane.ts';
import { activateBody, canaryBody, emptyBody } from '../bodies.ts';
import { jsonBody, noBody } from '../body.ts';
import { nothing, tenantParams } from '../names.ts';
import { route, type Route } from '../route.ts';
import { doing, TENANT_ANSWER, tenantAnswer } from './conditions.ts';

const common = {
  chapter: 'traffic',
  need: 'deploy',
  precondition: 'revision',
  answers: TENANT_ANSWER,
  params: tenantParams,
  query: nothing,
} as const;

/** The routes of this chapter. */
export function trafficRoutes(plane: ControlPlane): readonly Route[] {
  return [...switching(plane), ...canaries(plane)];
}

function switching(plane: ControlPlane): Route[] {
  return [
    route({
      ...common,
      method: 'POST',
      path: '/v1/tenants/{tenant}/activate',
      id: 'activateVersion',
      summary: 'Has a version serve; ends a canary.',
      body: jsonBody(activateBody),
      handle: async (call) => {
        const { tenant } = call.params;
        const { version, accept } = call.body;
        const how = { ...doing(plane, tenant, call), acceptWider: accept === 'wider' };
        return tenantAnswer(200, await plane.activate(tenant, version, how));
      },
    }),
    route({
      ...common,
      method: 'POST',
      path: '/v1/tenants/{tenant}/rollback',
      id: 'rollBack',
      summary: 'Goes back to the version that was active before.',
      body: jsonBody(emptyBody),
      handle: async (call) => {
        const { tenant } = call.params;
        return tenantAnswer(200, await plane.rollback(tenant, doing(plane, tenant, call)));
      },
    }),
  ];
}

function canaries(plane: ControlPlane): Route[] {
  return [
    route({
      ...common,
      method: 'PUT',
      path: '/v1/tenants/{tenant}/canary',
      id: 'startCanary',
      summary: 'Gives a second version a share of the requests.',
      body: jsonBody(canaryBody),
      handle: async (call) => {
        const { tenant } = call.params;
        const { accept, ...canary } = call.body;
        const how = { ...doing(plane, tenant, call), acceptWider: accept === 'wider' };
        return tenantAnswer(200, await plane.startCanary(tenant, canary, how));
      },
    }),
    route({
      ...common,
      method: 'DELETE',
      path: '/v1/tenants/{tenant}/canary',
      id: 'stopCanary',
      summary: 'Takes the canary back; the active version serves all requests.',
      body: noBody,
      handle: async (call) => {
        const { tenant } = call.params;
        return tenantAnswer(200, await plane.stopCanary(tenant, doing(plane, tenant, call)));
      },
    }),
  ];
}
