/** What a version may do, as lines that a person can compare, and what one version may do more than another. */
import { createHash } from 'node:crypto';
import { KerbError } from '../errors.ts';
import { UNGUARDED } from '../failure-rule.ts';
import type { JwtIssuer } from '../runtime/deployment.ts';
import type { Manifest, ManifestFilter, ManifestLimits } from './manifest.ts';
import type { ManifestFailureRule } from './manifest-failure.ts';
import { BYTES_PER_MB, type BUDGETS } from './manifest-limits.ts';
import { clipped, printable } from '../quoted.ts';
import type { CapabilityDiff } from './plane.ts';

/** A function that a module imports. */
export interface ImportName {
  readonly module: string;
  readonly name: string;
}

/** Names that need no quotes: nothing in them can be taken for another word of a line, or for the dot of an import. */
const PLAIN = /^[A-Za-z0-9_-]+$/;
const PLAIN_NAME = /^[A-Za-z0-9_.-]+$/;
/** Visible ASCII without quotes and backslashes. */
const VISIBLE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
/** Characters up to which a name is shown whole. A longer one is shown by its beginning and its digest, lest two look the same. */
const SHOWN_CHARS = 64;
const DIGEST_CHARS = 16;
const ARROW = ' -> ';
const UNBOUNDED = 'none';

const LIMITS = {
  cpu_ms: ({ cpuMs }) => cpuMs,
  cpu_weight: ({ cpuWeight }) => cpuWeight,
  cpu_ms_per_second: ({ cpuMsPerSecond }) => cpuMsPerSecond ?? Infinity,
  cpu_burst_ms: ({ cpuBurstMs }) => cpuBurstMs,
  wall_ms: ({ wallMs }) => wallMs,
  memory_mb: ({ memoryBytes }) => memoryBytes / BYTES_PER_MB,
  concurrency: ({ concurrency }) => concurrency,
  subrequests: ({ subrequests }) => subrequests,
  websockets: ({ webSockets }) => webSockets,
  request_body_mb: ({ requestBodyBytes }) => requestBodyBytes / BYTES_PER_MB,
  cache_mb: ({ cacheBytes }) => cacheBytes / BYTES_PER_MB,
  scratch_mb: ({ scratchBytes }) => scratchBytes / BYTES_PER_MB,
} as const satisfies Record<keyof typeof BUDGETS, (limits: ManifestLimits) => number>;

/**
 * Everything that a version may do: its hosts and path, backends and their checks, stores, folders, environment, imports, limits, and
 * failures that are answered without its guest, each a line of
 * under 200 characters such as `backend site http://127.0.0.1:9000`, `secret API_KEY` or `cpu_ms 50`. Sorted by code unit, without repetitions.
 *
 * Two different capabilities never have the same line: names of other characters than letters, digits, `.`, `_` and `-` are quoted and
 * escaped, long ones carry a digest. Values of the environment and of the configuration are no capabilities and are not shown.
 */
export function capabilitiesOf(manifest: Manifest, imports: readonly ImportName[]): string[] {
  const { hosts, path, geo, backends, jwt, env, files, filters, stores, limits, onFailure, failureMode } = manifest;
  const lines = [
    ...hosts.map((host) => `host ${word(host, /^[A-Za-z0-9*.:[\]-]+$/)}`),
    `path ${word(path, VISIBLE)}`,
    ...backends.map(({ name, url }) => `backend ${word(name)} ${shownUrl(url)}`),
    ...backends.flatMap(({ name, health }) => (health === undefined ? [] : [`health ${word(name)} ${target(health)}`])),
    ...jwt.map(({ name, issuer }) => `jwt ${word(name)} ${word(issuer, VISIBLE)}`),
    ...jwt.flatMap(signLines),
    ...(geo ? ['geo'] : []),
    ...env.map(({ name }) => `env ${word(name)}`),
    ...files.map(({ guest }) => `files ${word(guest, /^[A-Za-z0-9_./-]+$/)}`),
    ...filters.flatMap(filterLines),
    ...stores.kv.map((name) => `kv ${word(name)}`),
    ...(stores.cache ? ['cache'] : []),
    ...(stores.config === null ? [] : ['config', ...stores.config.map(({ name }) => `config ${word(name)}`)]),
    ...stores.secrets.map((name) => `secret ${word(name)}`),
    ...unguardedLines(onFailure),
    ...(failureMode === 'open' ? ['failure_mode open'] : []),
    ...imports.map(({ module, name }) => `import ${word(module, PLAIN)}.${word(name, PLAIN)}`),
    ...Object.entries(LIMITS).map(([key, read]) => `${key} ${shownLimit(read(limits))}`),
  ];
  return [...new Set(lines)].sort();
}

/** An issuer as whom tokens are signed: with what, for whom, and for how many seconds at most. One that changes counts as another. */
function signLines({ name, audience, sign }: JwtIssuer): string[] {
  if (sign === null) return [];
  const terms = `aud ${word(audience, VISIBLE)} ttl_s ${sign.ttlSeconds}`;
  return [`sign ${word(name)} ${word(sign.secret)}`, `sign ${word(name)} ${terms}`];
}

