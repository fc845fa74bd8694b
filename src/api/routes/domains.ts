/** Hosts that lead to a tenant. */
import type { ControlPlane } from '../../control/plane.ts';
import type { DomainRecord } from '../../store/records.ts';
import { done, json } from '../answer.ts';
import { noBody } from '../body.ts';
import { hostParams, nothing, pageQuery, tenantParams } from '../names.ts';
import { route, type Route } from '../route.ts';
import { domainJson, pageJson, pageView } from '../views.ts';
import { doing, pageOf, pageRequest } from './conditions.ts';

const chapter = 'domains';

function domainView({ host, tenant, createdMs, createdBy }: DomainRecord): DomainRecord {
  return { host, tenant, createdMs, createdBy };
}

/** The routes of this chapter. */
export function domainRoutes(plane: ControlPlane): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/tenants/{tenant}/domains',
      id: 'listDomains',
      chapter,
      need: 'read',
      summary: 'Hosts that lead to a tenant, by name.',
      params: tenantParams,
      query: pageQuery,
      body: noBody,
      answers: { 200: { description: 'Part of the list.', schema: pageJson(domainJson) } },
      handle: ({ params, query }) => {
        const page = pageOf(plane.domains(params.tenant), ({ host }) => host, pageRequest(query));
        return json(200, pageView(page, domainView));
      },
    }),
    route({
      method: 'PUT',
      path: '/v1/tenants/{tenant}/domains/{host}',
      id: 'addDomain',
      chapter,
      need: 'operator',
      summary: 'Has a host lead to a tenant.',
      params: hostParams,
      query: nothing,
      body: noBody,
      precondition: 'revision',
      answers: { 200: { description: 'The domain.', schema: domainJson } },
      handle: async (call) => {
        const { tenant, host } = call.params;
        const { actor, ifRevision } = doing(plane, tenant, call);
        return json(200, domainView(await plane.addDomain(tenant, host, actor, ifRevision)));
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/tenants/{tenant}/domains/{host}',
      id: 'removeDomain',
      chapter,
      need: 'operator',
      summary: 'Has a host not lead to a tenant any more.',
      params: hostParams,
      query: nothing,
      body: noBody,
      precondition: 'revision',
      answers: { 204: { description: 'It is gone.' } },
      handle: async (call) => {
        const { tenant, host } = call.params;
        const { actor, ifRevision } = doing(plane, tenant, call);
        await plane.removeDomain(tenant, host, actor, ifRevision);
        return done();
      },
    }),
  ];
}
