/** Finds the route for a request target, reading each byte of it strictly. */
import { badRequest, Refusal } from './refusal.ts';
import { REQUEST_LIMITS } from './limits.ts';
import type { Route } from './route.ts';

/** A route, and what the target says. The tables have no prototype. */
export interface Found {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
}

/** Routes by the shape of their paths. */
export class Router {
  readonly #routes: readonly { readonly route: Route; readonly segments: readonly string[] }[];

  /** Throws `TypeError` when two routes claim one method and path, or one operation. */
  constructor(routes: readonly Route[]) {
    this.#routes = routes.map((route) => ({ route, segments: route.path.split('/') }));
    const claims = routes.flatMap(({ method, path, id }) => [`${method} ${path.replaceAll(/\{\w+\}/g, '{}')}`, id]);
    const twice = claims.find((claim, place) => claims.indexOf(claim) !== place);
    if (twice !== undefined) throw new TypeError(`two routes claim ${twice}`);
  }

  /**
   * The route for a method and a request target in origin form (RFC 9112 §3.2.1). Throws 400 for a malformed target, 404, 405 with
   * `Allow` (RFC 9110 §15.5.6), 414.
   */
  find(method: string, target: string): Found {
    if (target.length > REQUEST_LIMITS.targetChars) {
      throw new Refusal(414, 'bad_request', `the request target has over ${REQUEST_LIMITS.targetChars} characters`);
    }
    if (!/^\/[\x21-\x7e]*$/.test(target) || /[\\#]/.test(target)) {
      throw badRequest('the request target is not a path of visible ASCII; percent-encode everything else');
    }
    const mark = target.indexOf('?');
    const path = mark < 0 ? target : target.slice(0, mark);
    const segments = path.split('/');
    const fitting = this.#routes.filter((known) => fits(known.segments, segments));
    const chosen = fitting.find(
      ({ route }) => route.method === method || (method === 'HEAD' && route.method === 'GET'),
    );
    if (chosen === undefined) throw missing(fitting.map(({ route }) => route.method));
    return {
      route: chosen.route,
      params: paramsOf(chosen.segments, segments),
      query: mark < 0 ? table() : queryOf(target.slice(mark + 1)),
    };
  }
}

function missing(methods: readonly string[]): Refusal {
  if (methods.length === 0) return new Refusal(404, 'not_found', 'there is nothing here; see /v1/openapi.json');
  const allow = methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
  return new Refusal(405, 'bad_request', `the method is not allowed here; use ${allow}`, { headers: { allow } });
}

function fits(known: readonly string[], given: readonly string[]): boolean {
  if (known.length !== given.length) return false;
  return known.every((segment, place) => (isParam(segment) ? given[place] !== '' : segment === given[place]));
}

function isParam(segment: string): boolean {
  return segment.startsWith('{');
}

function table(): Record<string, string> {
  return Object.create(null) as Record<string, string>;
}

function paramsOf(known: readonly string[], given: readonly string[]): Record<string, string> {
  const params = table();
  for (const [place, segment] of known.entries()) {
    if (isParam(segment)) params[segment.slice(1, -1)] = decoded(given[place] ?? '', 'path');
  }
  return params;
}

/** `name=value&…`, with `+` for a blank, as forms and `URLSearchParams` write it. Each name once. */
function queryOf(text: string): Record<string, string> {
  const query = table();
  for (const part of text.split('&')) {
    if (part === '') continue;
    const [name = '', ...value] = part.replaceAll('+', ' ').split('=');
    const key = decoded(name, 'query');
    if (Object.hasOwn(query, key)) throw badRequest('the query has a parameter twice; give each one once');
    query[key] = decoded(value.join('='), 'query');
  }
  return query;
}

function decoded(text: string, where: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw badRequest(`the ${where} has a bad percent-encoding; encode UTF-8, each byte as %XX`);
  }
}
