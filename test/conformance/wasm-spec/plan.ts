/** From commands to steps: what is admitted, what links to what, and what each step must come to. */

import type { ImportTable, Signature } from '../../../src/wasm/signature.ts';
import { admit } from './admission.ts';
import type { Admission, Candidate, Rewriter } from './admission.ts';
import { AssemblyError, assemble } from './assemble.ts';
import { isCallable } from './adapters.ts';
import { floatBits } from './floats.ts';
import { observedGlobal, withObservers } from './observers.ts';
import type { Action, Command, FailureKind, ModuleSource } from './script.ts';
import { ScriptError } from './sexpr.ts';
import { Slots } from './slots.ts';
import type { Slot } from './slots.ts';
import { constantOf, floatLiterals, patternOf } from './values.ts';
import type { FloatBits, Pattern, Value } from './values.ts';

/** What a step must come to. */
export type Expectation =
  | { readonly kind: 'success' }
  | { readonly kind: 'results'; readonly patterns: readonly Pattern[] }
  | { readonly kind: FailureKind | 'unlinkable' };

/** Something that every world does. */
export type Step =
  | {
      readonly kind: 'instantiate';
      readonly slot: number;
      readonly candidate: Candidate;
      /** Which instance each registered name stands for. */
      readonly links: ReadonlyMap<string, number>;
    }
  | {
      readonly kind: 'call';
      readonly slot: number;
      readonly name: string;
      readonly signature: Signature;
      readonly args: readonly Value[];
    };

/** How a command ended that no world has to run. */
export interface Ended {
  readonly status: 'passed' | 'failed' | 'refused' | 'unassembled' | 'inapplicable';
  /** Why, one reason each. */
  readonly lines: readonly string[];
}

/** A command with what comes of it. */
export interface Planned {
  readonly command: Command;
  readonly outcome: Ended | { readonly status: 'run'; readonly step: Step; readonly expected: Expectation };
}

/** Plans a whole script. */
export function planScript(commands: readonly Command[], rewriter: Rewriter): readonly Planned[] {
  const planner = new Planner(rewriter, floatBits(commands.flatMap(floatsOf)));
  return commands.map((command) => ({ command, outcome: planner.plan(command) }));
}

function floatsOf(command: Command): (readonly [32 | 64, string])[] {
  if (!('action' in command)) return [];
  const results = command.kind === 'returns' ? command.expected : [];
  return [...command.action.args, ...results].flatMap((node) => [...floatLiterals(node)]);
}

/** What Kerb says to a module of the script, if the assembler took it. */
type Assembled = Admission | { readonly state: 'unassembled'; readonly ended: Ended };

const passed = (...lines: string[]): Ended => ({ status: 'passed', lines });

class Planner {
  readonly #rewriter: Rewriter;
  readonly #floats: FloatBits;
  readonly #slots = new Slots();
  readonly #definitions = new Map<string | null, ModuleSource>();

  constructor(rewriter: Rewriter, floats: FloatBits) {
    this.#rewriter = rewriter;
    this.#floats = floats;
  }

  /** A value that cannot be read is a failure of its command alone. */
  plan(command: Command): Planned['outcome'] {
    try {
      return this.#plan(command);
    } catch (error) {
      if (!(error instanceof ScriptError)) throw error;
      return { status: 'failed', lines: [error.message] };
    }
  }

