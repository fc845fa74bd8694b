/** A chain of guests in front of an origin: the next handler of each is the guest behind it. */
import type { Exchange } from '../abi/abi.ts';
import { GuestFault } from '../abi/guest-fault.ts';
import type { Backend, BackendRequest, BackendResponse } from '../capability/backend.ts';
import type { ResponseHead } from '../http/message.ts';
import type { Outcome } from '../outcome.ts';
import { BodyPipe } from './body-pipe.ts';
import { addCost, NO_COST, type Cost } from './cost.ts';
import { chainOf, type Deployment } from './deployment.ts';
import type { Engine, Run } from './engine.ts';
import { answerOf, replyOf, responseOf } from './next-answer.ts';
import { Refusal } from './refusal.ts';
import { partsOf, Skippable, type Parts } from './skippable.ts';
import type { Task } from './task.ts';
import { failureOf, type Failure } from './verdict.ts';

/** Outcomes that are a guest's own doing: the others are the client's, the origin's or the process's. */
const OWN_FAULTS: ReadonlySet<Outcome> = new Set([
  'guest_trap',
  'stack_limit',
  'cpu_limit',
  'memory_limit',
  'wall_limit',
  'no_response',
]);

type Stream = Exchange['stream'];

/**
 * Carries an exchange through every guest of a deployment, as {@link Engine.run} does through one. Each guest has its own sandbox and
 * budgets; `task` is the account of the one behind all filters, and its end is everybody's. Never rejects.
 */
export function runChain(engine: Engine, deployment: Deployment, task: Task, exchange: Exchange): Promise<Run> {
  const guests = chainOf(deployment);
  if (guests.length === 1 && deployment.failureMode !== 'open') return engine.run(deployment, task, exchange);
  return new Chain(engine, guests, task, exchange).run();
}

/** One request's way through the guests of a chain. */
class Chain {
  readonly exchange: Exchange;
  readonly guests: readonly Deployment[];
  readonly engine: Engine;
  readonly task: Task;
  /** What ends the request, whatever guests in front would do about it. */
  failure: Failure | null = null;
  #cost: Cost | null = null;
  #isTaskUsed = false;

  constructor(engine: Engine, guests: readonly Deployment[], task: Task, exchange: Exchange) {
    this.engine = engine;
    this.guests = guests;
    this.task = task;
    this.exchange = exchange;
  }

  async run(): Promise<Run> {
    const { exchange } = this;
    const run = await new Link(this, 0).carry(exchange, exchange.signal, (head) => exchange.stream(head));
    // The guest behind all filters may never have been asked: its account is closed all the same.
    if (!this.#isTaskUsed) this.engine.drop(this.task);
    const cost = this.#cost ?? run.cost;
    if (run.outcome === 'ok') return { ...run, cost };
    return { outcome: 'failed', failure: this.failure ?? run.failure, cost };
  }

  /** The account of a guest. Throws a `Refusal` when there is no room for it. */
  open(guest: Deployment): Task {
    if (guest === this.guests.at(-1) && !this.#isTaskUsed) {
      this.#isTaskUsed = true;
      return this.task;
    }
    const task = this.engine.open(guest);
    this.task.companions.push(task);
    return task;
  }

  spend(cost: Cost): void {
    this.#cost = this.#cost === null ? cost : addCost(this.#cost, cost);
  }
}

/** One guest of a chain: the next handler of the guest in front. */
class Link implements Backend {
  readonly #chain: Chain;
  readonly #place: number;
  readonly #guest: Deployment;

  constructor(chain: Chain, place: number) {
    this.#chain = chain;
    this.#place = place;
    const guest = chain.guests[place];
    if (guest === undefined) throw new TypeError(`a chain of ${chain.guests.length} guests has no place ${place}`);
    this.#guest = guest;
  }

