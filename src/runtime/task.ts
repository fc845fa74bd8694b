/** One request's budgets and its account: what it has used, what it waits for, and why it must end. */
import type { Outcome } from '../outcome.ts';

/** A guest that sleeps in a hostcall or between slices. */
export interface Sleep {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** What one request may use. */
export interface TaskBudget {
  readonly cpuMs: number;
  readonly wallMs: number;
  /** The weight of its tenant; by default 100. */
  readonly cpuWeight?: number;
}

const STANDARD_WEIGHT = 100;

/** The account of one request. Made per request, used by the {@link ./scheduler.ts Scheduler} and the sandbox. */
export class Task {
  /** Slot of the tenant whose request it is. */
  readonly tenant: number;
  readonly cpuBudgetMs: number;
  /** On the clock of `performance.now()`. */
  readonly deadlineMs: number;
  readonly startMs: number;
  /** How much of the thread its tenant gets, beside that of others. */
  readonly cpuWeight: number;
  /** Whether it runs before others that wait, in the express lane. */
  express = false;
  /** Slices that have ended. */
  slices = 0;
  /** Time that its guest waited in hostcalls. */
  waitMs = 0;
  /** When the wait began that it is in. */
  waitingSinceMs: number | null = null;
  /** CPU time used in finished slices. */
  cpuMs = 0;
  /** Why the request must end; set once, and from then on nothing of it runs. */
  verdict: Outcome | null = null;
  /** What a host function threw, or what a failed wait was rejected with; the trap that follows stands for it. */
  fault: unknown = null;
  /** Set when a growth of the memory was refused: what a failure afterwards is put down to. */
  growthRefused: Outcome | null = null;
  /** What its guest reads as the time, on the clock of `performance.now()`: moves when a request begins or has waited. */
  clockMs: number;
  /** Lines written to the tenant's log. */
  logLines = 0;
  sleep: Sleep | null = null;
  /** What the host keeps for it, in pages of 64 KiB. */
  heldPages = 0;
  /** Whether what the host kept for it has been given back: what is still unwinding changes nothing any more. */
  settled = false;
  /** Other accounts of the same request: of guests in front of this one, and {@link rest}. */
  readonly companions: Task[] = [];
  /** Whose linear memory it uses. */
  holder: { readonly memoryBytes: number } | null = null;
  #abort: AbortController | null = null;

  constructor(budget: TaskBudget, nowMs: number, tenant: number) {
    this.cpuWeight = budget.cpuWeight ?? STANDARD_WEIGHT;
    this.tenant = tenant;
    this.cpuBudgetMs = budget.cpuMs;
    this.startMs = nowMs;
    this.clockMs = nowMs;
    this.deadlineMs = nowMs + budget.wallMs;
  }

  /** Fires when the request must end. */
  get signal(): AbortSignal {
    if (this.#abort === null) {
      this.#abort = new AbortController();
      if (this.verdict !== null) this.#abort.abort();
    }
    return this.#abort.signal;
  }

  /**
   * Another account for what is left to do once the request has ended early: it goes on with what is left of the budgets, and what it holds
   * goes back with this one's. `null`: nothing is left, or the request had to make room.
   */
  rest(nowMs: number): Task | null {
    if (this.verdict === 'capacity' || this.verdict === 'draining') return null;
    if (this.cpuMs >= this.cpuBudgetMs || nowMs >= this.deadlineMs) return null;
    const { cpuBudgetMs: cpuMs, cpuWeight, startMs, deadlineMs } = this;
    const rest = new Task({ cpuMs, wallMs: deadlineMs - startMs, cpuWeight }, startMs, this.tenant);
    rest.express = this.express;
    rest.slices = this.slices;
    rest.waitMs = this.waitMs;
    rest.cpuMs = this.cpuMs;
    rest.clockMs = this.clockMs;
    rest.logLines = this.logLines;
    this.companions.push(rest);
    return rest;
  }

  /** Decides that the request ends with `outcome`, unless that is decided already. Host-side waits are given up. */
  condemn(outcome: Outcome): void {
    if (this.verdict !== null) return;
    this.verdict = outcome;
    this.#abort?.abort();
  }
}
