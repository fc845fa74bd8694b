/**
 * Who runs on a data thread, and for how long.
 *
 * A guest runs in slices. A slice begins when the guest is entered or resumed and ends when it returns, waits in a
 * hostcall, or has run for {@link SLICE_MS} and is put back in the queue. Within a turn of the event loop guests go on one
 * after the other until they have used the time of a slice together; then the sockets are served. Whose turn it is, a
 * {@link RunQueue} says.
 */
import { Interrupt } from '../instrument/sandbox-imports.ts';
import { LIGHT_MS } from './limits.ts';
import { RunQueue } from './run-queue.ts';
import { Task, type Sleep, type TaskBudget } from './task.ts';
import { TRAP_ERROR } from './trap.ts';
import { TICK_MS, type WatchdogLink } from './watchdog.ts';

/** How long a guest runs before the event loop gets a turn, unless it is said otherwise. */
export const SLICE_MS = 1;

/** How often sleeping requests are checked against their deadlines. */
export const DEADLINE_CHECK_MS = 5;

/** Microtasks from the rejection of a sleep until its guest has ended and its stack is noted: V8's two, one of ours, one spare. */
const UNWINDING_HOPS = 4;

/** Time of a slice before its first check that counts as used, at most: the watchdog's tick, and as much to be on the safe side. */
const MOST_UNMARKED_MS = 2 * TICK_MS;

/** The clocks of a scheduler, injectable for tests. */
export interface SchedulerClock {
  /** Monotonic milliseconds. */
  nowMs(): number;
  /** CPU milliseconds that this thread has used. */
  threadCpuMs(): number;
}

/**
 * The clocks of this thread. The kernel brings a thread's CPU time up to date at its own ticks, up to 4 ms apart; asking for the
 * process's time first makes it count the running thread now. The pair costs 1.2 us, and is read once a tick at most.
 */
export const THREAD_CLOCK: SchedulerClock = {
  nowMs: () => performance.now(),
  threadCpuMs: () => {
    process.cpuUsage();
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  },
};

/** How a scheduler is set up. */
export interface SchedulerOptions {
  readonly clock?: SchedulerClock | undefined;
  readonly sliceMs?: number;
  /** Told at the end of each slice how much CPU time a tenant, given by its slot, has used in it. */
  readonly onCpu?: (tenant: number, ms: number) => void;
}

/** A request that can go on. */
interface Ready {
  /** Whether its guest is resumed; otherwise it is about to be entered, and its slice begins then. */
  readonly kind: 'resume' | 'arrival';
  readonly task: Task;
  /** The sleep that ends; no longer the task's when it was cancelled meanwhile. */
  readonly sleep: Sleep;
  readonly wake: () => void;
}

/** The scheduler of one data thread. */
export class Scheduler {
  readonly #watchdog: WatchdogLink;
  readonly #clock: SchedulerClock;
  readonly #sliceMs: number;
  readonly #queue: RunQueue<Ready>;
  readonly #onCpu: (tenant: number, ms: number) => void;
  /** Sleeps of condemned guests, the first of which ends now. */
  readonly #unwinding: Sleep[] = [];
  readonly #tasks = new Set<Task>();
  #turnPlanned = false;
  /** Whether the next request goes on in this turn. */
  #chained = false;
  /** Whom the last turn was for. */
  #turnOf: 'requests' | 'sockets' = 'requests';
  /** CPU time of slices in this turn of the event loop: beyond a slice, who comes waits for another, so that sockets are served. */
  #usedMs = 0;
  #current: Task | null = null;
  #sliceStartMs = 0;
  /** Thread CPU time at which the slice began, once an epoch check has looked; `NaN` before. */
  #sliceCpuMs = Number.NaN;
  #deadlineTimer: NodeJS.Timeout | null = null;

  constructor(
    watchdog: WatchdogLink,
    { clock = THREAD_CLOCK, sliceMs = SLICE_MS, onCpu = () => undefined }: SchedulerOptions = {},
  ) {
    this.#watchdog = watchdog;
    this.#clock = clock;
    this.#sliceMs = sliceMs;
    this.#queue = new RunQueue(LIGHT_MS);
    this.#onCpu = onCpu;
  }

  /** Requests that have begun and not ended. */
  get tasks(): ReadonlySet<Task> {
    return this.#tasks;
  }

  /** Opens the account of a request of a tenant, given by its slot. */
  open(budget: TaskBudget, tenant: number): Task {
    return this.#begun(new Task(budget, this.#clock.nowMs(), tenant));
  }

