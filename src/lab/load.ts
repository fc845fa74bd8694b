/** The open load: requests leave when they are due, whatever became of earlier ones, and every answer is checked. */
import { Connections, type Passage } from './connections.ts';
import { faultIn, requestText, type Answer } from './exchange.ts';
import { REFUSALS } from './hostile-kinds.ts';
import { KEPT_FAULTS } from './limits.ts';
import { popularityOf, waitOf, WeightedDraw, type Shape } from './popularity.ts';
import { randomFrom, type Random } from './random.ts';
import { countIn, emptyTally, type PhaseName, type Tally } from './tally.ts';
import { kindName, type LabTenant } from './tenants.ts';

/** What is sent. */
export interface LoadPlan {
  readonly port: number;
  readonly shape: Shape;
  readonly exponent: number;
  readonly seed: number;
  /** Requests a second to well-behaved tenants, and to hostile ones in the phase that has them. */
  readonly rate: number;
  readonly hostileRate: number;
  /** One after the other. */
  readonly phases: readonly { readonly name: PhaseName; readonly ms: number }[];
}

/** An answer that should not have been. */
export interface Fault {
  readonly tenant: string;
  readonly kind: string;
  readonly what: string;
}

/** What is told of a time. */
export interface LoadReport {
  /** One for each phase that something is told of. */
  readonly tallies: readonly Tally[];
  /** Well-behaved tenants that have answered so far. */
  readonly awake: number;
  /** Requests without an answer so far. */
  readonly inFlight: number;
  /** The first faults of the run, no more than {@link KEPT_FAULTS}. */
  readonly faults: readonly Fault[];
}

/** Well-behaved tenants come first. */
export class Load {
  readonly #plan: LoadPlan;
  readonly #tenants: readonly LabTenant[];
  readonly #connections: Connections;
  readonly #random: Random;
  readonly #draw: WeightedDraw;
  readonly #good: number;
  readonly #answered: Uint8Array;
  readonly #faults: Fault[] = [];
  #tallies = new Map<PhaseName, Tally>();
  #awake = 0;
  #inFlight = 0;
  #startMs = 0;
  #nextMs = { good: 0, hostile: 0 };