/** A filter with its own limits: one that changes counts as another. */
function filterLines({ name, failureMode, limits }: ManifestFilter): string[] {
  const { cpu_ms, wall_ms, memory_mb } = LIMITS;
  const own = Object.entries({ cpu_ms, wall_ms, memory_mb });
  return [
    `filter ${word(name)} ${failureMode}`,
    ...own.map(([key, read]) => `filter ${word(name)} ${key} ${shownLimit(read(limits))}`),
  ];
}

/**
 * Failures whose requests are answered without the guest: `on_failure trap origin / but "/admin"`. Paths below that are left out are part
 * of the line, so that one that is left out no more makes another line. A page gives nothing away.
 */
function unguardedLines(rules: readonly ManifestFailureRule[]): string[] {
  const claims = rules.flatMap(({ path, on, serve }) =>
    on.flatMap((kind) => serve.filter((measure) => UNGUARDED.has(measure)).map((measure) => ({ path, kind, measure }))),
  );
  const paths = [...new Set(rules.map(({ path }) => path))].sort();
  return claims.map(({ path, kind, measure }) => {
    const isClaimed = (below: string): boolean =>
      claims.some((claim) => claim.path === below && claim.kind === kind && claim.measure === measure);
    const leftOut = paths.filter((below) => below !== path && isBelow(below, path) && !isClaimed(below));
    const line = `on_failure ${kind} ${measure} ${word(path, VISIBLE)}`;
    return leftOut.length === 0 ? line : `${line} but ${word(leftOut.join(' '), /^$/)}`;
  });
}

/**
 * What `after` has more and less than `before`, both as {@link capabilitiesOf} gives them. A limit that changed is one line with both
 * values, added when it was raised and removed when it was lowered; so is a path, which is wider when it is no longer below the one
 * before. `before` is `null` for a first version: nothing is wider than nothing, and both lists are empty.
 */
export function capabilityDiff(before: readonly string[] | null, after: readonly string[]): CapabilityDiff {
  if (before === null) return { added: [], removed: [] };
  const old = byKey(before);
  const now = byKey(after);
  const added = [...now].flatMap(([key, line]) => (isWider(old.get(key), line) ? [change(old.get(key), line)] : []));
  const removed = [...old].flatMap(([key, line]) => {
    const next = now.get(key);
    return next !== line && !isWider(line, next) ? [next === undefined ? line : change(line, next)] : [];
  });
  return { added: added.sort(), removed: removed.sort() };
}

/** Throws `wider_capabilities`, which lists what is added, unless nothing is. */
export function refuseWider({ added }: CapabilityDiff): void {
  if (added.length === 0) return;
  throw new KerbError(
    'wider_capabilities',
    'this version may do more than the active one; deploy it with accept=wider if that is meant',
    added,
  );
}

/** Lines by what they are about: limits and the path by their word, everything else by the whole line. */
function byKey(lines: readonly string[]): Map<string, string> {
  return new Map(lines.map((line) => [isScalar(wordOf(line)) ? wordOf(line) : line, line]));
}

function isScalar(key: string): boolean {
  return key === 'path' || Object.hasOwn(LIMITS, key);
}

function isWider(before: string | undefined, after: string | undefined): boolean {
  if (after === undefined || before === after) return false;
  if (before === undefined) return true;
  return wordOf(after) === 'path' ? !isBelow(valueOf(after), valueOf(before)) : limitOf(after) > limitOf(before);
}

function isBelow(path: string, prefix: string): boolean {
  return prefix === '/' || path.startsWith(`${prefix}/`);
}

function change(before: string | undefined, after: string): string {
  return before === undefined ? after : `${before}${ARROW}${valueOf(after)}`;
}

function wordOf(line: string): string {
  return line.split(' ', 1)[0] ?? '';
}

function valueOf(line: string): string {
  return line.slice(wordOf(line).length + 1);
}

/** What is no number is taken for the widest: a line that somebody else wrote must not hide a limit that was raised. */
function limitOf(line: string): number {
  const value = valueOf(line);
  return /^\d+$/.test(value) ? Number(value) : Infinity;
}

function shownLimit(value: number): string {
  return value === Infinity ? UNBOUNDED : String(value);
}

function shownUrl(url: string): string {
  const { pathname } = new URL(url);
  return word(pathname === '/' ? url.slice(0, -1) : url, VISIBLE);
}

/** What is asked for in checks, which nobody's request sets off. */
function target({ path }: { readonly path: string }): string {
  return word(path, VISIBLE);
}

/** A name as it is when it is plain and short; else in quotes, and never the same as another name. */
function word(name: string, plain: RegExp = PLAIN_NAME): string {
  if (name.length <= SHOWN_CHARS && plain.test(name)) return name;
  const escaped = escapedName(name);
  if (escaped.length <= SHOWN_CHARS) return `"${escaped}"`;
  return `"${clipped(escaped, SHOWN_CHARS / 2)}" sha-256:${digestOf(name)}`;
}

/** On one line, without characters that act; two names never become the same text. */
function escapedName(name: string): string {
  return printable(name.replaceAll('\\', '\\\\').replaceAll('"', '\\"'));
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, DIGEST_CHARS);
}