  /** Closes the account of a request that has ended early, and opens that of what is left to do for it; `null`: nothing may be done. */
  openRest(task: Task): Task | null {
    this.close(task);
    const rest = task.rest(this.#clock.nowMs());
    return rest === null ? null : this.#begun(rest);
  }

  #begun(task: Task): Task {
    this.#tasks.add(task);
    this.#deadlineTimer ??= setInterval(() => this.#checkDeadlines(), DEADLINE_CHECK_MS);
    return task;
  }

  /**
   * Asked before a request is begun. Answers a promise when others wait whose turn is before it: it settles when it is this
   * request's turn, and rejects when it has ended meanwhile. `undefined`: it goes first, as light ones do.
   */
  admit(task: Task): Promise<unknown> | undefined {
    if (this.#usedMs < LIGHT_MS && this.#queue.goesFirst(task, this.#clock.nowMs())) return undefined;
    return new Promise((resolve, reject) => {
      const sleep = this.#sleep(task, resolve, reject);
      this.#enqueue({ kind: 'arrival', task, sleep, wake: () => resolve(undefined) });
    });
  }

  /** Closes it. */
  close(task: Task): void {
    this.end(task);
    this.#tasks.delete(task);
  }

  /** Begins a slice of `task`: every instruction of its guest from here on is on its account. */
  begin(task: Task): void {
    if (this.#current !== null) this.end(this.#current);
    this.#current = task;
    this.#sliceStartMs = this.#clock.nowMs();
    this.#sliceCpuMs = Number.NaN;
    this.#watchdog.arm();
  }

  /** Begins a slice of `task` for work of the host's without checks; its CPU time is measured, which costs a microsecond. */
  beginWork(task: Task): void {
    this.begin(task);
    this.#sliceCpuMs = this.#clock.threadCpuMs();
  }

  /** Ends the slice of `task`, if it is in one. */
  end(task: Task): void {
    if (this.#current !== task) return;
    this.#watchdog.disarm();
    const now = this.#clock.nowMs();
    const used = this.#sliceUsedMs(now);
    this.#account(task, used, now);
    task.slices += 1;
    this.#used(used);
    this.#current = null;
  }

  /** Puts CPU time that was used for a request outside of its slices on its account; a request that has used what it may is condemned. */
  charge(task: Task, cpuMs: number): void {
    this.#account(task, cpuMs, this.#clock.nowMs());
    if (task.cpuMs >= task.cpuBudgetMs) task.condemn('cpu_limit');
  }

  #account(task: Task, cpuMs: number, now: number): void {
    this.#queue.charge(task, cpuMs, now);
    task.cpuMs += cpuMs;
    this.#onCpu(task.tenant, cpuMs);
  }

  /**
   * The `interrupt` import: what the guest of `task` does next. Kills by the CPU time of the thread, so that a thread which the
   * system did not run kills nobody. Clears the epoch word first: a hoisted loop would otherwise come back for ever.
   */
  interrupt(task: Task): number {
    this.#watchdog.clear();
    const now = this.#clock.nowMs();
    this.#markCpu(now);
    if (task.verdict === null && task.cpuMs + this.#sliceUsedMs(now) >= task.cpuBudgetMs) task.condemn('cpu_limit');
    if (now >= task.deadlineMs) task.condemn('wall_limit');
    if (task.verdict !== null) return Interrupt.kill;
    // Ticks are not exact: the one that is due at the slice's end may come a little early.
    return now - this.#sliceStartMs >= this.#sliceMs - TICK_MS / 2 ? Interrupt.yield : Interrupt.goOn;
  }

  /** The `yield` import: puts the guest of `task` back in the queue. */
  yield(task: Task): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const sleep = this.#sleep(task, resolve, reject);
      this.#enqueue({ kind: 'resume', task, sleep, wake: () => resolve(undefined) });
    });
  }

