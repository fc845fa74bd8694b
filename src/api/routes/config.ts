/** Config stores of a tenant: read and replaced whole, or key by key. */
import { z } from 'zod';
import type { ControlPlane } from '../../control/plane.ts';
import { KerbError } from '../../errors.ts';
import type { ContentStore, Store } from '../../store/store.ts';
import { done, json } from '../answer.ts';
import { jsonBody, noBody, textBody } from '../body.ts';
import { configBody } from '../bodies.ts';
import { BODY_LIMITS } from '../limits.ts';
import { entryParams, nothing, storeParams } from '../names.ts';
import { route, type Route } from '../route.ts';
import { changeable } from './conditions.ts';

const chapter = 'content';
const configJson = z.strictObject({ items: z.record(z.string(), z.string()) }).meta({ id: 'ConfigItems' });
const itemsAnswer = { 200: { description: 'All of it.', schema: configJson } };

type Parts = {
  readonly plane: ControlPlane;
  readonly content: Pick<ContentStore, 'config' | 'putConfig' | 'deleteConfig'> & Pick<Store, 'atomically'>;
};

/** The routes of this chapter. */
export function configRoutes(parts: Parts): readonly Route[] {
  return [...wholeConfig(parts), ...configKeys(parts)];
}

function wholeConfig({ plane, content }: Parts): Route[] {
  const path = '/v1/tenants/{tenant}/config/{store}';
  const replace = (tenant: string, store: string, items: ReadonlyMap<string, string>): void =>
    content.atomically(() => {
      for (const key of content.config(tenant, store).keys())
        if (!items.has(key)) content.deleteConfig(tenant, store, key);
      for (const [key, value] of items) content.putConfig(tenant, store, key, value);
    });
  const shown = (tenant: string, store: string): { items: Record<string, string> } => ({
    items: Object.fromEntries(content.config(tenant, store)),
  });
  return [
    route({
      method: 'GET',
      path,
      id: 'getConfig',
      chapter,
      need: 'read',
      summary: 'A config store, whole.',
      params: storeParams,
      query: nothing,
      body: noBody,
      answers: itemsAnswer,
      handle: ({ params: { tenant, store } }) => {
        plane.tenant(tenant);
        return json(200, shown(tenant, store));
      },
    }),
    route({
      method: 'PUT',
      path,
      id: 'putConfig',
      chapter,
      need: 'deploy',
      precondition: 'revision',
      summary: 'Replaces a config store.',
      params: storeParams,
      query: nothing,
      body: jsonBody(configBody),
      answers: itemsAnswer,
      handle: (call) => {
        const { tenant, store } = call.params;
        changeable(plane, tenant, call);
        const items = new Map(Object.entries(call.body.items));
        replace(tenant, store, items);
        plane.note(call.who.subject, 'config.put', tenant, { store, keys: items.size });
        return json(200, shown(tenant, store));
      },
    }),
    route({
      method: 'DELETE',
      path,
      id: 'deleteConfig',
      chapter,
      need: 'deploy',
      precondition: 'revision',
      summary: 'Empties a config store.',
      params: storeParams,
      query: nothing,
      body: noBody,
      answers: { 204: { description: 'It is empty.' } },
      handle: (call) => {
        const { tenant, store } = call.params;
        changeable(plane, tenant, call);
        replace(tenant, store, new Map());
        plane.note(call.who.subject, 'config.delete', tenant, { store });
        return done();
      },
    }),
  ];
}

function configKeys({ plane, content }: Parts): Route[] {
  const path = '/v1/tenants/{tenant}/config/{store}/{key}';
  const missing = (): KerbError =>
    new KerbError('not_found', 'the store has no such key; read the store for those it has');
  return [
    route({
      method: 'GET',
      path,
      id: 'getConfigKey',
      chapter,
      need: 'read',
      summary: 'A value of a config store.',
      params: entryParams,
      query: nothing,
      body: noBody,
      answers: { 200: { description: 'The value.', type: 'text/plain' } },
      handle: ({ params: { tenant, store, key } }) => {
        plane.tenant(tenant);
        const body = content.config(tenant, store).get(key);
        if (body === undefined) throw missing();
        return { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
      },
    }),
    route({
      method: 'PUT',
      path,
      id: 'putConfigKey',
      chapter,
      need: 'deploy',
      precondition: 'revision',
      summary: 'Writes a value of a config store.',
      params: entryParams,
      query: nothing,
      body: textBody(BODY_LIMITS.configValue),
      answers: { 204: { description: 'Written.' } },
      handle: (call) => {
        const { tenant, store, key } = call.params;
        changeable(plane, tenant, call);
        content.putConfig(tenant, store, key, call.body);
        plane.note(call.who.subject, 'config.put', tenant, { store, key });
        return done();
      },
    }),
    route({
      method: 'DELETE',
      path,
      id: 'deleteConfigKey',
      chapter,
      need: 'deploy',
      precondition: 'revision',
      summary: 'Deletes a value of a config store.',
      params: entryParams,
      query: nothing,
      body: noBody,
      answers: { 204: { description: 'It is gone.' } },
      handle: (call) => {
        const { tenant, store, key } = call.params;
        changeable(plane, tenant, call);
        if (!content.deleteConfig(tenant, store, key)) throw missing();
        plane.note(call.who.subject, 'config.delete', tenant, { store, key });
        return done();
      },
    }),
  ];
}
