/** Tokens: who one is, issued, revoked; and the keys that sign them. */
import { z } from 'zod';
import type { ControlPlane } from '../../control/plane.ts';
import { KerbError } from '../../errors.ts';
import { checkAllowed } from '../access.ts';
import { done, json } from '../answer.ts';
import type { TokenRequest } from '../../auth/token-issuer.ts';
import type { Authority } from '../authority.ts';
import { emptyBody, tokenBody } from '../bodies.ts';
import { jsonBody, noBody } from '../body.ts';
import { nothing, tokenId } from '../names.ts';
import { route, type Route } from '../route.ts';
import { anyJson } from '../views.ts';

const chapter = 'tokens';

const whoamiJson = z
  .strictObject({
    subject: z.string(),
    scopes: z.array(z.string()),
    tenant: z.string().nullable(),
    expiresMs: z.int(),
  })
  .meta({ id: 'Identity' });

type Parts = {
  readonly plane: ControlPlane;
  readonly authority: Authority;
};

/** The routes of this chapter. */
export function tokenRoutes(parts: Parts): readonly Route[] {
  return [whoami(), issuing(parts), revoking(parts), ...keys(parts)];
}

function whoami(): Route {
  return route({
    method: 'GET',
    path: '/v1/whoami',
    id: 'whoAmI',
    chapter,
    need: 'token',
    summary: 'Who the token stands for.',
    params: nothing,
    query: nothing,
    body: noBody,
    answers: { 200: { description: 'The identity.', schema: whoamiJson } },
    handle: ({ who: { subject, scopes, tenant, expiresMs } }) => json(200, { subject, scopes, tenant, expiresMs }),
  });
}

function issuing({ plane, authority }: Parts): Route {
  return route({
    method: 'POST',
    path: '/v1/tokens',
    id: 'issueToken',
    chapter,
    need: 'token',
    repeated: 'once',
    summary: 'Issues a token: an operator any, a tenant:deploy token one for its tenant that does not outlive it.',
    params: nothing,
    query: nothing,
    body: jsonBody(tokenBody),
    answers: {
      201: {
        description: 'The token, which is not shown again.',
        schema: z.strictObject({ token: z.string(), id: z.string(), expiresMs: z.int() }),
      },
    },
    handle: async ({ body, who }) => {
      const { once = false, tenant = null, ...asked } = body;
      const grant: TokenRequest = { ...asked, tenant, once };
      checkAllowed(who, 'deploy', grant.tenant);
      if (grant.tenant !== null) plane.tenant(grant.tenant);
      const { token, id, expiresMs } = await authority.issue(who, grant);
      const { subject, scopes } = asked;
      plane.note(who.subject, 'token.issue', tenant, { id, subject, scopes, expiresMs });
      return json(201, { token, id, expiresMs });
    },
  });
}

function revoking({ plane, authority }: Parts): Route {
  return route({
    method: 'DELETE',
    path: '/v1/tokens/{id}',
    id: 'revokeToken',
    chapter,
    need: 'operator',
    summary: 'Takes a token back, and every token that was issued with it.',
    params: z.strictObject({ id: tokenId }),
    query: nothing,
    body: noBody,
    answers: { 204: { description: 'It is not valid any more.' } },
    handle: async ({ params: { id }, who }) => {
      if (!(await authority.revoke(id))) throw new KerbError('not_found', 'there is no valid token of this id');
      plane.note(who.subject, 'token.revoke', null, { id });
      return done();
    },
  });
}

function keys({ plane, authority }: Parts): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/keys/rotate',
      id: 'rotateKeys',
      chapter,
      need: 'operator',
      summary: 'Makes a new signing key; tokens signed by older ones stay valid until they end.',
      params: nothing,
      query: nothing,
      body: jsonBody(emptyBody),
      answers: { 200: { description: 'The new key.', schema: z.strictObject({ kid: z.string() }) } },
      handle: async ({ who }) => {
        const { kid } = await authority.rotate();
        plane.note(who.subject, 'keys.rotate', null, { kid });
        return json(200, { kid });
      },
    }),
    route({
      method: 'GET',
      path: '/v1/jwks.json',
      id: 'getJwks',
      chapter,
      need: 'public',
      summary: 'Public keys that tokens are signed with (RFC 7517).',
      params: nothing,
      query: nothing,
      body: noBody,
      answers: { 200: { description: 'A JWK Set.', schema: z.strictObject({ keys: z.array(anyJson) }) } },
      handle: async () => {
        const { keys: known } = await authority.jwks();
        return json(200, { keys: known });
      },
    }),
  ];
}