  /** Suspends the guest of `task` in a hostcall until `work` settles; a rejection becomes its fault, and a trap. */
  wait<T>(task: Task, work: Promise<T>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const sleep = this.#sleep(task, resolve, reject);
      task.waitingSinceMs = this.#clock.nowMs();
      work.then(
        (value) => {
          task.clockMs = this.#clock.nowMs();
          this.#endWait(task);
          this.#enqueue({ kind: 'resume', task, sleep, wake: () => resolve(value) });
        },
        (error: unknown) => {
          task.fault ??= error;
          this.#endWait(task);
          this.#enqueue({ kind: 'resume', task, sleep, wake: () => reject(TRAP_ERROR) });
        },
      );
      if (task.verdict !== null) this.#unwind(task);
    });
  }

  /** Puts the wait that a request is in on its account: it is over, whichever way. */
  #endWait(task: Task): void {
    if (task.waitingSinceMs === null) return;
    task.waitMs += this.#clock.nowMs() - task.waitingSinceMs;
    task.waitingSinceMs = null;
  }

  /** Ends a request from outside its guest: a sleeping guest unwinds at once, a waiting host call is given up. */
  cancel(task: Task, outcome: Parameters<Task['condemn']>[0]): void {
    if (task.verdict !== null) return;
    task.condemn(outcome);
    this.#unwind(task);
  }

  /** Ends the sleep of a condemned request, if it sleeps: nobody else would, since it is condemned only once. */
  #unwind(task: Task): void {
    const { sleep } = task;
    task.sleep = null;
    this.#endWait(task);
    if (sleep === null) return;
    this.#unwinding.push(sleep);
    if (this.#unwinding.length === 1) void this.#unwindAll();
  }

  /** Unwinds one guest after the other, each to its end, so that its stack is out of use before the next one's is. */
  async #unwindAll(): Promise<void> {
    for (let sleep = this.#unwinding[0]; sleep !== undefined; sleep = this.#unwinding[0]) {
      sleep.reject(TRAP_ERROR);
      for (let hop = 0; hop < UNWINDING_HOPS; hop++) await Promise.resolve();
      this.#unwinding.shift();
    }
  }

  #sleep(task: Task, resolve: Sleep['resolve'], reject: Sleep['reject']): Sleep {
    this.end(task);
    task.sleep = { resolve, reject };
    return task.sleep;
  }

  #enqueue(ready: Ready): void {
    if (ready.task.sleep !== ready.sleep) return;
    this.#queue.push(ready, this.#clock.nowMs());
    this.#planTurn();
  }

  #used(ms: number): void {
    this.#usedMs += ms;
    if (this.#usedMs >= TICK_MS) this.#planTurn();
    if (this.#chained || this.#queue.size === 0 || this.#usedMs >= this.#sliceMs) return;
    this.#chained = true;
    // After all microtasks: a guest that has just ended has its response written before another one runs.
    process.nextTick(() => {
      this.#chained = false;
      if (this.#current === null) this.#goOn();
    });
  }

  /** Sees to it that the event loop comes by: for those who wait, and to learn that a turn is over. */
  #planTurn(): void {
    if (this.#turnPlanned || (this.#queue.size === 0 && this.#usedMs < TICK_MS)) return;
    this.#turnPlanned = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#turnPlanned = false;
    const usedMs = this.#usedMs;
    this.#usedMs = 0;
    // Guests have had their time since the last turn: first the sockets, which may hold lighter requests.
    if (usedMs >= TICK_MS && this.#turnOf !== 'sockets') this.#turnOf = 'sockets';
    else this.#goOn();
    this.#planTurn();
  }

  /**
   * Lets one request go on, of the tenant whose turn it is. It runs in the microtasks that follow; the end of its slice lets the next one
   * go on, until a slice's time was used in this turn.
   */
  #goOn(): void {
    this.#turnOf = 'requests';
    const now = this.#clock.nowMs();
    for (let ready = this.#queue.shift(now); ready !== undefined; ready = this.#queue.shift(now)) {
      if (ready.task.sleep !== ready.sleep) continue;
      ready.task.sleep = null;
      if (ready.kind === 'resume') this.begin(ready.task);
      ready.wake();
      break;
    }
  }

  #checkDeadlines(): void {
    const now = this.#clock.nowMs();
    for (const task of this.#tasks) if (now >= task.deadlineMs) this.cancel(task, 'wall_limit');
    if (this.#tasks.size > 0 || this.#deadlineTimer === null) return;
    clearInterval(this.#deadlineTimer);
    this.#deadlineTimer = null;
    this.#queue.prune(now);
  }

  /**
   * Notes the thread's CPU time at the slice's begin. Reading it costs a system call, so it is read at the first check only,
   * and the time until then, at most a tick unless the thread was not run, is taken from the wall clock.
   */
  #markCpu(now: number): void {
    if (!Number.isNaN(this.#sliceCpuMs)) return;
    this.#sliceCpuMs = this.#clock.threadCpuMs() - Math.min(now - this.#sliceStartMs, MOST_UNMARKED_MS);
  }

  #sliceUsedMs(now: number): number {
    // A guest that ran for longer would have come to a check: the thread was not run.
    if (Number.isNaN(this.#sliceCpuMs)) return Math.min(now - this.#sliceStartMs, MOST_UNMARKED_MS);
    return this.#clock.threadCpuMs() - this.#sliceCpuMs;
  }
}
