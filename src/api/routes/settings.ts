/** What an operator sets for a tenant: ceilings, address ranges of backends, keys that may sign. */
import { z } from 'zod';
import type { ControlPlane } from '../../control/plane.ts';
import type { LimitsRecord } from '../../store/records.ts';
import { etag, json, type Answer } from '../answer.ts';
import { allowBody, limitsBody, signingKeysBody } from '../bodies.ts';
import { jsonBody, noBody } from '../body.ts';
import { nothing, tenantParams } from '../names.ts';
import { route, type AnswerDeclaration, type Method, type Need, type Route } from '../route.ts';
import { doing } from './conditions.ts';

const backendsJson = z
  .strictObject({
    backends: z.array(z.strictObject({ name: z.string(), url: z.string() })),
    allow: z.array(z.string()),
  })
  .meta({ id: 'Backends' });

/** The routes of this chapter. */
export function settingRoutes(plane: ControlPlane): readonly Route[] {
  return [...limitRoutes(plane), ...backendRoutes(plane), ...keyRoutes(plane)];
}

const limitsAnswer = { 200: { description: 'The ceilings.', schema: limitsBody } };

function limitRoutes(plane: ControlPlane): Route[] {
  const shown = (tenant: string): Answer => {
    const { limits, revision } = plane.tenant(tenant);
    return json(200, limits, etag(revision));
  };
  return [
    route({
      ...reading('limits', 'getLimits', limitsAnswer),
      summary: 'Ceilings of a tenant; what is not listed has the process-wide one.',
      handle: ({ params }) => shown(params.tenant),
    }),
    route({
      ...writing('limits', 'setLimits', limitsAnswer),
      summary: 'Replaces the ceilings of a tenant.',
      body: jsonBody(limitsBody),
      handle: async (call) => {
        const { tenant } = call.params;
        const limits: LimitsRecord = call.body as LimitsRecord;
        await plane.setLimits(tenant, limits, doing(plane, tenant, call));
        return shown(tenant);
      },
    }),
  ];
}

const backendsAnswer = { 200: { description: 'Backends and ranges.', schema: backendsJson } };

function backendRoutes(plane: ControlPlane): Route[] {
  const shown = (tenant: string): Answer => {
    const { backends, allow } = plane.backends(tenant);
    const body = { backends: backends.map(({ name, url }) => ({ name, url })), allow };
    return json(200, body, etag(plane.tenant(tenant).revision));
  };
  return [
    route({
      ...reading('backends', 'getBackends', backendsAnswer),
      summary: 'Backends of the active version, and the ranges they may be in beyond public ones.',
      handle: ({ params }) => shown(params.tenant),
    }),
    route({
      ...writing('backends', 'setAllowedBackends', backendsAnswer),
      summary: 'Replaces the ranges that backends may be in beyond public ones.',
      body: jsonBody(allowBody),
      handle: async (call) => {
        const { tenant } = call.params;
        await plane.setAllowedBackends(tenant, call.body.allow, doing(plane, tenant, call));
        return shown(tenant);
      },
    }),
  ];
}

const keysAnswer = { 200: { description: 'The keys.', schema: signingKeysBody } };

function keyRoutes(plane: ControlPlane): Route[] {
  const shown = (tenant: string): Answer => {
    const { required, keys } = plane.signingKeys(tenant);
    return json(200, { required, keys }, etag(plane.tenant(tenant).revision));
  };
  return [
    route({
      ...reading('keys', 'getSigningKeys', keysAnswer),
      summary: 'Public keys that may sign modules of a tenant, and those of which one must have.',
      handle: ({ params }) => shown(params.tenant),
    }),
    route({
      ...writing('keys', 'setSigningKeys', keysAnswer),
      summary: 'Replaces the keys that may, and must, sign modules of a tenant.',
      body: jsonBody(signingKeysBody),
      handle: async (call) => {
        const { tenant } = call.params;
        await plane.setSigningKeys(tenant, call.body, doing(plane, tenant, call));
        return shown(tenant);
      },
    }),
  ];
}

interface SettingFacts<M extends Method, N extends Need> {
  readonly method: M;
  readonly path: `/v1/tenants/{tenant}/${string}`;
  readonly id: string;
  readonly chapter: string;
  readonly need: N;
  readonly params: typeof tenantParams;
  readonly query: typeof nothing;
  readonly answers: Readonly<Record<number, AnswerDeclaration>>;
}

function reading(
  name: string,
  id: string,
  answers: Readonly<Record<number, AnswerDeclaration>>,
): SettingFacts<'GET', 'read'> & { readonly body: typeof noBody } {
  return { ...facts(name, id, answers), method: 'GET', need: 'read', body: noBody };
}

function writing(
  name: string,
  id: string,
  answers: Readonly<Record<number, AnswerDeclaration>>,
): SettingFacts<'PUT', 'operator'> & { readonly precondition: 'revision' } {
  return { ...facts(name, id, answers), method: 'PUT', need: 'operator', precondition: 'revision' };
}

function facts(
  name: string,
  id: string,
  answers: Readonly<Record<number, AnswerDeclaration>>,
): Omit<SettingFacts<'GET', 'read'>, 'method' | 'need'> {
  return {
    path: `/v1/tenants/{tenant}/${name}`,
    id,
    chapter: 'settings',
    params: tenantParams,
    query: nothing,
    answers,
  };
}
