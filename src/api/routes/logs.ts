/** Streams: what happens to a tenant's requests, and what is done to tenants. And the list of what was done. */
import type { z } from 'zod';
import type { ControlPlane, LogEntry, LogTap } from '../../control/plane.ts';
import type { AuditRecord, Json } from '../../store/records.ts';
import type { LedgerStore } from '../../store/store.ts';
import { json } from '../answer.ts';
import { noBody } from '../body.ts';
import { logQuery, nothing, pageQuery, tenantParams } from '../names.ts';
import { route, type Route } from '../route.ts';
import { auditJson, pageJson, pageView } from '../views.ts';
import { pageRequest } from './conditions.ts';

type Filter = z.output<typeof logQuery>;

/** The routes of these chapters. */
export function logRoutes(plane: ControlPlane, logs: LogTap, ledger: Pick<LedgerStore, 'audit'>): readonly Route[] {
  return [following(plane, logs), auditing(ledger), events(plane)];
}

function following(plane: ControlPlane, logs: LogTap): Route {
  return route({
    method: 'GET',
    path: '/v1/tenants/{tenant}/logs',
    id: 'followLogs',
    chapter: 'logs',
    need: 'read',
    summary: 'Requests (event `request`) and lines of guests (event `guest`) from now on.',
    params: tenantParams,
    query: logQuery,
    body: noBody,
    answers: { 200: { description: 'Server-sent events.', type: 'text/event-stream' } },
    handle: ({ params: { tenant }, query }) => {
      plane.tenant(tenant);
      return {
        tenant,
        check: () => void plane.tenant(tenant),
        follow: (emit) =>
          logs.follow(tenant, (entry) => {
            if (entry.tenant === tenant && fits(entry, query)) emit(entry.kind, shown(entry));
          }),
      };
    },
  });
}

function shown(entry: LogEntry): Json {
  if (entry.kind === 'request') return entry.record;
  const { timeMs, version, level, text } = entry;
  return { timeMs, version, level, text };
}

/** Whether a filter lets an entry through. Guests' lines have no status and such: a filter on those shows requests only. */
function fits(entry: LogEntry, filter: Filter): boolean {
  const { outcome, status, method, path, contains } = filter;
  if (entry.kind === 'guest') {
    const onRequests = [outcome, status, method, path].some((part) => part !== undefined);
    return !onRequests && (contains === undefined || entry.text.includes(contains));
  }
  const has = (name: string): string => memberOf(entry.record, name);
  return (
    (outcome === undefined || has('outcome') === outcome) &&
    (status === undefined || hasStatus(has('status'), status)) &&
    (method === undefined || has('method') === method.toUpperCase()) &&
    (path === undefined || has('target').startsWith(path)) &&
    (contains === undefined || has('target').includes(contains) || has('detail').includes(contains))
  );
}

function hasStatus(status: string, wanted: string): boolean {
  return wanted.endsWith('xx') ? status.length === 3 && status.startsWith(wanted.slice(0, 1)) : status === wanted;
}

/** A member of a record as text; empty when it has none. */
function memberOf(record: Json, name: string): string {
  if (typeof record !== 'object' || record === null || !Object.hasOwn(record, name)) return '';
  const value = (record as Readonly<Record<string, Json>>)[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function auditView({ id, timeMs, actor, action, tenant, detail }: AuditRecord): AuditRecord {
  return { id, timeMs, actor, action, tenant, detail };
}

function auditing(ledger: Pick<LedgerStore, 'audit'>): Route {
  return route({
    method: 'GET',
    path: '/v1/audit',
    id: 'listAudit',
    chapter: 'audit',
    need: 'operator',
    summary: 'What was done, newest first.',
    params: nothing,
    query: pageQuery,
    body: noBody,
    answers: { 200: { description: 'Part of the list.', schema: pageJson(auditJson) } },
    handle: ({ query }) => json(200, pageView(ledger.audit(pageRequest(query)), auditView)),
  });
}

function events(plane: ControlPlane): Route {
  return route({
    method: 'GET',
    path: '/v1/events',
    id: 'followEvents',
    chapter: 'audit',
    need: 'operator',
    summary: 'What is done (event `audit`), as it is done.',
    params: nothing,
    query: nothing,
    body: noBody,
    answers: { 200: { description: 'Server-sent events.', type: 'text/event-stream' } },
    handle: () => ({
      tenant: null,
      check: () => undefined,
      follow: (emit) => plane.onAudit((entry) => emit('audit', auditView(entry))),
    }),
  });
}
