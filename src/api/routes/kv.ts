/** Key-value stores of a tenant: keys listed, values read, written and deleted. */
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { ControlPlane } from '../../control/plane.ts';
import { KerbError } from '../../errors.ts';
import type { ContentStore, KvWrite } from '../../store/store.ts';
import { done, etag, json, type Answer } from '../answer.ts';
import { bytesBody, noBody } from '../body.ts';
import { ifNone, single } from '../headers.ts';
import { BODY_LIMITS, REQUEST_LIMITS, SPAN_LIMITS } from '../limits.ts';
import { entryParams, nothing, pageQuery, storeParams } from '../names.ts';
import { badRequest } from '../refusal.ts';
import { route, type HeaderDeclaration, type Route } from '../route.ts';
import { decimal } from '../validation.ts';
import { kvKeyJson, kvKeyView, pageJson, pageView } from '../views.ts';
import { changeable, pageRequest } from './conditions.ts';

const chapter = 'content';

const METADATA: HeaderDeclaration = {
  name: 'kerb-metadata',
  description: 'Metadata of the entry: percent-encoded UTF-8; visible ASCII but "%" may stand for itself.',
};

type KvParts = {
  readonly plane: ControlPlane;
  readonly content: Pick<ContentStore, 'kv' | 'kvEntry' | 'putKv' | 'deleteKv' | 'kvKeys'>;
  readonly nowMs: () => number;
};

/** The routes of this chapter. */
export function kvRoutes(parts: KvParts): readonly Route[] {
  return [listing(parts), getting(parts), putting(parts), deleting(parts)];
}

function listing({ plane, content, nowMs }: KvParts): Route {
  return route({
    method: 'GET',
    path: '/v1/tenants/{tenant}/kv/{store}',
    id: 'listKvKeys',
    chapter,
    need: 'read',
    summary: 'Keys of a key-value store.',
    params: storeParams,
    query: pageQuery.extend({ prefix: z.string().max(REQUEST_LIMITS.keyBytes).default('') }),
    body: noBody,
    answers: { 200: { description: 'Part of the list.', schema: pageJson(kvKeyJson) } },
    handle: ({ params: { tenant, store }, query }) => {
      plane.tenant(tenant);
      return json(200, pageView(content.kvKeys(tenant, store, query.prefix, pageRequest(query), nowMs()), kvKeyView));
    },
  });
}

function getting({ plane, content, nowMs }: KvParts): Route {
  return route({
    method: 'GET',
    path: '/v1/tenants/{tenant}/kv/{store}/{key}',
    id: 'getKv',
    chapter,
    need: 'read',
    summary: 'A value of a key-value store; its generation is the ETag.',
    params: entryParams,
    query: nothing,
    body: noBody,
    answers: {
      200: { description: 'The value, with kerb-generation and kerb-metadata.', type: 'application/octet-stream' },
    },
    handle: ({ params: { tenant, store, key } }) => {
      plane.tenant(tenant);
      const entry = content.kv(tenant, store, key, nowMs());
      if (entry === null) throw missing();
      const metadata = entry.metadata === null ? {} : { 'kerb-metadata': encodedMetadata(entry.metadata) };
      const generation = { 'kerb-generation': String(entry.generation), ...etag(entry.generation) };
      const type = { 'content-type': 'application/octet-stream', 'content-disposition': 'attachment' };
      return { status: 200, headers: { ...type, ...generation, ...metadata }, body: entry.value };
    },
  });
}

function putting({ plane, content, nowMs }: KvParts): Route {
  return route({
    method: 'PUT',
    path: '/v1/tenants/{tenant}/kv/{store}/{key}',
    id: 'putKv',
    chapter,
    need: 'deploy',
    summary: 'Writes a value. If-Match names the generation it must have, If-None-Match: * that there must be none.',
    params: entryParams,
    query: z.strictObject({
      ttl: decimal(1, SPAN_LIMITS.ttlSeconds).optional().meta({ description: 'Seconds until it expires.' }),
    }),
    body: bytesBody(BODY_LIMITS.kvValue),
    headers: [METADATA],
    precondition: 'generation',
    answers: { 204: { description: 'Written; kerb-generation and ETag are the new generation.' } },
    handle: (call): Answer => {
      const { tenant, store, key } = call.params;
      changeable(plane, tenant, { who: call.who, ifMatch: null });
      const expiresMs = call.query.ttl === undefined ? null : nowMs() + call.query.ttl * 1000;
      const write = { value: call.body, metadata: metadataOf(call.request), expiresMs, ...condition(call) };
      const generation = content.putKv(tenant, store, key, write, nowMs());
      plane.note(call.who.subject, 'kv.put', tenant, { store, key, generation });
      return done({ 'kerb-generation': String(generation), ...etag(generation) });
    },
  });
}

function deleting({ plane, content, nowMs }: KvParts): Route {
  return route({
    method: 'DELETE',
    path: '/v1/tenants/{tenant}/kv/{store}/{key}',
    id: 'deleteKv',
    chapter,
    need: 'deploy',
    summary: 'Deletes a value.',
    params: entryParams,
    query: nothing,
    body: noBody,
    precondition: 'generation',
    answers: { 204: { description: 'It is gone.' } },
    handle: ({ params: { tenant, store, key }, who, ifMatch }) => {
      changeable(plane, tenant, { who, ifMatch: null });
      const entry = content.kvEntry(tenant, store, key, 0, nowMs());
      if (ifMatch !== null && (entry === null || !ifMatch.includes(entry.generation))) throw stale();
      if (!content.deleteKv(tenant, store, key)) throw missing();
      plane.note(who.subject, 'kv.delete', tenant, { store, key });
      return done();
    },
  });
}

function condition(call: {
  readonly ifMatch: readonly number[] | null;
  readonly request: IncomingMessage;
}): Pick<KvWrite, 'ifGeneration'> {
  const none = ifNone(call.request);
  const [generation, ...others] = call.ifMatch ?? [];
  if (others.length > 0 || (none && generation !== undefined)) {
    throw badRequest('a key has one generation; send one entity tag in If-Match, or If-None-Match: *');
  }
  if (none) return { ifGeneration: 0 };
  if (generation === undefined) return {};
  if (generation < 1) throw stale();
  return { ifGeneration: generation };
}

function metadataOf(request: IncomingMessage): string | null {
  const text = single(request, METADATA.name);
  if (text === null) return null;
  if (text.length > REQUEST_LIMITS.metadataChars || !/^[\x20-\x7e]*$/.test(text)) {
    throw badRequest(
      `the header kerb-metadata is not up to ${REQUEST_LIMITS.metadataChars} of visible ASCII; encode it`,
    );
  }
  try {
    return decodeURIComponent(text);
  } catch {
    throw badRequest('the header kerb-metadata has a bad percent-encoding; write "%" as %25');
  }
}

/** A field value can hold no line ends and nothing above ASCII safely; a guest's metadata can. */
function encodedMetadata(text: string): string {
  return text.toWellFormed().replaceAll(/[^\x21-\x24\x26-\x7e]+/g, encodeURIComponent);
}

function missing(): KerbError {
  return new KerbError('not_found', 'the store has no such key; list the keys for those it has');
}

function stale(): KerbError {
  return new KerbError('precondition_failed', 'the key does not have this generation; read it again and repeat');
}