  /** See {@link Backend.fetch}. Rejects with {@link GuestFault} when the request is to end. */
  async fetch(request: BackendRequest): Promise<BackendResponse> {
    const answer = Promise.withResolvers<BackendResponse>();
    const pipe = new BodyPipe();
    const stream = (head: ResponseHead): BodyPipe => {
      answer.resolve(responseOf(head, pipe));
      return pipe;
    };
    void this.carry(this.#partsFor(request), request.signal, stream).then((run) => {
      if (run.outcome === 'failed') this.#tellFailure(run.failure, request, pipe, answer);
      else if (run.reply.kind === 'streamed') pipe.end();
      else answer.resolve(answerOf(run.reply, request.method));
    });
    return answer.promise;
  }

  /** Carries an exchange through the guest, or past it when that fails and may be skipped. Never rejects. */
  async carry(given: Parts, signal: AbortSignal, stream: Stream): Promise<Run> {
    const next = this.#next(given);
    const attempt = this.#guest.failureMode === 'open' ? new Skippable(given, next) : null;
    const parts = attempt?.parts ?? { ...partsOf(given), origin: next };
    const run = await this.#run(parts, signal, (head) => {
      attempt?.commit();
      return stream(head);
    });
    if (run.outcome === 'failed' && attempt !== null && this.#isOwnFault(run.failure)) {
      return this.#skip(run, attempt, signal);
    }
    if (run.outcome === 'ok') attempt?.succeeded();
    return run;
  }

  async #skip(run: Run & { outcome: 'failed' }, attempt: Skippable, signal: AbortSignal): Promise<Run> {
    try {
      const response = await attempt.skip(signal);
      if (response === null) return run;
      const { outcome, detail } = run.failure;
      this.#chain.engine.tell(this.#guest, `${this.#guest.name ?? 'main'} was skipped: ${outcome}: ${detail}`);
      return { outcome: 'ok', reply: replyOf(response), cost: run.cost };
    } catch (error) {
      return { outcome: 'failed', failure: failureOf(error, this.#chain.task), cost: run.cost };
    }
  }

  #isOwnFault({ outcome }: Failure): boolean {
    return OWN_FAULTS.has(outcome) && this.#chain.failure === null && this.#chain.task.verdict === null;
  }

  /** Where the guest's "next" leads: to the guest behind, or to the origin. */
  #next({ origin }: Parts): Backend | null {
    return this.#place === this.#chain.guests.length - 1 ? origin : new Link(this.#chain, this.#place + 1);
  }

  /** Runs the guest on an account of its own, which ends with `signal`. */
  async #run(parts: Parts, signal: AbortSignal, stream: Stream): Promise<Run> {
    const { engine } = this.#chain;
    let task: Task;
    try {
      task = this.#chain.open(this.#guest);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { outcome: 'failed', failure: { outcome: error.outcome, detail: error.message }, cost: NO_COST };
    }
    const cancel = (): void => engine.scheduler.cancel(task, this.#chain.task.verdict ?? 'client_closed');
    if (signal.aborted) cancel();
    signal.addEventListener('abort', cancel, { once: true });
    const run = await engine.run(this.#guest, task, { ...parts, signal: task.signal, stream });
    signal.removeEventListener('abort', cancel);
    this.#chain.spend(run.cost);
    return run;
  }

  /** What the guest behind gets to see of a request of the guest in front. */
  #partsFor({ method, target, headers, body, contentLength, forwarded }: BackendRequest): Parts {
    const { exchange } = this.#chain;
    const own = headers.clone();
    if (contentLength === undefined || body === null) own.delete('content-length');
    else own.set('content-length', String(contentLength));
    const { protocol, client } = exchange.request;
    const request = { method, target, protocol, client, headers: own };
    return { ...partsOf(exchange), request, body, forwarded: forwarded ?? exchange.forwarded };
  }

  /** Ends the guests in front, unless they have given the answer up: then it is nothing to them. */
  #tellFailure(
    failure: Failure,
    { signal }: BackendRequest,
    pipe: BodyPipe,
    answer: PromiseWithResolvers<BackendResponse>,
  ): void {
    const named = { ...failure, detail: `${this.#guest.name ?? 'main'}: ${failure.detail}` };
    if (!signal.aborted && !pipe.cancelled) this.#chain.failure ??= named;
    answer.reject(new GuestFault(failure.detail, failure.outcome));
    pipe.fail();
  }
}
