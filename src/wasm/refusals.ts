/** Collects everything that Kerb refuses in a module, so that one answer names it all. */

import { KerbError } from '../errors.ts';
import { MODULE_LIMITS } from '../limits.ts';

const MAX_LINE = 199;
const MAX_NAME = 40;

/** A guest's name, safe to print: quoted, control characters and anything beyond ASCII escaped, at most 40 characters kept. */
export function quoteName(name: string): string {
  const kept = name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name;
  return JSON.stringify(kept).replace(
    /[^\x20-\x7e…]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** One list of faults. Lines are under 200 characters; beyond {@link MODULE_LIMITS.listedFaults} they are only counted. */
export class Refusals {
  readonly #lines: string[] = [];
  #unlisted = 0;

  /** True when nothing was refused so far. */
  get empty(): boolean {
    return this.#lines.length === 0;
  }

  /** Adds a fault: what is refused and where, and what to do about it. */
  add(fault: string, remedy: string): void {
    if (this.#lines.length >= MODULE_LIMITS.listedFaults) this.#unlisted++;
    else this.#lines.push(clip(fault, remedy));
  }

  /** Adds a fault for a value above its limit; `what` is plural ("types"), `place` says where. */
  over(what: string, value: number, limit: number, place: string, remedy: string): void {
    if (value > limit) this.add(`${what}: ${value} in ${place}, at most ${limit}`, remedy);
  }

  /** Adds a fault after which reading cannot go on, and throws everything found so far. */
  stop(fault: string, remedy: string): never {
    this.add(fault, remedy);
    throw this.error();
  }

  /** Throws `refused_module` with every fault as a detail, if there is any. */
  check(): void {
    if (!this.empty) throw this.error();
  }

  /** The error that lists every fault. */
  error(): KerbError {
    const total = this.#lines.length + this.#unlisted;
    const more = this.#unlisted > 0 ? [`and ${this.#unlisted} more of the same kinds`] : [];
    return new KerbError('refused_module', `the module is refused for ${total} ${total === 1 ? 'reason' : 'reasons'}`, [
      ...this.#lines,
      ...more,
    ]);
  }
}

function clip(fault: string, remedy: string): string {
  const room = Math.max(MAX_LINE - remedy.length - 2, 40);
  return `${fault.length > room ? `${fault.slice(0, room - 1)}…` : fault}: ${remedy}`.slice(0, MAX_LINE);
}
