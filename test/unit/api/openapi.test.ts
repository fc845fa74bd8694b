import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Router } from '../../../src/api/router.ts';
import { ApiServer } from './api-server.ts';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly security: readonly object[];
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: object;
  }[];
  readonly requestBody?: { readonly required: boolean; readonly content: Readonly<Record<string, object>> };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: object }>>;
}

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

let server: ApiServer;
let document: Document;
beforeAll(async () => {
  server = await ApiServer.start();
  document = (await server.send('GET /v1/openapi.json', { token: null })).json as unknown as Document;
});
afterAll(() => server.stop());

/** Every object in a document, with where it is. */
function* objectsOf(value: unknown, place: string): Generator<readonly [string, Readonly<Record<string, unknown>>]> {
  if (typeof value !== 'object' || value === null) return;
  yield [place, value as Readonly<Record<string, unknown>>];
  for (const [name, inner] of Object.entries(value)) yield* objectsOf(inner, `${place}/${name}`);
}

const operations = (): Operation[] => Object.values(document.paths).flatMap((methods) => Object.values(methods));

describe('the OpenAPI document', () => {
  it('is of version 3.1 and has every route, once', () => {
    expect(document.openapi).toBe('3.1.0');
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => `${operationId} ${method.toUpperCase()} ${path}`),
    );
    expect(documented.sort()).toEqual(server.routes.map(({ id, method, path }) => `${id} ${method} ${path}`).sort());
    const ids = operations().map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('has no reference that leads nowhere', () => {
    const references = [...objectsOf(document, '#')].flatMap(([, node]) =>
      typeof node['$ref'] === 'string' ? [node['$ref']] : [],
    );
    expect(references.length).toBeGreaterThan(50);
    for (const reference of new Set(references)) {
      const name = /^#\/components\/schemas\/(\w+)$/.exec(reference)?.[1] ?? reference;
      expect(Object.keys(document.components.schemas)).toContain(name);
    }
  });

  it('has no schema that is not referred to, and none that names another dialect', () => {
    const text = JSON.stringify(document);
    for (const name of Object.keys(document.components.schemas))
      expect(text).toContain(`"#/components/schemas/${name}"`);
    for (const [place, node] of objectsOf(document, '#')) {
      expect([place, '$schema' in node, '$defs' in node, '$id' in node]).toEqual([place, false, false, false]);
    }
  });

  it('has a parameter for every name in a path, and no other', () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const { parameters } of Object.values(methods)) {
        const inPath = parameters.filter((parameter) => parameter.in === 'path');
        expect(inPath.map(({ name }) => name)).toEqual(names);
        expect(inPath.every(({ required }) => required)).toBe(true);
      }
    }
  });

  it('describes each operation, its refusals, and who may', () => {
    for (const { operationId, summary, tags, security, responses } of operations()) {
      expect(summary).toMatch(/[.;]/);
      expect(tags).toHaveLength(1);
      expect(Object.keys(responses['default']?.content ?? {})).toEqual(['application/problem+json']);
      expect(Object.keys(responses).length).toBeGreaterThan(1);
      const open = ['getOpenApi', 'getJwks'].includes(operationId);
      expect([operationId, security]).toEqual([operationId, open ? [] : [{ token: [] }]]);
    }
  });

  it('says what a request may bring', () => {
    const deploy = document.paths['/v1/tenants/{tenant}/versions']?.['post'];
    expect(Object.keys(deploy?.requestBody?.content ?? {})).toEqual([
      'application/wasm',
      'application/gzip',
      'application/x-gzip',
    ]);
    expect(deploy?.parameters.map(({ name }) => name)).toEqual([
      'tenant',
      'activate',
      'accept',
      'note',
      'kerb-manifest',
      'kerb-signature',
      'If-Match',
      'Idempotency-Key',
    ]);
    const list = document.paths['/v1/tenants']?.['get'];
    expect(list?.parameters.find(({ name }) => name === 'limit')?.schema).toEqual({
      type: 'integer',
      minimum: 1,
      maximum: 1_000,
      description: 'Items at most; 100 when left out.',
    });
    expect(document.paths['/v1/tenants']?.['post']?.requestBody).toMatchObject({
      required: true,
      content: { 'application/json': { schema: { required: ['name'], additionalProperties: false } } },
    });
  });

  it('is one answer for everybody', async () => {
    const first = await server.send('GET /v1/openapi.json', { token: null });
    const second = await server.send('GET /v1/openapi.json', { token: server.reader });
    expect(second.text).toBe(first.text);
  });
});

describe('the table of routes', () => {
  it('cannot have two routes for one thing', () => {
    const [first, second] = server.routes;
    if (first === undefined || second === undefined) throw new Error('there are no routes');
    expect(() => new Router([first, first])).toThrow(TypeError);
    expect(() => new Router([first, { ...second, id: first.id }])).toThrow(/getOpenApi/);
    const named = { ...first, path: '/v1/{a}' } as const;
    expect(() => new Router([named, { ...named, id: 'other', path: '/v1/{b}' }])).toThrow(TypeError);
  });

  it('is where requests are looked up without a prototype', () => {
    const { params, query } = new Router(server.routes).find('GET', '/v1/tenants/a?x=1');
    expect([Object.getPrototypeOf(params), Object.getPrototypeOf(query)]).toEqual([null, null]);
    expect({ ...params }).toEqual({ tenant: 'a' });
  });
});