  #plan(command: Command): Planned['outcome'] {
    switch (command.kind) {
      case 'module':
        return this.#instantiate(command.source, command.id, { kind: 'success' });
      case 'definition':
        this.#definitions.set(command.id, command.source).set(null, command.source);
        return this.#endOf(this.#admitValid(command.source), 'definition');
      case 'instance': {
        const source = this.#definitions.get(command.of);
        if (source === undefined) throw new ScriptError(command.line, `no module ${command.of ?? ''} is defined`);
        return this.#instantiate(source, command.id, { kind: 'success' });
      }
      case 'register':
        this.#slots.register(command.name, command.module);
        return passed();
      case 'action':
        return this.#call(command.action, () => ({ kind: 'success' }));
      case 'returns':
        return this.#call(command.action, () => ({
          kind: 'results',
          patterns: command.expected.map((node) => patternOf(node, this.#floats)),
        }));
      case 'fails':
        return this.#call(command.action, () => ({ kind: command.how }));
      case 'uninstantiable':
        return this.#attempt(command.source, { kind: 'trap' });
      case 'unlinkable':
        return this.#attempt(command.source, { kind: 'unlinkable' });
      case 'refused':
        return this.#refusal(command.source, command.why);
      case 'inapplicable':
        return { status: 'inapplicable', lines: [`${command.what}: Kerb drops custom sections unread`] };
      case 'unknown':
        return { status: 'failed', lines: [`unknown command ${command.what}`] };
    }
  }

  /** A module that becomes the current one, whether or not Kerb takes it. */
  #instantiate(source: ModuleSource, id: string | null, expected: Expectation): Planned['outcome'] {
    const admission = this.#admitValid(source);
    if (admission.state === 'admitted')
      return this.#step(this.#slots.add(id, admission.candidate), admission, expected);
    const orphan = this.#slots.namesLost(source.bytes);
    this.#slots.lose(id, source.bytes);
    return orphan && admission.state === 'refused'
      ? { status: 'refused', lines: ['links to a module that was refused'] }
      : this.#endOf(admission, 'module');
  }

  /** A module that is asserted not to come into being: nothing can name it. */
  #attempt(source: ModuleSource, expected: Expectation): Planned['outcome'] {
    const admission = this.#admitValid(source);
    if (admission.state === 'admitted')
      return this.#step(this.#slots.attempt(admission.candidate), admission, expected);
    if (admission.state === 'unassembled') return admission.ended;
    if (expected.kind === 'unlinkable' && admission.state !== 'broken') return passed(...admission.lines);
    this.#slots.disturb(source.bytes);
    return this.#endOf(admission, 'module');
  }

  #step(slot: Slot, { candidate }: { candidate: Candidate }, expected: Expectation): Planned['outcome'] {
    const step = { kind: 'instantiate', slot: slot.number, candidate, links: this.#slots.links() } as const;
    return { status: 'run', step, expected };
  }

  /** What is expected is read only of modules that run: others may give values that no guest of Kerb can. */
  #call(action: Action, expected: () => Expectation): Planned['outcome'] {
    const slot = this.#slots.find(action.module);
    if (slot === undefined) return { status: 'refused', lines: ['the module was refused'] };
    if (slot.disturbed) return { status: 'refused', lines: ['shares state with a module that was refused'] };
    const { functions, globals } = slot.candidate;
    const name = action.kind === 'invoke' ? action.name : observedGlobal(globals.get(action.name) ?? -1);
    const signature = functions.get(name);
    if (signature === undefined) return { status: 'refused', lines: [`${action.kind} of an export that is dropped`] };
    if (!isCallable(signature)) return { status: 'failed', lines: [`no way to call ${signature}`] };
    const args = action.args.map((node) => constantOf(node, this.#floats));
    return { status: 'run', step: { kind: 'call', slot: slot.number, name, signature, args }, expected: expected() };
  }

  #refusal(source: ModuleSource, why: 'malformed' | 'invalid'): Ended {
    if (source.form === 'quote' && why === 'malformed')
      return { status: 'inapplicable', lines: ['tests the text format only'] };
    const admission = this.#admit(source);
    if (admission.state === 'unassembled') return admission.ended;
    if (admission.state === 'admitted') return { status: 'failed', lines: [`the ${why} module was let through`] };
    return admission.state === 'broken' ? { status: 'failed', lines: admission.lines } : passed(...admission.lines);
  }

  /** Of text that the script says is valid: when V8 agrees with Kerb that the bytes are not, the assembler got them wrong. */
  #admitValid(source: ModuleSource): Assembled {
    const admission = this.#admit(source);
    if (source.form !== 'text' || (admission.state !== 'malformed' && admission.state !== 'invalid')) return admission;
    if (WebAssembly.validate(assemble(source.bytes))) return admission;
    return { state: 'unassembled', ended: { status: 'unassembled', lines: ['assembled to an invalid module'] } };
  }

  #admit(source: ModuleSource): Assembled {
    const offered: ImportTable = this.#slots.offered();
    try {
      if (source.form === 'binary') return admit(source.bytes, offered, this.#rewriter);
      const bytes =
        source.form === 'quote' ? assemble(source.bytes) : withObservers(source.bytes, offered, this.#rewriter);
      return admit(bytes, offered, this.#rewriter);
    } catch (error) {
      if (!(error instanceof AssemblyError)) throw error;
      return { state: 'unassembled', ended: { status: 'unassembled', lines: [error.message] } };
    }
  }

  #endOf(admission: Assembled, what: string): Ended {
    if (admission.state === 'unassembled') return admission.ended;
    if (admission.state === 'admitted') return passed(what);
    return { status: admission.state === 'broken' ? 'failed' : 'refused', lines: admission.lines };
  }
}
