/** The report of `kerb check` for people. */
import { BUDGETS } from '../control/manifest-limits.ts';
import type { Manifest } from '../control/manifest.ts';
import { printable } from '../quoted.ts';
import { explainSignature } from '../wasm/signature.ts';
import type { CheckReport, ImportReport, ModuleReport, Refusal } from './check-report.ts';
import { styled, type Line } from './output.ts';

/** Names that are listed before the rest is only counted. */
const MOST_NAMES = 40;

/** First words of capabilities that have a line of their own. All others are grants: what lies beyond the app itself. */
const TOLD_APART: ReadonlySet<string> = new Set(['filter', 'host', 'import', 'path', ...Object.keys(BUDGETS)]);

/** The report as lines: the verdict first, what is wrong last. */
export function reportLines(report: CheckReport): Line[] {
  const { path, accepted, abi, module, manifest, refusals } = report;
  const verdict = accepted ? styled('green', `Kerb runs it (${abi ?? ''})`) : styled('red', 'refused');
  return [
    [`${path}: `, verdict],
    ...(module === null ? [] : moduleLines(module, manifest)),
    ...(manifest === null ? [] : manifestLines(manifest, report.capabilities)),
    ...refusals.flatMap(refusalLines),
  ];
}

function row(title: string, text: string): string {
  return `  ${title.padEnd(12)} ${text}`;
}

function moduleLines(module: ModuleReport, manifest: Manifest | null): string[] {
  const { digest, bytesIn, bytesOut, functions, memory, imports, exports } = module;
  const rewritten = bytesOut === null ? '' : ` -> ${bytesOut} bytes rewritten`;
  const names = exports.slice(0, MOST_NAMES).map(({ name }) => name);
  const more = exports.length > MOST_NAMES ? ` and ${exports.length - MOST_NAMES} more` : '';
  return [
    row('module', `${bytesIn} bytes${rewritten}, ${counted(functions, 'function')}, sha-256 ${digest.slice(0, 12)}`),
    row('memory', memoryText(memory, manifest)),
    row('exports', `${names.join(', ') || 'none'}${more}`),
    row('imports', imports.length === 0 ? 'none' : countsOf(imports)),
    ...importLines(imports),
  ];
}

function memoryText(memory: ModuleReport['memory'], manifest: Manifest | null): string {
  if (memory === null) return 'none';
  const budget = manifest === null ? Infinity : manifest.limits.memoryBytes / 65_536;
  const most = Math.min(memory.maximumPages ?? Infinity, budget);
  return `${kibibytes(memory.initialPages)} at first, at most ${kibibytes(most)}`;
}

/** What is not served comes first. */
function importLines(imports: readonly ImportReport[]): string[] {
  const urgency = { unsupported: 0, mismatched: 1, fails: 2, served: 3 } as const;
  const sorted = imports.toSorted((a, b) => urgency[a.state] - urgency[b.state]).slice(0, MOST_NAMES);
  const names = sorted.map(({ module, name }) => `${module}.${name}`);
  const width = Math.min(48, Math.max(0, ...names.map((name) => name.length)));
  return sorted.map((entry, index) => `    ${(names[index] ?? '').padEnd(width)}  ${stateText(entry)}`);
}

function stateText({ state, kind, signature, note }: ImportReport): string {
  if (state === 'unsupported') return kind === 'function' ? 'unsupported' : `unsupported: a ${kind}`;
  if (state === 'fails') return `links, and always fails with ${note ?? ''}`;
  if (state === 'served') return 'served';
  return `declared as ${shown(signature)}, served as ${shown(note)}`;
}

function shown(signature: string | null): string {
  return signature === null ? '' : explainSignature(signature as `${string}->${string}`);
}

function countsOf(imports: readonly ImportReport[]): string {
  const counts = Map.groupBy(imports, ({ state }) => state);
  const words = { served: 'served', fails: 'that always fail', mismatched: 'mismatched', unsupported: 'unsupported' };
  const parts = Object.entries(words).map(([state, word]) => {
    const count = counts.get(state as ImportReport['state'])?.length ?? 0;
    return count === 0 ? '' : `${count} ${word}`;
  });
  return parts.filter((part) => part !== '').join(', ');
}

function manifestLines({ hosts, path, isolation, filters }: Manifest, capabilities: readonly string[]): Line[] {
  const limits = capabilities.filter((line) => Object.hasOwn(BUDGETS, firstWord(line)));
  const grants = capabilities.filter((line) => !TOLD_APART.has(firstWord(line)));
  return [
    row('serves', hosts.map((host) => `${host}${path}`).join(' ')),
    ...filters.map(({ name, main, failureMode }) => row('filter', `${name}: ${printable(main)}, fails ${failureMode}`)),
    row('instances', isolation === 'request' ? 'a fresh one for each request' : 'warm ones, reused'),
    row('limits', limits.join(', ')),
    row('grants', grants.join(', ') || 'none'),
  ];
}

function firstWord(line: string): string {
  return line.split(' ', 1)[0] ?? '';
}

function refusalLines({ message, details }: Refusal): Line[] {
  return [[styled('red', '  refused: '), message], ...details.map((detail) => `    - ${detail}`)];
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function kibibytes(pages: number): string {
  return pages % 16 === 0 && pages > 0 ? `${pages / 16} MiB` : `${pages * 64} KiB`;
}
