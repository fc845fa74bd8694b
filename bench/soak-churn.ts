/** The tenants of `soak` that come, change and go while others are served: each step is followed by a look whether it is in force. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '../src/cli/client.ts';
import { Connections } from '../src/lab/connections.ts';
import { faultIn, requestText, type Answer, type Exchange } from '../src/lab/exchange.ts';
import { generateModule, answerOf } from './generated-module.ts';
import { CHURN } from './soak-cases.ts';

/** What a tenant goes through, again and again. */
const STEPS = ['create', 'deploy', 'rollback', 'delete'] as const;

/** A member of {@link STEPS}. */
export type ChurnStep = (typeof STEPS)[number];

/** What was done. */
export interface ChurnCounts {
  readonly steps: Readonly<Record<ChurnStep, number>>;
  /** Steps that the control plane refused, and looks that did not find what they should have. */
  readonly faults: number;
}

/** Where. */
export interface ChurnPlace {
  readonly client: Client;
  readonly port: number;
  /** Takes a fault in words. */
  readonly say: (line: string) => void;
}

/** One tenant's life so far. */
interface Life {
  readonly name: string;
  next: number;
  /** The right answers of its versions. */
  answers: string[];
}

/** Goes from tenant to tenant until it is told to stop. */
export class Churn {
  readonly #place: ChurnPlace;
  readonly #lives: readonly Life[];
  readonly #connections: Connections;
  readonly #steps: Record<ChurnStep, number> = { create: 0, deploy: 0, rollback: 0, delete: 0 };
  #faults = 0;
  #made = 0;

  constructor(place: ChurnPlace) {
    this.#place = place;
    this.#connections = new Connections(place.port);
    this.#lives = Array.from({ length: CHURN.tenants }, (_, at) => ({ name: `churn-${at}`, next: 0, answers: [] }));
  }

  get counts(): ChurnCounts {
    return { steps: { ...this.#steps }, faults: this.#faults };
  }

  /** Settles once `signal` is aborted and the step at hand is done. */
  async run(signal: AbortSignal): Promise<void> {
    for (let turn = 0; !signal.aborted; turn++) {
      await this.#turn(this.#lives[turn % this.#lives.length] as Life);
      await pause(CHURN.pauseMs, undefined, { signal }).catch(() => undefined);
    }
    this.#connections.close();
  }

  async #turn(life: Life): Promise<void> {
    const step = STEPS[life.next % STEPS.length] as ChurnStep;
    life.next += 1;
    try {
      const right = await this.#take(step, life);
      this.#steps[step] += 1;
      const { answer, from } = await this.#ask(right.request);
      const fault = answer === null ? 'no answer' : faultAfter(answer, right, from);
      if (fault !== null) this.#fault(`${life.name} after ${step}: ${fault}`);
    } catch (error) {
      this.#fault(`${life.name}, ${step}: ${String(error)}`);
    }
  }

  /** Takes a step; answers what is right afterwards. */
  async #take(step: ChurnStep, life: Life): Promise<Exchange> {
    const { client } = this.#place;
    const path = ['v1', 'tenants', life.name];
    if (step === 'create') {
      await client.send({ method: 'POST', path: ['v1', 'tenants'], body: { json: { name: life.name } } });
      await this.#deploy(life);
    } else if (step === 'deploy') await this.#deploy(life);
    else if (step === 'rollback') {
      await client.send({ method: 'POST', path: [...path, 'rollback'] });
      life.answers.pop();
    } else {
      await client.send({ method: 'DELETE', path });
      life.answers = [];
    }
    const request = requestText({ method: 'GET', target: '/', host: `${life.name}.localhost` });
    const body = life.answers.at(-1);
    if (body !== undefined) return { request, status: 200, field: null, body };
    return { request, status: 404, field: ['kerb-outcome', 'unknown_host'], body: '' };
  }

  /** A version whose module nobody has seen before. */
  async #deploy(life: Life): Promise<void> {
    this.#made += 1;
    const bytes = CHURN.bytes[this.#made % CHURN.bytes.length] as number;
    const module = generateModule({ tenant: life.name, seed: this.#made, bytes });
    await this.#place.client.send({
      method: 'POST',
      path: ['v1', 'tenants', life.name, 'versions'],
      headers: { 'content-type': 'application/wasm' },
      body: module,
    });
    life.answers.push(answerOf(module));
  }

  #ask(request: string): Promise<{ readonly answer: Answer | null; readonly from: string }> {
    return new Promise((resolve) => {
      this.#connections.ask(request, (answer, { from }) => resolve({ answer, from }));
    });
  }

  #fault(what: string): void {
    this.#faults += 1;
    this.#place.say(what);
  }
}

/** Of a refusal the problem in its body is no matter. */
function faultAfter(answer: Answer, right: Exchange, from: string): string | null {
  return faultIn(right.status === 404 ? { ...answer, body: '' } : answer, right, from);
}
