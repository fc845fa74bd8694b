/**
 * Reads the structure of the sources and names every break of the rules of the design: who may import whom, how large a
 * file may be, how files are called, that every folder explains itself. Pure: file texts in, faults out.
 */
import { posix } from 'node:path';
import { parseAst } from 'vitest/node';

/** Paths relative to the checkout, with `/`, each with its text. */
export type SourceTree = ReadonlyMap<string, string>;

/** A file may import what has a lower rank, and files of its own folder. `''` are the files directly under src. */
export const RANKS: Readonly<Record<string, number>> = Object.freeze({
  setup: 0,
  '': 0,
  process: 1,
  telemetry: 1,
  wasm: 2,
  http: 2,
  store: 2,
  instrument: 3,
  capability: 3,
  auth: 3,
  cache: 4,
  upstream: 4,
  geo: 4,
  abi: 4,
  runtime: 5,
  server: 6,
  control: 6,
  api: 7,
  'serve.ts': 8,
  lab: 9,
  cli: 10,
  'main.ts': 11,
});

/** The only file that may import the transport. */
export const TRANSPORT = { file: 'src/server/transport.ts', package: 'uWebSockets.js' } as const;

export const MAX_FILE_LINES = 400;
export const MAX_README_LINES = 40;

/** Names that say nothing about what a file owns. */
const EMPTY_NAMES = /(^|[-.])(utils?|helpers?|managers?)([-.]|$)/i;
const SOURCE = /^src\/.+\.(ts|js)$/;

/** Every fault, as `path: what is wrong`; `longFiles` names the files that may be long, each with its reason. */
export function faultsOf(tree: SourceTree, longFiles: Readonly<Record<string, string>>): string[] {
  const sources = [...tree.keys()].filter((path) => SOURCE.test(path));
  return [
    ...sources.flatMap((path) => importFaults(path, tree)),
    ...cycleFaults(sources, tree),
    ...sources.flatMap((path) => nameFaults(path)),
    ...lengthFaults(sources, tree, longFiles),
    ...readmeFaults(sources, tree),
  ];
}

/** What a file refers to: imports and re-exports of values and types, dynamic imports, and files named by `new URL`. */
export function specifiersOf(path: string, text: string): string[] {
  return collect(path, text, (node) => importOf(node) ?? moduleUrlOf(node));
}

function collect(path: string, text: string, pick: (node: Node) => string | undefined): string[] {
  const found: string[] = [];
  // oxlint-disable-next-line typescript/no-deprecated -- the parser that replaces it is not among the exports of vitest.
  visit(parseAst(text, { lang: path.endsWith('.ts') ? 'ts' : 'js' }), (node) => {
    const specifier = pick(node);
    if (specifier !== undefined) found.push(specifier);
  });
  return found;
}

type Node = Readonly<Record<string, unknown>>;

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null;
}

/** Calls `see` for every object of a syntax tree. */
function visit(value: unknown, see: (node: Node) => void): void {
  if (!isNode(value)) return;
  see(value);
  for (const child of Object.values(value)) visit(child, see);
}

function importOf(node: Node): string | undefined {
  switch (node['type']) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
    case 'TSImportType':
      return textOf(node['source']);
    case 'ImportExpression':
      return textOf(node['source']) ?? '(a dynamic import of something computed)';
    case 'TSExternalModuleReference':
      return textOf(node['expression']);
    default:
      return undefined;
  }
}

/** The text of a string literal, or of a template without parts. */
function textOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node['type'] === 'Literal' && typeof node['value'] === 'string') return node['value'];
  const { quasis } = node;
  if (node['type'] !== 'TemplateLiteral' || !Array.isArray(quasis) || quasis.length !== 1) return undefined;
  const [only] = quasis as readonly { readonly value: { readonly cooked: string } }[];
  return only?.value.cooked;
}

/** `./x.ts` of `new URL('./x.ts', import.meta.url)`. */
function moduleUrlOf({ type, callee, arguments: given }: Node): string | undefined {
  if (type !== 'NewExpression' || !isNode(callee) || callee['name'] !== 'URL' || !Array.isArray(given))
    return undefined;
  const [target, base] = given as readonly unknown[];
  const isHere =
    isNode(base) &&
    base['type'] === 'MemberExpression' &&
    isNode(base['object']) &&
    base['object']['type'] === 'MetaProperty';
  const text = isHere ? textOf(target) : undefined;
  return text !== undefined && SOURCE.test(`src/${text}`) ? `./${posix.normalize(text)}` : undefined;
}

