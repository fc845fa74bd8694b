/** Tenants: listed, made, shown, deleted. */
import type { ControlPlane } from '../../control/plane.ts';
import { done, json } from '../answer.ts';
import { newTenantBody } from '../bodies.ts';
import { jsonBody, noBody } from '../body.ts';
import { nothing, pageQuery, tenantParams } from '../names.ts';
import { route, type Route } from '../route.ts';
import { pageJson, pageView, tenantJson, tenantView } from '../views.ts';
import { doing, pageRequest, TENANT_ANSWER, tenantAnswer } from './conditions.ts';

const chapter = 'tenants';

/** The routes of this chapter. */
export function tenantRoutes(plane: ControlPlane): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/tenants',
      id: 'listTenants',
      chapter,
      need: 'operator',
      summary: 'Tenants, by name.',
      params: nothing,
      query: pageQuery,
      body: noBody,
      answers: { 200: { description: 'Part of the list.', schema: pageJson(tenantJson) } },
      handle: ({ query }) => json(200, pageView(plane.tenants(pageRequest(query)), tenantView)),
    }),
    route({
      method: 'POST',
      path: '/v1/tenants',
      id: 'createTenant',
      chapter,
      need: 'operator',
      summary: 'Makes a tenant.',
      params: nothing,
      query: nothing,
      body: jsonBody(newTenantBody),
      answers: { 201: { description: 'The tenant.', schema: tenantJson } },
      handle: ({ body, who }) =>
        tenantAnswer(201, plane.createTenant(body.name, who.subject), { location: `/v1/tenants/${body.name}` }),
    }),
    route({
      method: 'GET',
      path: '/v1/tenants/{tenant}',
      id: 'getTenant',
      chapter,
      need: 'read',
      summary: 'A tenant.',
      params: tenantParams,
      query: nothing,
      body: noBody,
      answers: TENANT_ANSWER,
      handle: ({ params }) => tenantAnswer(200, plane.tenant(params.tenant)),
    }),
    route({
      method: 'DELETE',
      path: '/v1/tenants/{tenant}',
      id: 'deleteTenant',
      chapter,
      need: 'operator',
      summary: 'Drains a tenant and deletes it with everything that belongs to it.',
      params: tenantParams,
      query: nothing,
      body: noBody,
      precondition: 'revision',
      answers: { 204: { description: 'It is gone.' } },
      handle: async (call) => {
        await plane.deleteTenant(call.params.tenant, doing(plane, call.params.tenant, call));
        return done();
      },
    }),
  ];
}
