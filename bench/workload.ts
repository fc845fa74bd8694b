/** What is asked of every server: the requests, and the one response that counts as right. */

/** An app that every server offers. `tenants`: many copies of `hello`, told apart by Host. */
export type App = 'hello' | 'echo' | 'tenants';

/** A request with the response that every server must give. */
export interface Exchange {
  readonly method: 'GET' | 'POST';
  readonly body: string | null;
  readonly status: number;
  readonly contentType: string;
  readonly responseBody: string;
}

/** What is measured: an app under so many connections. */
export interface Workload {
  readonly name: string;
  readonly app: App;
  readonly connections: number;
}

/** Copies in `tenants`. */
export const TENANTS = 100;

const GREETING = 'Hello from wasm, in a sandbox of its own.\n';
const HELLO: Exchange = {
  method: 'GET',
  body: null,
  status: 200,
  contentType: 'text/plain; charset=utf-8',
  responseBody: GREETING,
};

/** 1,024 bytes of JSON. */
export const JSON_BODY = jsonOfBytes(1024);

const ECHO: Exchange = {
  method: 'POST',
  body: JSON_BODY,
  status: 200,
  contentType: 'application/json',
  responseBody: JSON_BODY,
};

/** The exchange of each app. */
export const EXCHANGES = { hello: HELLO, echo: ECHO, tenants: HELLO } as const satisfies Record<App, Exchange>;

/** The Host of copy `index` of `tenants`. */
export function tenantName(index: number): string {
  return `hello-${index}`;
}

/** The Host fields that requests to an app carry, in turn. */
export function hostsOf(app: App): string[] {
  if (app !== 'tenants') return [`${app}.localhost`];
  return Array.from({ length: TENANTS }, (_, index) => `${tenantName(index)}.localhost`);
}

function jsonOfBytes(length: number): string {
  const items: { id: number; name: string; price: number }[] = [];
  const text = (padding: string): string => JSON.stringify({ items, padding });
  while (text('').length < length - 64)
    items.push({ id: items.length, name: `item ${items.length}`, price: items.length * 2.5 });
  return text('.'.repeat(length - text('').length));
}
