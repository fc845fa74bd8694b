/** The way of a request through the data plane, from the transport's handler to the access log. */
import type { Reply } from '../abi/abi.ts';
import { announcesBody, declaredLength } from '../http/framing.ts';
import { asksForWebSocket, isHandshake } from '../http/websocket.ts';
import type { ResponseHead } from '../http/message.ts';
import { checkRequest, REQUEST_FAULTS } from '../http/request-gate.ts';
import type { Outcome } from '../outcome.ts';
import { runChain } from '../runtime/chain.ts';
import { isDeployed, type Deployment, type Route } from '../runtime/deployment.ts';
import type { Engine } from '../runtime/engine.ts';
import { Refusal } from '../runtime/refusal.ts';
import type { TenantCounters } from '../runtime/tenant-counters.ts';
import type { VersionCounters } from '../runtime/version-counters.ts';
import type { AccessRecord } from '../telemetry/access-log.ts';
import { isLooping } from '../upstream/loop.ts';
import { answer, unanswered, type Unanswered } from './answering.ts';
import { Arrival } from './arrival.ts';
import type { Concurrency } from './concurrency.ts';
import { maySkipGuest } from './failure-policy.ts';
import { HostNames } from './host-names.ts';
import { receiptText } from './receipt.ts';
import { recourseOf, recover } from './recovery.ts';
import { isGathered, receiveBody, type RequestBody } from './request-body.ts';
import { ResponseWriter } from './response-writer.ts';
import type { ServedDeployments } from './served.ts';
import type { TransportRequest, TransportResponse, TransportUpgrade } from './transport.ts';
import { Visit } from './visit.ts';
import type { Waking, Woken } from './waking.ts';
import { ClientWebSocket } from './websocket-client.ts';
import { PendingWebSocket, type WebSockets } from './websockets.ts';

/** Takes the records of requests. */
export interface RequestLog {
  /** Whether somebody keeps or follows the records of a tenant; `null`: of requests that reached none. */
  wants(tenant: string | null): boolean;
  /** Takes the record of a request that is {@link wants wanted}. */
  request(record: AccessRecord): void;
}

/** What the edge of one data thread works with. */
export interface EdgeOptions {
  readonly engine: Engine;
  readonly served: ServedDeployments;
  readonly counters: TenantCounters;
  readonly concurrency: Concurrency;
  readonly versions: VersionCounters;
  readonly webSockets: WebSockets;
  readonly waking: Waking;
  readonly log: RequestLog;
  /** Takes what went wrong inside Kerb. */
  readonly report: (message: string) => void;
}

/** The data plane of one thread. */
export class Edge {
  readonly #options: EdgeOptions;
  #connection: 'keep' | 'close' = 'keep';
  readonly #hosts = new HostNames();
  #visits = 0;
  #onIdle: (() => void) | null = null;

  constructor(options: EdgeOptions) {
    this.#options = options;
  }

  /** Requests that have not ended. */
  get visits(): number {
    return this.#visits;
  }

  /** The transport's handler: never throws, because an exception there ends the process. */
  readonly handle = (response: TransportResponse, request: TransportRequest, upgrade?: TransportUpgrade): void => {
    try {
      this.#receive(response, request, upgrade);
    } catch (error) {
      this.#options.report(`request handler: ${explain(error)}`);
      response.close();
    }
  };