  constructor(plan: LoadPlan, tenants: readonly LabTenant[]) {
    this.#plan = plan;
    this.#tenants = tenants;
    this.#connections = new Connections(plan.port);
    this.#random = randomFrom(plan.seed + 1);
    this.#good = tenants.filter(({ guest }) => guest.kind === 'good').length;
    const { shape, exponent } = plan;
    const weights = popularityOf({ tenants: this.#good, shape, exponent }, randomFrom(plan.seed + 2));
    this.#draw = new WeightedDraw(weights, this.#random);
    this.#answered = new Uint8Array(tenants.length);
  }

  /** Sends for as long as the phases take; settles when all is answered, or `graceMs` after the last was sent. */
  async run(graceMs: number): Promise<void> {
    this.#startMs = performance.now();
    this.#nextMs = { good: this.#startMs, hostile: this.#startMs + this.#hostileAfterMs() };
    await new Promise<void>((resolve) => this.#tick(resolve));
    const deadline = performance.now() + graceMs;
    while (this.#inFlight > 0 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
    if (this.#inFlight > 0) this.#tally(this.#plan.phases.at(-1)?.name ?? 'calm').lost += this.#inFlight;
    this.#connections.close();
  }

  /** What became of requests since the last time this was asked. */
  report(): LoadReport {
    const tallies = [...this.#tallies.values()];
    this.#tallies = new Map();
    return { tallies, awake: this.#awake, inFlight: this.#inFlight, faults: [...this.#faults] };
  }

  #tick(over: () => void): void {
    const now = performance.now();
    const { good, hostile } = this.#nextMs;
    for (let due = Math.min(good, hostile); due <= now; due = Math.min(this.#nextMs.good, this.#nextMs.hostile)) {
      const phase = this.#phaseAt(due);
      if (phase === null) break;
      this.#sendDue(due, phase, now);
    }
    if (this.#phaseAt(now) === null) return over();
    setTimeout(() => this.#tick(over), 1);
  }

  /** When the first hostile request is due, from the start; `Infinity`: never. */
  #hostileAfterMs(): number {
    const { phases, hostileRate } = this.#plan;
    const place = phases.findIndex(({ name }) => name === 'hostile');
    if (place < 0 || hostileRate <= 0 || this.#tenants.length === this.#good) return Infinity;
    return phases.slice(0, place).reduce((sum, { ms }) => sum + ms, 0);
  }

  /** `null`: all are over. */
  #phaseAt(dueMs: number): PhaseName | null {
    let end = this.#startMs;
    for (const { name, ms } of this.#plan.phases) {
      end += ms;
      if (dueMs < end) return name;
    }
    return null;
  }

  /** Sends what is due first, and sets when the next of that sort is. */
  #sendDue(dueMs: number, phase: PhaseName, nowMs: number): void {
    const { rate, hostileRate } = this.#plan;
    const isHostile = this.#nextMs.hostile <= this.#nextMs.good;
    const place = isHostile ? this.#anyHostile() : this.#draw.next();
    const wait = waitOf(isHostile ? hostileRate : rate, this.#random) * 1_000;
    this.#nextMs[isHostile ? 'hostile' : 'good'] = dueMs + wait;
    const tally = this.#tally(phase);
    tally.sent += 1;
    tally.latenessMs.push(nowMs - dueMs);
    this.#inFlight += 1;
    if (isHostile) this.#askHostile(place, phase);
    else this.#askGood(place, phase, dueMs);
  }

  #anyHostile(): number {
    return this.#good + Math.floor(this.#random() * (this.#tenants.length - this.#good));
  }

  #askGood(place: number, phase: PhaseName, dueMs: number): void {
    const tenant = this.#tenants[place] as LabTenant;
    if (tenant.guest.kind !== 'good') return;
    const exchange = tenant.guest.good.exchange(tenant);
    const isCold = this.#answered[place] === 0;
    this.#connections.ask(exchange.request, (answer, passage) => {
      const latency = performance.now() - dueMs;
      const tally = this.#heard(answer, passage, phase);
      if (answer === null)
        return this.#keep(tenant, `no answer: the connection broke ${latency.toFixed(1)} ms after it was due`);
      countIn(tally.good, answer.outcome === '' ? 'ok' : answer.outcome);
      if (this.#isRefusal(answer, tally)) return;
      if (answer.outcome !== '') return this.#unexpected(tenant, answer, tally);
      const fault = faultIn(answer, exchange, passage.from);
      if (fault !== null) return this.#wrong(tenant, fault, tally);
      if (this.#answered[place] === 0) this.#awake += 1;
      this.#answered[place] = 1;
      (isCold ? tally.coldMs : tally.warmMs).push(latency);
    });
  }

  #askHostile(place: number, phase: PhaseName): void {
    const tenant = this.#tenants[place] as LabTenant;
    const { guest, host } = tenant;
    if (guest.kind !== 'hostile') return;
    this.#connections.ask(requestText({ method: 'GET', target: '/', host }), (answer, passage) => {
      const tally = this.#heard(answer, passage, phase);
      if (answer === null) return this.#keep(tenant, 'no answer: the connection broke');
      const outcome = answer.outcome === '' ? `${answer.status}` : answer.outcome;
      countIn(tally.hostile, `${kindName(tenant)} ${outcome}`);
      if (this.#isRefusal(answer, tally)) return;
      if (!guest.hostile.ends.some((end) => end === outcome)) this.#unexpected(tenant, answer, tally);
    });
  }

  #heard(answer: Answer | null, { sent }: Passage, phase: PhaseName): Tally {
    this.#inFlight -= 1;
    const tally = this.#tally(phase);
    if (answer === null) tally.lost += 1;
    if (sent === 'repeated') tally.repeated += 1;
    return tally;
  }

  #isRefusal({ outcome }: Answer, tally: Tally): boolean {
    if (!REFUSALS.has(outcome)) return false;
    tally.refused += 1;
    return true;
  }

  #unexpected(tenant: LabTenant, { status, outcome }: Answer, tally: Tally): void {
    tally.unexpected += 1;
    this.#keep(tenant, `an answer of ${status} with the outcome ${outcome === '' ? 'ok' : outcome}`);
  }

  #wrong(tenant: LabTenant, what: string, tally: Tally): void {
    tally.wrong += 1;
    this.#keep(tenant, what);
  }

  #keep(tenant: LabTenant, what: string): void {
    if (this.#faults.length < KEPT_FAULTS) this.#faults.push({ tenant: tenant.name, kind: kindName(tenant), what });
  }

  #tally(phase: PhaseName): Tally {
    const tally = this.#tallies.get(phase) ?? emptyTally(phase);
    this.#tallies.set(phase, tally);
    return tally;
  }
}
