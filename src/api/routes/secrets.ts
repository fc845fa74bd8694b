/** Secrets of a tenant: they go in and never come back. */
import { z } from 'zod';
import type { ControlPlane } from '../../control/plane.ts';
import { KerbError } from '../../errors.ts';
import type { ContentStore } from '../../store/store.ts';
import { done, json } from '../answer.ts';
import { bytesBody, noBody } from '../body.ts';
import { BODY_LIMITS } from '../limits.ts';
import { nothing, pageQuery, secretParams, tenantParams } from '../names.ts';
import { route, type Route } from '../route.ts';
import { pageJson } from '../views.ts';
import { changeable, pageOf, pageRequest } from './conditions.ts';

const chapter = 'content';

type Parts = {
  readonly plane: ControlPlane;
  /** Without the function that unseals: no route can answer with a value. */
  readonly content: Pick<ContentStore, 'secretNames' | 'putSecret' | 'deleteSecret'>;
};

/** The routes of this chapter. */
export function secretRoutes({ plane, content }: Parts): readonly Route[] {
  const path = '/v1/tenants/{tenant}/secrets/{name}';
  return [
    route({
      method: 'GET',
      path: '/v1/tenants/{tenant}/secrets',
      id: 'listSecrets',
      chapter,
      need: 'read',
      summary: 'Names of secrets. Their values never come back.',
      params: tenantParams,
      query: pageQuery,
      body: noBody,
      answers: { 200: { description: 'Part of the list.', schema: pageJson(z.string()) } },
      handle: ({ params: { tenant }, query }) => {
        plane.tenant(tenant);
        return json(
          200,
          pageOf(content.secretNames(tenant), (name) => name, pageRequest(query)),
        );
      },
    }),
    route({
      method: 'PUT',
      path,
      id: 'putSecret',
      chapter,
      need: 'deploy',
      precondition: 'revision',
      repeated: 'again',
      summary: 'Sets a secret. An idempotency key has no effect: not even a hash of the value is kept.',
      params: secretParams,
      query: nothing,
      body: bytesBody(BODY_LIMITS.secret),
      answers: { 204: { description: 'Set.' } },
      handle: (call) => {
        const { tenant, name } = call.params;
        changeable(plane, tenant, call);
        content.putSecret(tenant, name, call.body);
        plane.note(call.who.subject, 'secret.put', tenant, { name });
        return done();
      },
    }),
    route({
      method: 'DELETE',
      path,
      id: 'deleteSecret',
      chapter,
      need: 'deploy',
      precondition: 'revision',
      summary: 'Deletes a secret.',
      params: secretParams,
      query: nothing,
      body: noBody,
      answers: { 204: { description: 'It is gone.' } },
      handle: (call) => {
        const { tenant, name } = call.params;
        changeable(plane, tenant, call);
        if (!content.deleteSecret(tenant, name)) throw new KerbError('not_found', 'there is no such secret; list them');
        plane.note(call.who.subject, 'secret.delete', tenant, { name });
        return done();
      },
    }),
  ];
}
