/** Versions: uploaded, checked, listed, shown. */
import { z } from 'zod';
import type { ControlPlane } from '../../control/plane.ts';
import { checkAllowed } from '../access.ts';
import { etag, json } from '../answer.ts';
import { noBody } from '../body.ts';
import { REQUEST_LIMITS } from '../limits.ts';
import { line, nothing, pageQuery, tenantName, tenantParams, versionParams } from '../names.ts';
import { route, type Route } from '../route.ts';
import { UPLOAD_HEADERS, uploadBody } from '../upload.ts';
import { flag } from '../validation.ts';
import { anyJson, deployedJson, pageJson, pageView, versionJson, versionView, wholeVersionView } from '../views.ts';
import { doing, pageRequest } from './conditions.ts';

const chapter = 'versions';

const deployQuery = z.strictObject({
  activate: flag('true').meta({ description: 'Whether it serves at once.' }),
  accept: z.literal('wider').optional().meta({ description: 'It may do more than the active version.' }),
  note: line(REQUEST_LIMITS.noteChars).optional(),
});

/** The routes of this chapter. */
export function versionRoutes(plane: ControlPlane): readonly Route[] {
  return [...reading(plane), deploying(plane), checking(plane)];
}

function reading(plane: ControlPlane): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/tenants/{tenant}/versions',
      id: 'listVersions',
      chapter,
      need: 'read',
      summary: 'Versions of a tenant, newest first.',
      params: tenantParams,
      query: pageQuery,
      body: noBody,
      answers: { 200: { description: 'Part of the list.', schema: pageJson(versionJson) } },
      handle: ({ params, query }) => {
        const tenant = plane.tenant(params.tenant);
        const page = plane.versions(params.tenant, pageRequest(query));
        return json(
          200,
          pageView(page, (record) => versionView(record, tenant)),
        );
      },
    }),
    route({
      method: 'GET',
      path: '/v1/tenants/{tenant}/versions/{version}',
      id: 'getVersion',
      chapter,
      need: 'read',
      summary: 'A version with its manifest and what admission found.',
      params: versionParams,
      query: nothing,
      body: noBody,
      answers: { 200: { description: 'The version.', schema: versionJson } },
      handle: ({ params: { tenant, version } }) =>
        json(200, wholeVersionView(plane.version(tenant, version), plane.tenant(tenant))),
    }),
  ];
}

function deploying(plane: ControlPlane): Route {
  return route({
    method: 'POST',
    path: '/v1/tenants/{tenant}/versions',
    id: 'deployVersion',
    chapter,
    need: 'deploy',
    summary: 'Uploads a version and, unless told otherwise, has it serve.',
    params: tenantParams,
    query: deployQuery,
    body: uploadBody,
    headers: UPLOAD_HEADERS,
    precondition: 'revision',
    answers: { 201: { description: 'What became of it.', schema: deployedJson } },
    handle: async (call) => {
      const { tenant } = call.params;
      const { activate, accept, note = '' } = call.query;
      const { version, active, capabilities } = await plane.deploy({
        ...doing(plane, tenant, call),
        tenant,
        upload: call.body,
        activate,
        acceptWider: accept === 'wider',
        note,
      });
      const now = plane.tenant(tenant);
      const { added, removed } = capabilities;
      const body = { version: wholeVersionView(version, now), active, capabilities: { added, removed } };
      return json(201, body, { ...etag(now.revision), location: `/v1/tenants/${tenant}/versions/${version.version}` });
    },
  });
}

function checking(plane: ControlPlane): Route {
  return route({
    method: 'POST',
    path: '/v1/check',
    id: 'checkUpload',
    chapter,
    need: 'token',
    summary: 'What admission says of an upload; nothing is stored.',
    params: nothing,
    query: z.strictObject({
      tenant: tenantName
        .optional()
        .meta({ description: 'The tenant whose ceilings hold; one that the token may read.' }),
    }),
    body: uploadBody,
    headers: UPLOAD_HEADERS,
    repeated: 'again',
    answers: { 200: { description: 'The report.', schema: z.strictObject({ report: anyJson }) } },
    handle: async ({ query: { tenant = null }, body, who }) => {
      if (tenant !== null) checkAllowed(who, 'read', tenant);
      return json(200, { report: await plane.check(body, tenant) });
    },
  });
}
