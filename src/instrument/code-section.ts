/** Rewrites every body and frames the code section, with the branch hints that go before it. */

import { KerbError } from '../errors.ts';
import type { Code } from '../wasm/events.ts';
import type { Module } from '../wasm/module.ts';
import { Writer } from '../wasm/writer.ts';
import { addedFunctions } from './added-functions.ts';
import type { HintedBody } from './check.ts';
import type { Layout } from './layout.ts';
import type { Plan } from './plan.ts';
import { BodyRewriter } from './rewrite.ts';

/** The rewritten code. */
export interface RewrittenCode {
  /** Content of the code section. */
  readonly section: Writer;
  /** Content of the custom section with the hints, its name first; empty without checks. */
  readonly hints: Writer;
  /** How many checks there are, helpers not counted. */
  readonly checks: number;
}

/** Custom section of the branch hinting proposal; V8 reads it. */
const HINTS_NAME = 'metadata.code.branch_hint';
const UNLIKELY = 0;

/** Writes the code section. Throws `refused_module` as soon as it passes `maxBytes`. */
export function rewriteCode(module: Module, code: Code, layout: Layout, plan: Plan, maxBytes: number): RewrittenCode {
  const section = new Writer(module.strippedBytes);
  const hinted = new Writer();
  const helpers = addedFunctions(module, layout);
  const rewriter = new BodyRewriter(module, code, layout, plan);
  const first = layout.imported + layout.shift;
  let checks = 0;
  let functions = 0;
  const add = ({ body, branches }: HintedBody, index: number): void => {
    section.sized(body);
    if (branches.length === 0) return;
    writeHints(hinted, index, branches);
    functions++;
  };
  section.u32(module.functions.length + helpers.length);
  for (let index = 0; index < module.functions.length; index++) {
    rewriter.rewrite(index);
    const { branches } = rewriter.checks;
    checks += branches.length;
    add({ body: rewriter.body, branches }, first + index);
    if (section.length + hinted.length > maxBytes) throw tooLarge(maxBytes);
  }
  for (const [place, helper] of helpers.entries()) add(helper, first + module.functions.length + place);
  return { section, hints: frameHints(hinted, functions), checks };
}

function writeHints(out: Writer, index: number, branches: readonly number[]): void {
  out.u32(index);
  out.u32(branches.length);
  for (const offset of branches) {
    out.u32(offset);
    out.bytes([1, UNLIKELY]);
  }
}

function frameHints(hinted: Writer, functions: number): Writer {
  const out = new Writer(hinted.length + 64);
  if (functions === 0) return out;
  out.name(HINTS_NAME);
  out.u32(functions);
  out.bytes(hinted.view());
  return out;
}

/** The refusal of a module that rewriting would enlarge beyond its cap. */
export function tooLarge(maxBytes: number): KerbError {
  return new KerbError('refused_module', 'the module is refused for 1 reason', [
    `interruption checks would make it larger than ${maxBytes} bytes: use fewer, larger loops and functions`,
  ]);
}