/** The folder that gives a file its rank: its first below src. A file directly in src has its own or that of `''`. */
function unitOf(path: string): string {
  const [, first = '', ...below] = path.split('/');
  if (below.length > 0) return first;
  return Object.hasOwn(RANKS, first) ? first : '';
}

/** The file that a relative specifier names. */
function targetOf(path: string, specifier: string): string {
  return posix.normalize(posix.join(posix.dirname(path), specifier));
}

function isRelative(specifier: string): boolean {
  return /^\.{1,2}\//.test(specifier);
}

function importFaults(path: string, tree: SourceTree): string[] {
  if (RANKS[unitOf(path)] === undefined) return [`${path}: the folder ${unitOf(path)} has no rank`];
  return specifiersOf(path, tree.get(path) ?? '').flatMap((specifier) => {
    const fault = isRelative(specifier)
      ? relativeFault(path, targetOf(path, specifier), tree)
      : packageFault(path, specifier);
    return fault === undefined ? [] : [`${path}: ${fault}`];
  });
}

function packageFault(path: string, specifier: string): string | undefined {
  if (specifier.startsWith('(')) return `has ${specifier.slice(1, -1)}: its rank cannot be checked`;
  const ofTransport =
    specifier === TRANSPORT.package || specifier.startsWith(`${TRANSPORT.package}/`) || specifier.startsWith('@uwsjs/');
  return ofTransport && path !== TRANSPORT.file ? `only ${TRANSPORT.file} imports ${TRANSPORT.package}` : undefined;
}

function relativeFault(path: string, target: string, tree: SourceTree): string | undefined {
  if (!tree.has(target)) return `imports ${target}, which does not exist in src`;
  const [from, to] = [unitOf(path), unitOf(target)];
  if (from === to) return undefined;
  if (from === 'setup') return `setup imports nothing of the rest, and this imports ${target}`;
  // A folder without a rank has a fault of its own.
  const [own, others] = [RANKS[from] ?? 0, RANKS[to] ?? 0];
  return others < own ? undefined : `imports ${target}, which is not below it (rank ${own} imports rank ${others})`;
}

/**
 * Cycles between files. Types count too: two files that need each other's types are one room with a wall in it. The file of
 * a thread does not: it is the start of a program of its own.
 */
function cycleFaults(sources: readonly string[], tree: SourceTree): string[] {
  const done = new Set<string>();
  const faults: string[] = [];
  const follow = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) faults.push(`${path}: imports itself by way of ${[...trail.slice(start + 1), path].join(' -> ')}`);
    if (start >= 0 || done.has(path)) return;
    for (const next of importsOf(path, tree)) follow(next, [...trail, path]);
    done.add(path);
  };
  for (const path of sources) follow(path, []);
  return faults;
}

function importsOf(path: string, tree: SourceTree): string[] {
  const targets = collect(path, tree.get(path) ?? '', importOf).filter(isRelative);
  return [...new Set(targets.map((specifier) => targetOf(path, specifier)))].filter((target) => tree.has(target));
}

function nameFaults(path: string): string[] {
  const parts = path.split('/').filter((part) => EMPTY_NAMES.test(part));
  return parts.map((part) => `${path}: the name ${part} does not say what is in it`);
}

function linesOf(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}

/** Long files without a reason, and reasons without a long file. */
function lengthFaults(
  sources: readonly string[],
  tree: SourceTree,
  longFiles: Readonly<Record<string, string>>,
): string[] {
  const long = sources.filter((path) => linesOf(tree.get(path) ?? '') > MAX_FILE_LINES);
  return [
    ...long
      .filter((path) => !Object.hasOwn(longFiles, path))
      .map((path) => `${path}: has more than ${MAX_FILE_LINES} lines`),
    ...Object.keys(longFiles)
      .filter((path) => !long.includes(path))
      .map((path) => `${path}: is listed as long and is not`),
  ];
}

/** Every folder with sources, except src itself, explains itself in a short README. */
function readmeFaults(sources: readonly string[], tree: SourceTree): string[] {
  const folders = new Set(sources.map((path) => posix.dirname(path)).filter((folder) => folder !== 'src'));
  return [...folders].flatMap((folder) => {
    const readme = tree.get(`${folder}/README.md`);
    if (readme === undefined || readme.trim() === '') return [`${folder}: has no README.md`];
    return linesOf(readme) > MAX_README_LINES ? [`${folder}/README.md: has more than ${MAX_README_LINES} lines`] : [];
  });
}
