/** One declaration of a route: routing, validation, authorisation and its part of the OpenAPI document are all made from it. */
import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import type { Answer } from './answer.ts';
import type { Identity } from '../auth/scopes.ts';
import type { BodyOf } from './body.ts';
import { validated } from './validation.ts';

/**
 * Who may use a route: anybody; any valid token; who may read the tenant in the path; who may change it; the operator.
 */
export type Need = 'public' | 'token' | 'read' | 'deploy' | 'operator';

/** The methods that routes have. HEAD comes with GET. */
export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** One kind of answer, for the document and for tests. */
export interface AnswerDeclaration {
  readonly description: string;
  /** Of JSON. */
  readonly schema?: z.ZodType;
  /** The media type of a body that is not JSON. */
  readonly type?: string;
}

/** A request field or a response field that a route has beside the common ones. */
export interface HeaderDeclaration {
  readonly name: string;
  readonly description: string;
}

/** What of a route does not depend on the types of its parts. */
export interface RouteFacts {
  readonly method: Method;
  /** `/v1/tenants/{tenant}`: literal segments, and parameters that are one segment each. */
  readonly path: `/v1/${string}`;
  /** The `operationId`: unique. */
  readonly id: string;
  /** The chapter that it belongs to. */
  readonly chapter: string;
  readonly summary: string;
  readonly need: Need;
  /** What `If-Match` compares with; absent: the route takes none. `generation` also takes `If-None-Match: *`. */
  readonly precondition?: 'revision' | 'generation';
  /**
   * What a change does when its idempotency key comes again: `replay` (when absent) gives the answer of the first time; `again` does it
   * again, for changes with the same end whose request must leave no trace; `once` refuses, for answers that must not be kept.
   */
  readonly repeated?: 'replay' | 'again' | 'once';
  readonly headers?: readonly HeaderDeclaration[];
  /** By status. The refusals that every route has are not listed. */
  readonly answers: Readonly<Record<number, AnswerDeclaration>>;
}

/** A stream of events in place of an answer. */
export interface Stream {
  /** Whose it is, for counting; `null`: the operator's. */
  readonly tenant: string | null;
  /** Begins to send; answers how to stop. `event` is a word, `data` plain. */
  follow(emit: (event: string, data: unknown) => void): () => void;
  /** Throws when there is nothing to follow any more. */
  check(): void;
}

/** A request whose every part has been checked. */
export interface Call<P, Q, B> {
  readonly who: Identity;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** Revisions that `If-Match` lists; `null`: any. */
  readonly ifMatch: readonly number[] | null;
  /** For fields that a route declares. */
  readonly request: IncomingMessage;
}

/** What a route is made from. The schemas of `params` and `query` take objects of strings. */
export interface RouteDeclaration<P extends z.ZodObject, Q extends z.ZodObject, B> extends RouteFacts {
  readonly params: P;
  readonly query: Q;
  readonly body: BodyOf<B>;
  /** Does it. Throws {@link ./refusal.ts Refusal} or `KerbError`. */
  handle(call: Call<z.output<P>, z.output<Q>, B>): Answer | Stream | Promise<Answer | Stream>;
}

/** A request whose path, token and conditions are known. */
export interface Arrived {
  readonly who: Identity;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly ifMatch: readonly number[] | null;
  readonly request: IncomingMessage;
}

/** What is left to do when a request's body has been checked. */
export type Work = () => Promise<Answer | Stream>;

/** A route, ready for requests of any kind. */
export interface Route extends RouteFacts {
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  readonly body: BodyOf<unknown>;
  /** Checks parameters and query, and answers what checks the body. Both throw 400 with every fault. */
  prepare(arrived: Arrived): (body: Uint8Array<ArrayBuffer>) => Work;
}

/** Makes a route of its declaration. */
export function route<P extends z.ZodObject, Q extends z.ZodObject, B>(declared: RouteDeclaration<P, Q, B>): Route {
  return {
    ...declared,
    prepare: ({ who, params, query, ifMatch, request }) => {
      const checked = {
        params: validated(declared.params, params, 'path'),
        query: validated(declared.query, query, 'query'),
      };
      return (bytes) => {
        const body = declared.body.read(bytes, request);
        return async () => declared.handle({ ...checked, who, body, ifMatch, request });
      };
    },
  };
}
