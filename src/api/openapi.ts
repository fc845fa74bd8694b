/** The OpenAPI 3.1 document, made from the declarations of the routes. */
import { z } from 'zod';
import { PROBLEM_TYPE } from '../http/problem.ts';
import type { BodyOf } from './body.ts';
import { PROBLEM_CODES } from './refusal.ts';
import type { AnswerDeclaration, Route } from './route.ts';

type Schema = Readonly<Record<string, unknown>>;
/** Shared schemas by name; without a prototype. */
type Components = Record<string, Schema>;

const problemJson = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(PROBLEM_CODES),
    errors: z.array(z.string()).optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457; `code` is for programs, `errors` lists every fault.' });

/** The document about routes: plain JSON, with every reference inside of it. */
export function openApiDocument(routes: readonly Route[]): Schema {
  const components = Object.create(null) as Components;
  const paths = Object.create(null) as Record<string, Record<string, Schema>>;
  for (const route of routes) {
    const methods = (paths[route.path] ??= Object.create(null) as Record<string, Schema>);
    methods[route.method.toLowerCase()] = operation(route, components);
  }
  const bearer = { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Kerb admin API',
      version: '1',
      description:
        'Lists have limit and cursor. Changes take Idempotency-Key and, where named, If-Match with the ETag of a tenant. HEAD goes wherever GET goes.',
    },
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    servers: [{ url: '/' }],
    paths,
    components: { securitySchemes: { token: bearer }, schemas: components },
  };
}

function operation(route: Route, components: Components): Schema {
  const { id, summary, chapter, need, answers } = route;
  const refused = { [PROBLEM_TYPE]: { schema: jsonSchema(problemJson, 'output', components) } };
  const responses = Object.entries(answers).map(([status, answer]) => [status, responseOf(answer, components)]);
  return {
    operationId: id,
    summary,
    tags: [chapter],
    ...(need === 'public' ? { security: [] } : { security: [{ token: [] }], 'x-kerb-scope': scopeOf(need) }),
    parameters: parametersOf(route, components),
    ...(route.body.types.length === 0 ? {} : { requestBody: requestBodyOf(route.body, components) }),
    responses: {
      ...(Object.fromEntries(responses) as Schema),
      default: { description: 'A problem.', content: refused },
    },
  };
}

function scopeOf(need: Route['need']): string {
  return need === 'read' || need === 'deploy' ? `tenant:${need}` : need;
}

function parametersOf(route: Route, components: Components): Schema[] {
  const named = [
    ...fieldsOf(route.params, 'path', components),
    ...fieldsOf(route.query, 'query', components),
    ...(route.headers ?? []).map(({ name, description }) => header(name, description)),
  ];
  if (route.precondition !== undefined) named.push(header('If-Match', `The ${route.precondition} that it must have.`));
  if (route.precondition === 'generation') named.push(header('If-None-Match', '`*`: only when there is none.'));
  if (route.method !== 'GET')
    named.push(header('Idempotency-Key', 'Makes sending the same request again safe, for 24 hours.'));
  return named;
}

function header(name: string, description: string): Schema {
  return { name, in: 'header', required: false, description, schema: { type: 'string' } };
}

function fieldsOf(schema: z.ZodObject, place: 'path' | 'query', components: Components): Schema[] {
  const { properties, required } = jsonSchema(schema, 'input', components) as {
    readonly properties?: Readonly<Record<string, Schema>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties ?? {}).map(([name, inner]) => ({
    name,
    in: place,
    required: place === 'path' || (required ?? []).includes(name),
    schema: inner,
  }));
}

function requestBodyOf({ types, schema, empty }: BodyOf<unknown>, components: Components): Schema {
  const inner = schema === undefined ? {} : { schema: jsonSchema(schema, 'input', components) };
  return { required: empty === 'refused', content: Object.fromEntries(types.map((type) => [type, inner])) as Schema };
}

function responseOf({ description, schema, type }: AnswerDeclaration, components: Components): Schema {
  if (schema !== undefined) {
    return { description, content: { 'application/json': { schema: jsonSchema(schema, 'output', components) } } };
  }
  return type === undefined ? { description } : { description, content: { [type]: {} } };
}

/** The JSON Schema of a zod schema; those with a name go to `components`, and are referred to. */
function jsonSchema(schema: z.ZodType, io: 'input' | 'output', components: Components): Schema {
  const { $defs = {}, ...root } = z.toJSONSchema(schema, { io }) as Schema & { $defs?: Components };
  for (const [name, shared] of Object.entries($defs)) components[name] ??= rewritten(shared) as Schema;
  return rewritten(root) as Schema;
}

/** A schema with its references led to the components, and with integers that are written in digits described as integers. */
function rewritten(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rewritten);
  if (typeof value !== 'object' || value === null) return value;
  const { integer, description, ...rest } = value as Schema;
  // The document names the dialect once.
  const members = Object.entries(rest).filter(([name]) => name !== '$schema');
  if (typeof integer === 'object' && integer !== null) {
    return { type: 'integer', ...integer, ...(description === undefined ? {} : { description }) };
  }
  const entries = description === undefined ? members : [...members, ['description', description] as const];
  return Object.fromEntries(entries.map(([name, inner]) => [name, name === '$ref' ? led(inner) : rewritten(inner)]));
}

function led(reference: unknown): unknown {
  return typeof reference === 'string' ? reference.replace(/^#\/\$defs\//, '#/components/schemas/') : reference;
}
