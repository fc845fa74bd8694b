/** The cases of the suite: what its guest is asked under which name, and what has to come back. The guest itself checks what it reads. */

import type { TestRequest, TestResponse } from '../../e2e/edge.ts';
import type { Fault } from '../skips.ts';

/** One case. */
export interface Case {
  /** The name under which the guest knows it. */
  readonly name: string;
  readonly path: string;
  readonly request: TestRequest;
  /** What is wrong with a response that the guest finds nothing wrong with. */
  readonly check: (response: TestResponse) => Fault;
}

/** The field by which the guest is told the case. */
const NAME_FIELD = 'x-httpwasm-tck-testid';

/** Fields of the guest's: that it was there, and what it did not like. */
const HANDLED_FIELD = 'x-httpwasm-tck-handled';
const FAILED_FIELD = 'x-httpwasm-tck-failed';

/** The origin tells what it was asked in fields that begin with this. */
export const ASKED_PREFIX = 'x-httpwasm-next-';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH'];

/** Targets by the names of their cases. */
const TARGETS = {
  simple: '/simple',
  'simple/escaping': '/simple%26clean',
  query: '/animal?name=panda',
  'query/escaping': '/disney?name=chip%26dale',
} as const;

/** Bytes of bodies. */
const BODIES = { empty: 0, small: 5, medium: 2048, large: 4096, xlarge: 5000 } as const;

/** A request field that the guest finds there. */
const EXISTING = { 'existing-header': 'bear' } as const;

/** Every case. */
export const CASES: readonly Case[] = [
  made('get_protocol_version', { check: ({ text }) => differs('the protocol', text, 'HTTP/1.1') }),
  ...METHODS.map((method) => made(`get_method/${method}`, { request: { method } })),
  made('set_method', { check: asked('method', 'POST') }),
  ...Object.entries(TARGETS).map(([name, path]) => made(`get_uri/${name}`, { path })),
  ...Object.entries(TARGETS).map(([name, path]) => made(`set_uri/${name}`, { check: asked('uri', path) })),
  made('get_header_values/request/lowercase-key', { request: { headers: { 'single-header': 'value' } } }),
  made('get_header_values/request/mixedcase-key', { request: { headers: { 'Single-Header': 'value' } } }),
  made('get_header_values/request/not-exists'),
  made('get_header_values/request/multiple-values', {
    request: { headers: { 'multi-header': ['value1', 'value2'] } },
  }),
  made('get_header_names/request', { request: { headers: { 'a-header': 'value1', 'b-header': '2' } } }),
  made('set_header_value/request/new', changes('new-header', 'value')),
  made('set_header_value/request/existing', changes('existing-header', 'value')),
  made('add_header_value/request/new', changes('new-header', 'value')),
  made('add_header_value/request/existing', changes('existing-header', 'bear', 'value')),
  made('remove_header/request/new', changes('existing-header', 'bear')),
  made('remove_header/request/existing', changes('existing-header')),
  ...Object.entries(BODIES).map(([name, bytes]) =>
    made(`read_body/request/${name}`, { request: { method: 'POST', body: 'a'.repeat(bytes) } }),
  ),
  made('get_source_addr'),
];

function made(name: string, { path = '/', request = {}, check = () => null }: Partial<Omit<Case, 'name'>> = {}): Case {
  return { name, path, request: { ...request, headers: { ...request.headers, [NAME_FIELD]: name } }, check };
}

/** A case of a request with the field that exists, of which the origin sees these values of a field. */
function changes(field: string, ...values: readonly string[]): Pick<Case, 'request' | 'check'> {
  const checks = [...values, undefined].map((value, place) => asked(`header-${field}-${place}`, value));
  const check = (response: TestResponse): Fault => {
    for (const one of checks) {
      const fault = one(response);
      if (fault !== null) return fault;
    }
    return null;
  };
  return { request: { headers: EXISTING }, check };
}

/** Whether the origin was asked so; without `want`, whether it was not told any. */
function asked(what: string, want: string | undefined): Case['check'] {
  return ({ headers }) => differs(`the origin's ${what}`, headers[`${ASKED_PREFIX}${what}`], want);
}

function differs(what: string, have: string | string[] | undefined, want: string | undefined): Fault {
  return have === want ? null : `${what} is ${String(have)}, not ${String(want)}`;
}

/** What is wrong with the response to a case. */
export function faultOf({ check }: Case, response: TestResponse): Fault {
  const { status, headers } = response;
  const told = headers[FAILED_FIELD];
  if (told !== undefined) return `was failed by the guest: ${String(told)}`;
  if (status !== 200) return `was answered with ${status}`;
  if (headers[HANDLED_FIELD] !== '1') return 'was answered without the guest';
  return check(response);
}