  /** From now on every response asks its client to close the connection; settles when no request is left. */
  drain(): Promise<void> {
    this.#connection = 'close';
    if (this.#visits === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onIdle = resolve;
    });
  }

  #receive(response: TransportResponse, request: TransportRequest, upgrade?: TransportUpgrade): void {
    const arrival = new Arrival(request, response);
    // The transport reads trailer sections as the next request: a proxy that reuses connections must not send another behind one.
    // Nor behind what it may take for the beginning of a tunnel, when we do not switch.
    const own = arrival.headers.has('transfer-encoding') || asksForWebSocket(arrival.headers) ? 'close' : 'keep';
    const writer = new ResponseWriter(response, arrival.method, () => (own === 'close' ? own : this.#connection));
    const visit = new Visit(arrival, writer);
    this.#visits += 1;
    response.onAborted(() => {
      visit.clientGone();
      if (visit.task !== null) this.#options.engine.scheduler.cancel(visit.task, 'client_closed');
    });
    this.#guard(visit, () => this.#route(visit, response, upgrade));
  }

  #route(visit: Visit, response: TransportResponse, upgrade?: TransportUpgrade): void {
    const route = this.#admit(visit);
    if (route === null) return;
    const { headers } = visit.request;
    // Now, whoever serves it: the transport drops what nobody has asked for when its handler returns. Its limit is the deployment's.
    if (announcesBody(headers)) visit.body = receiveBody(response, visit.writer, Infinity);
    if (isDeployed(route)) this.#enter(visit, route, upgrade);
    else this.#wait(visit, route, upgrade);
  }

  /** Waits for a tenant that rests. */
  #wait(visit: Visit, route: Route, upgrade?: TransportUpgrade): void {
    visit.route = route;
    void this.#options.waking.wait(route).then((woken) => this.#guard(visit, () => this.#goOn(visit, woken, upgrade)));
  }

  #goOn(visit: Visit, woken: Woken, upgrade?: TransportUpgrade): void {
    if (visit.finished) return;
    if (visit.gone) return this.#fail(visit, 'client_closed', null);
    if (woken !== null) return this.#fail(visit, woken.outcome, woken.message);
    const route = this.#find(visit);
    if (route === null) this.#refuse(visit, 'unknown_host', null, 'keep');
    else if (isDeployed(route)) this.#enter(visit, route, upgrade);
    else this.#wait(visit, route, upgrade);
  }

  /** The request is a deployment's, if that takes it. */
  #enter(visit: Visit, deployment: Deployment, upgrade?: TransportUpgrade): void {
    visit.deployment = deployment;
    const { request } = visit;
    const { requestBodyBytes } = deployment.budgets;
    if (isLooping(request.headers))
      return void this.#refuse(visit, 'bad_request', 'the request loops (RFC 8586)', 'close');
    if ((declaredLength(request.headers) ?? 0) > requestBodyBytes)
      return void this.#refuse(visit, 'body_limit', 'its Content-Length passes the limit', 'close');
    visit.body?.limitTo(requestBodyBytes);
    // Where there is nobody to speak WebSocket with, a handshake is a request like the others.
    if (upgrade !== undefined && deployment.origin !== null && isHandshake(request))
      visit.webSocket = new PendingWebSocket(upgrade);
    visit.backends = this.#options.served.enter(deployment);
    visit.holds = true;
    const queue = (): void => this.#guard(visit, () => this.#queue(visit, deployment));
    // A turn later, for the reason that {@link #refuse} has: what follows in the same packet then ends the connection.
    const begin = asksForWebSocket(request.headers) ? (): void => void setImmediate(queue) : queue;
    if (visit.body !== null && isGathered(request.headers)) this.#gather(visit, visit.body, deployment, begin);
    else begin();
  }

  /** Waits for a small body, no longer than its request might take. */
  #gather(visit: Visit, body: RequestBody, deployment: Deployment, begin: () => void): void {
    const late = setTimeout(() => {
      this.#guard(visit, () => this.#fail(visit, 'wall_limit', 'the request body did not come in time', 'close'));
    }, deployment.budgets.wallMs);
    body.whenOver(() => {
      clearTimeout(late);
      begin();
    });
  }

  /** Waits for room in the tenant's concurrency. */
  #queue(visit: Visit, deployment: Deployment): void {
    if (visit.finished) return;
    const room = this.#options.concurrency.enter(deployment.slot, deployment.budgets.concurrency);
    if (room === true) this.#begin(visit, deployment);
    else if (room === false) this.#refuse(visit, 'concurrency_limit', null, 'keep');
    else {
      void room.then((entered) =>
        this.#guard(visit, () => this.#beginLate(visit, deployment, entered ? 'entered' : 'refused')),
      );
    }
  }

  /** The request gate and the router; a request that does not pass is answered here. */
  #admit(visit: Visit): Route | null {
    const fault = checkRequest(visit.request);
    if (fault !== null) return this.#refuse(visit, 'bad_request', REQUEST_FAULTS[fault], 'close');
    return this.#find(visit) ?? this.#refuse(visit, 'unknown_host', null, 'keep');
  }

  #find({ request }: Visit): Route | null {
    const host = this.#hosts.of(request.headers.get('host') ?? '');
    return host === null ? null : this.#options.served.match(host, request.target, request.client);
  }

  #beginLate(visit: Visit, deployment: Deployment, room: 'entered' | 'refused'): void {
    if (room === 'entered') this.#begin(visit, deployment);
    else this.#refuse(visit, 'concurrency_limit', null, 'keep');
  }

  #begin(visit: Visit, deployment: Deployment): void {
    visit.counted = true;
    this.#serve(visit, deployment).catch((error: unknown) => this.#failSafely(visit, error));
  }

  async #serve(visit: Visit, deployment: Deployment): Promise<void> {
    const { engine } = this.#options;
    if (visit.writer.ended) return this.#fail(visit, 'client_closed', null);
    try {
      if (visit.webSocket !== null && !this.#options.webSockets.enter(visit.webSocket, deployment))
        return this.#fail(visit, 'concurrency_limit', `limits.websockets: ${deployment.budgets.webSockets} are open`);
      visit.task = engine.open(deployment);
      visit.account = visit.task;
    } catch (error) {
      if (error instanceof Refusal) return this.#fail(visit, error.outcome, error.message);
      throw error;
    }
    if (maySkipGuest(deployment.onFailure, visit.request.target)) visit.keepAsSent();
    const run = await runChain(engine, deployment, visit.task, visit);
    visit.task = null;
    visit.cost = run.cost;
    if (deployment.receipt && !visit.writer.started) visit.writer.receipt = receiptText(run.cost, deployment.version);
    if (run.outcome === 'failed') return this.#guestFailed(visit, run.failure.outcome, run.failure.detail);
    return this.#answer(visit, run.reply);
  }

  async #answer(visit: Visit, reply: Reply): Promise<void> {
    this.#fixClient(visit);
    const broken =
      reply.kind !== 'streamed' && reply.head.status === 101 && visit.webSocket !== null
        ? this.#switch(visit, visit.webSocket, reply.head)
        : await answer(visit, reply);
    if (broken === 'relaying') return;
    if (broken === null) this.#finish(visit);
    else await this.#guestFailed(visit, broken.outcome, broken.detail);
  }

  /** Relays from here on. The guest is done, and what the request held of its tenant's is given back before the long part begins. */
  #switch(visit: Visit, pending: PendingWebSocket, head: ResponseHead): Unanswered | 'relaying' {
    const origin = pending.take();
    if (origin === null)
      return { outcome: 'no_response', detail: 'the response is a 101 without the WebSocket of the origin' };
    // Removals end what is open when they come: what began later would never end.
    if (visit.deployment === null || !this.#options.served.isServed(visit.deployment)) {
      origin.destroy();
      return { outcome: 'draining', detail: 'the app was removed' };
    }
    const client = new ClientWebSocket();
    try {
      visit.writer.switchProtocols(head, () => pending.upgrade.accept(origin.protocol ?? '', client));
    } catch (error) {
      origin.destroy();
      return unanswered(visit, error);
    }
    if (visit.gone) origin.destroy();
    if (visit.gone) return { outcome: 'client_closed', detail: null };
    this.#giveBack(visit);
    this.#options.webSockets.relay(visit.tenant ?? '', client, origin, ({ outcome, detail, figures }) => {
      [visit.outcome, visit.detail, visit.figures] = [outcome, detail, figures];
      this.#finish(visit);
    });
    return 'relaying';
  }

  /** The client gets what its app wants for such a failure, or the error. What the guest had is free before. */
  async #guestFailed(visit: Visit, outcome: Outcome, detail: string | null): Promise<void> {
    const recourse = recourseOf(visit, outcome);
    if (recourse === null) return this.#fail(visit, outcome, detail);
    visit.failed(outcome, detail);
    this.#fixClient(visit);
    if (visit.account !== null) this.#options.engine.free(visit.account);
    if (await recover(visit, recourse)) this.#finish(visit);
    else this.#fail(visit, outcome, detail);
  }

  /**
   * Answers a request that no guest gets. With `close` the answer waits for the next turn of the loop: the transport parses on
   * behind a request that is answered within its handler, and would serve what an attacker hid there; behind one that is not,
   * it breaks the connection off.
   */
  #refuse(visit: Visit, outcome: Outcome, detail: string | null, connection: 'keep' | 'close'): null {
    if (connection === 'close')
      setImmediate(() => this.#guard(visit, () => this.#fail(visit, outcome, detail, connection)));
    else this.#fail(visit, outcome, detail, connection);
    return null;
  }

  #fail(visit: Visit, outcome: Outcome, detail: string | null, connection: 'keep' | 'close' = 'keep'): void {
    visit.failed(outcome, detail);
    visit.body?.cancel();
    if (!visit.writer.ended) this.#fixClient(visit);
    if (visit.writer.started) visit.writer.cut();
    else visit.writer.problem(outcome, outcome === 'body_limit' ? 'close' : connection);
    this.#finish(visit);
  }

  /** Takes a step of a request from a timer or a callback, where an exception would end the process. */
  #guard(visit: Visit, step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#failSafely(visit, error);
    }
  }

  /** Ends a request after a fault of Kerb's own: whatever else is broken, the process goes on. */
  #failSafely(visit: Visit, fault: unknown): void {
    this.#options.report(`request of ${visit.deployment?.tenant ?? 'nobody'}: ${explain(fault)}`);
    try {
      this.#fail(visit, 'internal_error', null);
    } catch (error) {
      this.#options.report(`answering after a fault: ${explain(error)}`);
      this.#finish(visit);
    }
  }

  /** Reads the client's address while the connection can still tell it; three microseconds, so only for a log. */
  #fixClient(visit: Visit): void {
    if (this.#options.log.wants(visit.tenant) && !visit.writer.ended) visit.request.client.fix();
    else visit.request.client.forget();
  }

  #finish(visit: Visit): void {
    const { log } = this.#options;
    const { deployment } = visit;
    if (visit.finished) return;
    visit.finished = true;
    visit.body?.cancel();
    visit.webSocket?.over();
    if (deployment !== null) this.#count(visit, deployment);
    this.#giveBack(visit);
    this.#visits -= 1;
    if (log.wants(visit.tenant)) log.request(visit.record());
    if (this.#visits > 0) return;
    this.#onIdle?.();
    this.#onIdle = null;
  }

  /** Gives back what a request holds of its tenant's. Idempotent. */
  #giveBack(visit: Visit): void {
    const { engine, concurrency, served } = this.#options;
    const { deployment, counted, holds } = visit;
    [visit.counted, visit.holds] = [false, false];
    if (visit.account !== null) engine.free(visit.account);
    if (deployment !== null && counted) concurrency.leave(deployment.slot);
    if (deployment !== null && holds) served.leave(deployment);
  }

  #count({ outcome, cost }: Visit, { slot, figuresSlot }: Deployment): void {
    this.#options.counters.count(slot, outcome);
    if (figuresSlot === null || cost.instance === 'none') return;
    this.#options.versions.count(figuresSlot, outcome, Math.round(cost.cpuMs * 1000));
  }
}

function explain(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
