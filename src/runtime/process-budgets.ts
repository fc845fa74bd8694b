/**
 * Budgets of the whole process, which all threads share: a ceiling on each thing whose end would end the process. What would pass
 * one is refused as `capacity` before the wall is reached.
 */

import { CapacityError } from './refusal.ts';

/** What is bounded, in the order of the shared words. */
export const PROCESS_BUDGETS = [
  'requests',
  'memories',
  'memory_pages',
  'sockets',
  'resident_mib',
  'mappings',
  'code_mib',
  'websockets',
] as const;

/** A member of {@link PROCESS_BUDGETS}. */
export type ProcessBudget = (typeof PROCESS_BUDGETS)[number];

/** Counted by those who take a piece; the others are measured, now and then, by a {@link ./process-gauge.ts ProcessGauge}. */
export type CountedBudget = 'requests' | 'memories' | 'memory_pages' | 'sockets' | 'websockets';

/** A ceiling for each. */
export type Ceilings = Readonly<Record<ProcessBudget, number>>;

/** The memory behind the budgets; crosses threads by structured clone. */
export interface ProcessBudgetShare {
  /** Per budget: what is used, its ceiling, and how often something was refused for it. */
  readonly words: Int32Array<SharedArrayBuffer>;
}

/** Figures of one budget. */
export interface BudgetFigures {
  readonly used: number;
  readonly ceiling: number;
  /** Requests and deployments refused for it since the start. */
  readonly refused: number;
}

const WORDS = 3;
const CEILING = 1;
const REFUSED = 2;
const PLACES = Object.fromEntries(PROCESS_BUDGETS.map((budget, place) => [budget, place * WORDS])) as Record<
  ProcessBudget,
  number
>;

/** The budgets as any thread sees them. */
export class ProcessBudgets {
  readonly share: ProcessBudgetShare;
  readonly #words: Int32Array<SharedArrayBuffer>;

  constructor(share: ProcessBudgetShare) {
    this.share = share;
    this.#words = share.words;
  }

  /** New budgets of which nothing is used. */
  static create(ceilings: Ceilings): ProcessBudgets {
    const words = new Int32Array(new SharedArrayBuffer(4 * WORDS * PROCESS_BUDGETS.length));
    for (const budget of PROCESS_BUDGETS) words[PLACES[budget] + CEILING] = ceilings[budget];
    return new ProcessBudgets({ words });
  }

  /** Takes one of a counted budget; whoever has it {@link give gives} it back. Throws {@link CapacityError} at the ceiling. */
  take(budget: CountedBudget): void {
    if (this.add(budget, 1) >= 1) return;
    this.give(budget, 1);
    throw this.refusal(budget);
  }

  /** Takes `amount` of a counted budget whether there is room or not; answers how much was free before. */
  add(budget: CountedBudget, amount: number): number {
    const place = PLACES[budget];
    return Atomics.load(this.#words, place + CEILING) - Atomics.add(this.#words, place, amount);
  }

  /** Gives `amount` back. */
  give(budget: CountedBudget, amount: number): void {
    Atomics.sub(this.#words, PLACES[budget], amount);
  }

  /** Throws {@link CapacityError} while a budget is used up. */
  admit(budget: ProcessBudget): void {
    if (this.over(budget) >= 0) throw this.refusal(budget);
  }

  /** Notes what a measured budget is used to. */
  set(budget: ProcessBudget, used: number): void {
    Atomics.store(this.#words, PLACES[budget], used);
  }

  /** How far a budget is over its ceiling; from 0 on it is used up. */
  over(budget: ProcessBudget): number {
    const place = PLACES[budget];
    return Atomics.load(this.#words, place) - Atomics.load(this.#words, place + CEILING);
  }

  /** The figures of a budget now. */
  read(budget: ProcessBudget): BudgetFigures {
    const at = (word: number): number => Atomics.load(this.#words, PLACES[budget] + word);
    return { used: at(0), ceiling: at(CEILING), refused: at(REFUSED) };
  }

  /** Counts a refusal for `budget`; answers it, for the caller to throw. */
  refusal(budget: ProcessBudget): CapacityError {
    const { used, ceiling } = this.read(budget);
    Atomics.add(this.#words, PLACES[budget] + REFUSED, 1);
    return new CapacityError(`${budget}: ${used} of at most ${ceiling}`);
  }
}
