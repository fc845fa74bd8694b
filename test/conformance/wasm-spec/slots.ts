/** The modules of a script that can be named: the current one, those with an identifier, those that are registered. */

import type { ImportTable, Signature } from '../../../src/wasm/signature.ts';
import type { Candidate } from './admission.ts';
import { SPECTEST_FUNCTIONS } from './spectest.ts';

/** One module that Kerb took. */
export interface Slot {
  readonly number: number;
  readonly candidate: Candidate;
  /** True once a module that was refused would have touched it, or one that it is linked with: what is asserted then may not hold. */
  readonly disturbed: boolean;
}

interface Entry extends Slot {
  /** Entries of one group call each other. */
  group: number;
  disturbed: boolean;
}

/** Keeps the names. A module that Kerb refused takes its name along: nothing is found under it. */
export class Slots {
  readonly #entries: Entry[] = [];
  #current: Entry | undefined;
  readonly #named = new Map<string, Entry | undefined>();
  readonly #registered = new Map<string, Entry | undefined>();

  /** A new current module. */
  add(id: string | null, candidate: Candidate): Slot {
    const entry = this.#enter(candidate);
    this.#current = entry;
    if (id !== null) this.#named.set(id, entry);
    return entry;
  }

  /** A module that nothing will name. */
  attempt(candidate: Candidate): Slot {
    return this.#enter(candidate);
  }

  /** A module that was refused is the current one: there is none. */
  lose(id: string | null, source: Uint8Array): void {
    this.#current = undefined;
    if (id !== null) this.#named.set(id, undefined);
    this.disturb(source);
  }

  /** Whatever is registered under a name that this source of a refused module says may have been changed by it. */
  disturb(source: Uint8Array): void {
    for (const entry of this.#namedIn(source)) if (entry !== undefined) this.#disturbGroup(entry.group);
  }

  /** Whether the source says the name of a module that was refused. */
  namesLost(source: Uint8Array): boolean {
    return this.#namedIn(source).includes(undefined);
  }

  /** The named module, or the current one. */
  find(id: string | null): Slot | undefined {
    return id === null ? this.#current : this.#named.get(id);
  }

  /** Gives the named or current module a name to be imported by. */
  register(name: string, id: string | null): void {
    this.#registered.set(name, id === null ? this.#current : this.#named.get(id));
  }

  /** The slot behind every registered name. */
  links(): ReadonlyMap<string, number> {
    return new Map([...this.#live()].map(([name, entry]) => [name, entry.number]));
  }

  /** The functions that a module may import now. */
  offered(): ImportTable {
    const own = [...this.#live()].map(([name, { candidate }]): [string, ReadonlyMap<string, Signature>] => [
      name,
      candidate.functions,
    ]);
    return new Map([...SPECTEST_FUNCTIONS, ...own]);
  }

  *#live(): Generator<[string, Entry]> {
    for (const [name, entry] of this.#registered) if (entry !== undefined) yield [name, entry];
  }

  #enter(candidate: Candidate): Entry {
    const number = this.#entries.length;
    const entry: Entry = { number, candidate, group: number, disturbed: false };
    this.#entries.push(entry);
    for (const { module } of candidate.rewritten.report.imports) {
      const from = this.#registered.get(module);
      if (from !== undefined) this.#merge(from.group, entry.group);
    }
    return entry;
  }

  #merge(from: number, into: number): void {
    const members = this.#entries.filter(({ group }) => group === from || group === into);
    const disturbed = members.some((entry) => entry.disturbed);
    for (const entry of members) Object.assign(entry, { group: into, disturbed });
  }

  #disturbGroup(group: number): void {
    for (const entry of this.#entries) if (entry.group === group) entry.disturbed = true;
  }

  #namedIn(source: Uint8Array): (Entry | undefined)[] {
    const text = Buffer.from(source);
    return [...this.#registered].flatMap(([name, entry]) => (text.includes(name) ? [entry] : []));
  }
}
