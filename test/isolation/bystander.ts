/** The tenant beside the attack: asked all the while, and every one of its answers is checked. */
import { expect } from 'vitest';
import type { Edge } from '../e2e/edge.ts';

/** Answers without which "kept answering" would say nothing. */
const FEWEST_ANSWERS = 5;

/** Asks the `bystander` app of an edge without pause, on `width` connections at once. */
export class Bystander {
  readonly #edge: Edge;
  readonly #loops: Promise<void>[];
  #stopped = false;
  #sent = 0;
  /** Correct answers so far. */
  answers = 0;
  /** What was wrong, with the request that it answered. */
  readonly faults: string[] = [];

  constructor(edge: Edge, width: number) {
    this.#edge = edge;
    this.#loops = Array.from({ length: width }, () => this.#run());
  }

  /** Settles when `count` answers, wrong ones too, have come in. */
  async until(count: number): Promise<void> {
    while (this.answers + this.faults.length < count) await this.#ask();
  }

  /** Stops asking; settles when the last answer is in. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }

  async #run(): Promise<void> {
    while (!this.#stopped) await this.#ask();
  }

  async #ask(): Promise<void> {
    this.#sent += 1;
    const target = `/${this.#sent}?${'x'.repeat(1 + (this.#sent % 61))}`;
    try {
      const { status, text, headers } = await this.#edge.fetch('bystander', target);
      if (status === 200 && text === target) this.answers += 1;
      else this.faults.push(`${target}: ${status} ${String(headers['kerb-outcome'])} ${JSON.stringify(text)}`);
    } catch (error) {
      this.faults.push(`${target}: ${String(error)}`);
      this.#stopped ||= !this.#edge.alive;
    }
  }
}

/** Asks the bystander until a metric ({@link Edge.metric}) is as wanted; fails when it is not answered rightly. */
export async function untilMetric(edge: Edge, sample: string, wanted: (value: number) => boolean): Promise<void> {
  while (!wanted(await edge.metric(sample))) {
    const { status, text } = await edge.fetch('bystander', '/meanwhile');
    expect([status, text]).toEqual([200, '/meanwhile']);
  }
}

/** As {@link untilMetric}: until a tenant has that many requests in flight. */
export function untilInFlight(edge: Edge, tenant: string, requests: number): Promise<void> {
  return untilMetric(edge, `kerb_requests_in_flight{tenant="${tenant}"}`, (value) => value >= requests);
}

/** Runs an attack while the bystander is asked; fails unless every answer was right and the process is alive. */
export async function besideBystander<T>(edge: Edge, attack: (bystander: Bystander) => Promise<T>): Promise<T> {
  const bystander = new Bystander(edge, 2);
  try {
    const result = await attack(bystander);
    await bystander.until(FEWEST_ANSWERS);
    return result;
  } finally {
    await bystander.stop();
    expect(bystander.faults).toEqual([]);
    expect(edge.alive).toBe(true);
  }
}
