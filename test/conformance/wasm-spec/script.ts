/** The commands of a test script: what the suite asks a runner to do, in order. */

import { readExpressions, headOf, ScriptError, utf8 } from './sexpr.ts';
import type { List, Node } from './sexpr.ts';

/** A module as the script gives it: `text` is assembled, `binary` is bytes, `quote` is text that a text parser is tested with. */
export interface ModuleSource {
  readonly form: 'text' | 'binary' | 'quote';
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A call of an export or a look at an exported global, of the named or the latest module. */
export interface Action {
  readonly kind: 'invoke' | 'get';
  readonly module: string | null;
  readonly name: string;
  readonly args: readonly List[];
}

/** What a command does. */
export type Deed =
  | { readonly kind: 'module'; readonly id: string | null; readonly source: ModuleSource }
  | { readonly kind: 'definition'; readonly id: string | null; readonly source: ModuleSource }
  | { readonly kind: 'instance'; readonly id: string | null; readonly of: string | null }
  | { readonly kind: 'register'; readonly name: string; readonly module: string | null }
  | { readonly kind: 'action'; readonly action: Action }
  | { readonly kind: 'returns'; readonly action: Action; readonly expected: readonly List[] }
  | { readonly kind: 'fails'; readonly how: FailureKind; readonly action: Action }
  | { readonly kind: 'refused'; readonly why: 'malformed' | 'invalid'; readonly source: ModuleSource }
  | { readonly kind: 'unlinkable' | 'uninstantiable'; readonly source: ModuleSource }
  /** A command about something that Kerb drops unread (custom sections) or that this runner does not know. */
  | { readonly kind: 'inapplicable' | 'unknown'; readonly what: string };

/** How an action is asserted to fail. */
export type FailureKind = 'trap' | 'exhaustion' | 'exception';

/** One command, its first line and its text, shortened for messages. */
export type Command = Deed & { readonly line: number; readonly text: string };

/** Characters that are kept of the start and of the end of a command: the end is the message of an assertion. */
const SHOWN = 100;
const MODULE_FIELDS = /^(?:type|rec|import|func|table|memory|global|export|start|elem|data|tag)$/;
/** Results that older suites write as the name of the assertion. */
const NAN_ASSERTIONS: Readonly<Record<string, string>> = {
  assert_return_canonical_nan: 'nan:canonical',
  assert_return_arithmetic_nan: 'nan:arithmetic',
  assert_return_nan: 'nan:arithmetic',
};

/** Reads a script. A file of bare module fields is one module. Throws {@link ScriptError} where it is no script. */
export function readScript(file: Uint8Array): readonly Command[] {
  const source = Buffer.from(file.buffer, file.byteOffset, file.length).toString('latin1');
  const nodes = readExpressions(source);
  const [first] = nodes;
  if (first !== undefined && MODULE_FIELDS.test(headOf(first))) {
    const bytes = Uint8Array.from(Buffer.from(`(module ${source}\n)`, 'latin1'));
    return [{ kind: 'module', id: null, source: { form: 'text', bytes }, line: 1, text: '(module …)' }];
  }
  return nodes.map((node) => commandOf(node, source));
}

function commandOf(node: Node, source: string): Command {
  if (node.kind !== 'list') throw new ScriptError(node.line, 'a command is a list');
  const whole = source.slice(node.start, node.end).replace(/\s+/g, ' ');
  const text = whole.length > 2 * SHOWN ? `${whole.slice(0, SHOWN)} … ${whole.slice(-SHOWN)}` : whole;
  return { ...deedOf(node, source), line: node.line, text };
}

function deedOf(node: List, source: string): Deed {
  const head = headOf(node);
  const [, first, second] = node.items;
  const nan = NAN_ASSERTIONS[head];
  if (nan !== undefined) return { kind: 'returns', action: actionOf(first, node), expected: [nanResult(node, nan)] };
  switch (head) {
    case 'module':
      return moduleDeed(node, source);
    case 'register':
      return { kind: 'register', name: textOf(first, node), module: idOf(second) };
    case 'invoke':
    case 'get':
      return { kind: 'action', action: actionOf(node, node) };
    case 'assert_return':
      return { kind: 'returns', action: actionOf(first, node), expected: node.items.slice(2).filter(isList) };
    case 'assert_trap':
      if (headOf(first) === 'module') return { kind: 'uninstantiable', source: sourceOf(first, source) };
      return { kind: 'fails', how: 'trap', action: actionOf(first, node) };
    case 'assert_exhaustion':
      return { kind: 'fails', how: 'exhaustion', action: actionOf(first, node) };
    case 'assert_exception':
      return { kind: 'fails', how: 'exception', action: actionOf(first, node) };
    case 'assert_malformed':
      return { kind: 'refused', why: 'malformed', source: sourceOf(first, source) };
    case 'assert_invalid':
      return { kind: 'refused', why: 'invalid', source: sourceOf(first, source) };
    case 'assert_unlinkable':
      return { kind: 'unlinkable', source: sourceOf(first, source) };
    case 'assert_uninstantiable':
      return { kind: 'uninstantiable', source: sourceOf(first, source) };
    case 'assert_malformed_custom':
    case 'assert_invalid_custom':
      return { kind: 'inapplicable', what: head };
    default:
      return { kind: 'unknown', what: head };
  }
}

function moduleDeed(node: List, source: string): Deed {
  const word = wordAt(node, 1);
  if (word === 'instance') return { kind: 'instance', id: idOf(node.items[2]), of: idOf(node.items[3]) };
  const definition = word === 'definition';
  const id = idOf(node.items[definition ? 2 : 1]);
  return { kind: definition ? 'definition' : 'module', id, source: sourceOf(node, source) };
}

function sourceOf(node: Node | undefined, source: string): ModuleSource {
  if (node?.kind !== 'list' || headOf(node) !== 'module') throw new ScriptError(node?.line ?? 0, 'a module is missing');
  const [keyword, ...rest] = node.items;
  if (wordAt(node, 1) === 'definition') rest.shift();
  if (idOf(rest[0]) !== null) rest.shift();
  const form = rest[0]?.kind === 'atom' ? rest[0].text : '';
  if (form === 'binary' || form === 'quote') return { form, bytes: joined(rest.slice(1), form === 'quote' ? ' ' : '') };
  const fields = source.slice(rest[0]?.start ?? node.end - 1, node.end);
  if (keyword === undefined) throw new ScriptError(node.line, 'a module is missing');
  return { form: 'text', bytes: Uint8Array.from(Buffer.from(`(module ${fields}`, 'latin1')) };
}

function joined(nodes: readonly Node[], separator: string): Uint8Array<ArrayBuffer> {
  const parts = nodes.flatMap((node) =>
    node.kind === 'string' ? [Buffer.from(node.bytes), Buffer.from(separator)] : [],
  );
  return Uint8Array.from(Buffer.concat(parts));
}

function actionOf(node: Node | undefined, command: List): Action {
  const kind = headOf(node);
  if (node?.kind !== 'list' || (kind !== 'invoke' && kind !== 'get'))
    throw new ScriptError(command.line, `${headOf(command)} of something that is no invoke and no get`);
  const module = idOf(node.items[1]);
  const at = module === null ? 1 : 2;
  return { kind, module, name: textOf(node.items[at], node), args: node.items.slice(at + 1).filter(isList) };
}

/** The result of an old NaN assertion: of f32 or f64, which only the call's own type says. */
function nanResult(node: List, nan: string): List {
  const { start, end, line } = node;
  const atom = (text: string): Node => ({ kind: 'atom', text, start, end, line });
  return { kind: 'list', items: [atom('float'), atom(nan)], start, end, line };
}

function wordAt(node: List, index: number): string {
  const item = node.items[index];
  return item?.kind === 'atom' ? item.text : '';
}

function idOf(node: Node | undefined): string | null {
  return node?.kind === 'atom' && node.text.startsWith('$') ? node.text : null;
}

function textOf(node: Node | undefined, command: List): string {
  if (node?.kind !== 'string') throw new ScriptError(command.line, `${headOf(command)} without a name`);
  return utf8(node.bytes);
}

function isList(node: Node): node is List {
  return node.kind === 'list';
}
