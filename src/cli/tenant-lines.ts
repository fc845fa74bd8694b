/** A tenant and its versions, as lines for people. */
import {
  reportAnswer,
  type FilterAnswer,
  type StartUpAnswer,
  type TenantAnswer,
  type VersionAnswer,
} from './answers.ts';
import { styled, type Line } from './output.ts';
import { bytes, shortDigest, when } from './quantity.ts';
import { table } from './table.ts';

/** Bytes of a page of linear memory. */
const PAGE_BYTES = 65_536;

/** What is in force, in a line: `hello: version 3, canary 4 with 10 %, revision 12`. */
export function inForce({ name, active, canary, revision }: TenantAnswer): Line {
  const serving = active === null ? 'no version serves' : `version ${active} serves`;
  const beside = canary === null ? '' : `, canary version ${canary.version} gets ${canary.percent} %`;
  return [styled('bold', name), `: ${serving}${beside}, revision ${revision}`];
}

/** Everything about a tenant. */
export function tenantLines(tenant: TenantAnswer): Line[] {
  const limits = Object.entries(tenant.limits).map(([name, value]) => `${name} ${value}`);
  return [
    inForce(tenant),
    `  managed by  ${tenant.source === 'folder' ? 'the tenants folder' : 'the control API'}`,
    `  hosts       ${tenant.hosts.join(', ') || 'none'}`,
    `  previous    ${tenant.previous ?? 'none'}`,
    `  limits      ${limits.join(', ') || "the server's own"}`,
    `  signatures  ${tenant.requiredKeys.length === 0 ? 'not required' : `required: ${tenant.requiredKeys.join(', ')}`}`,
    ...(tenant.createdMs === undefined ? [] : [`  created     ${when(tenant.createdMs)}`]),
  ];
}

/** Versions as a table. */
export function versionTable(versions: readonly VersionAnswer[], columns: number | null): Line[] {
  const heads = [
    { title: 'VERSION', align: 'right' as const },
    { title: 'STATE' },
    { title: 'DIGEST' },
    { title: 'SIZE', align: 'right' as const },
    { title: 'ABI' },
    { title: 'CREATED' },
    { title: 'BY' },
    { title: 'NOTE' },
  ];
  const rows = versions.map((version) => [
    String(version.version),
    version.state === 'active' ? styled('green', 'active') : version.state,
    shortDigest(version.digest),
    bytes(version.size),
    version.abi,
    when(version.createdMs),
    version.createdBy,
    version.note,
  ]);
  return table(heads, rows, columns);
}

/** What admission found, as far as the report says so. */
export function reportLines(report: unknown): Line[] {
  const read = reportAnswer.safeParse(report);
  if (!read.success) return [];
  const { size, compileMs, startUp, filters, isolation, notes } = read.data;
  const compiled = compileMs === null ? '' : `, compiled in ${compileMs.toFixed(1)} ms`;
  return [
    ...(size === null ? [] : [`  code ${bytes(size.in)}, ${bytes(size.out)} with its checks${compiled}`]),
    ...(startUp === null ? [] : [`  ${startUpText(startUp)}`]),
    ...filters.flatMap(filterLines),
    ...(isolation === null || isolation.why === null ? [] : [`  isolation ${isolation.wanted}: ${isolation.why}`]),
    ...notes.map((note) => `  note: ${note}`),
  ];
}

/** How instances of a filter start, where there is something to start. */
function filterLines({ name, startUp }: FilterAnswer): Line[] {
  const { imageBytes = null, perInstance = null } = startUp ?? {};
  if (imageBytes !== null) return [`  filter ${name}: start-up once, image ${bytes(imageBytes)}`];
  return perInstance === null ? [] : [`  filter ${name}: start-up per instance: ${perInstance}`];
}

function startUpText({ cpuMs, memoryPages, imageBytes, perInstance }: StartUpAnswer): string {
  const cost = `start-up ${cpuMs.toFixed(2)} ms of CPU`;
  const memory = `${bytes(memoryPages * PAGE_BYTES)} of memory`;
  if (imageBytes !== null) return `${cost} once, ${memory}, image ${bytes(imageBytes)}`;
  return perInstance === null ? `${cost}, ${memory}` : `${cost} per instance, ${memory}: ${perInstance}`;
}
