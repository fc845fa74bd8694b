/** The descriptors of one guest by number. */
import type { Descriptor } from './descriptor.ts';
import { ERRNO, type Errno } from './errno.ts';
import { MAX_DESCRIPTORS } from './limits.ts';

/** The open descriptors. An fd comes as the guest's raw i32; one that is not open answers `badf`. */
export class DescriptorTable {
  readonly #standard: () => readonly Descriptor[];
  /** `null` until the first look: most requests of guests with an ABI of their own never look, and what is opened may need a request. */
  #table: Map<number, Descriptor> | null = null;
  /** Those of the table as they were at the start. */
  #first: readonly Descriptor[] = [];
  /** No number below is free. */
  #lowest = 0;
  #isChangeableUsed = false;

  /** `standard` makes the descriptors that are open from the start, numbered from 0. */
  constructor(standard: () => readonly Descriptor[]) {
    this.#standard = standard;
  }

  /** The descriptor `fd`, when it has `right` or is of a kind that never has it; `notcapable` when the right is gone. */
  find(fd: number, right: number): Descriptor | Errno {
    const descriptor = this.#open.get(fd);
    if (descriptor === undefined) return ERRNO.badf;
    if (right !== 0 && descriptor.isChangeable) this.#isChangeableUsed = true;
    const missing = descriptor.kindRights & ~descriptor.rights;
    return (missing & right) === 0 ? descriptor : ERRNO.notcapable;
  }

  /** The answer to an operation that no kind of descriptor has: `errno`, or `badf` when `fd` is not open. */
  refuse(fd: number, errno: Errno): Errno {
    return this.#open.has(fd) ? errno : ERRNO.badf;
  }

  /** Whether any operation that takes a right was asked of something in a folder that guests can change. */
  get isChangeableUsed(): boolean {
    return this.#isChangeableUsed;
  }

  /** Whether those that were open from the start are open, each by its number, and no others. */
  get isAsAtStart(): boolean {
    if (this.#table === null) return true;
    return this.#table.size === this.#first.length && this.#first.every((one, fd) => this.#table?.get(fd) === one);
  }

  /** Whether one more can be opened. */
  get hasRoom(): boolean {
    return this.#open.size < MAX_DESCRIPTORS;
  }

  /** Gives a descriptor the lowest number that is free. There must be room. */
  add(descriptor: Descriptor): number {
    while (this.#open.has(this.#lowest)) this.#lowest += 1;
    this.#open.set(this.#lowest, descriptor);
    return this.#lowest;
  }

  /** Closes `fd`. Errors: `badf`. */
  close(fd: number): Errno {
    const descriptor = this.#open.get(fd);
    if (descriptor === undefined) return ERRNO.badf;
    this.#open.delete(fd);
    this.#lowest = Math.min(this.#lowest, fd);
    descriptor.close();
    return ERRNO.success;
  }

  /** Closes `to` and gives its number to what is `fd`. Errors: `badf` unless both are open. */
  renumber(fd: number, to: number): Errno {
    const descriptor = this.#open.get(fd);
    const replaced = this.#open.get(to);
    if (descriptor === undefined || replaced === undefined) return ERRNO.badf;
    if (fd === to) return ERRNO.success;
    replaced.close();
    this.#open.set(to, descriptor);
    this.#open.delete(fd);
    this.#lowest = Math.min(this.#lowest, fd);
    return ERRNO.success;
  }

  /** Puts others in the place of the lowest numbers, where these are what they were at the start. What else is open stays. */
  replace(lowest: readonly Descriptor[]): void {
    if (this.#table === null) return;
    for (const [fd, descriptor] of lowest.entries())
      if (this.#table.get(fd) === this.#first[fd]) this.#table.set(fd, descriptor);
  }

  /** Back to the descriptors of the start, with all their rights. What was open is not closed: it goes as a whole. */
  reset(): void {
    this.#table = null;
    this.#first = [];
    this.#lowest = 0;
    this.#isChangeableUsed = false;
  }

  get #open(): Map<number, Descriptor> {
    if (this.#table !== null) return this.#table;
    this.#first = this.#standard();
    return (this.#table = new Map(this.#first.entries()));
  }
}
