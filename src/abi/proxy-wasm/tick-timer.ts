/** The tick timer of one instance: it runs while a request is in flight, and tells the next one what it has missed. */
import { LEAST_TICK_MS } from './limits.ts';

/** A period and when the next tick is due. */
export class TickTimer {
  #periodMs = 0;
  /** On the clock of `performance.now()`. */
  #dueMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #onTick: (() => void) | null = null;

  /** Whether ticks come at all. */
  get runs(): boolean {
    return this.#periodMs > 0;
  }

  /** Milliseconds between two ticks; 0: none come. */
  get periodMs(): number {
    return this.#periodMs;
  }

  /** Sets the period; 0 ends it. The first tick is due a period from now. */
  setPeriod(ms: number): void {
    this.#periodMs = ms === 0 ? 0 : Math.min(Math.max(ms, LEAST_TICK_MS), MOST_MS);
    this.#dueMs = performance.now() + this.#periodMs;
    this.#arm();
  }

  /** Takes a tick that was due while no request was in flight: several count as one. Answers whether there was one. */
  takeMissed(): boolean {
    if (!this.runs || performance.now() < this.#dueMs) return false;
    this.#dueMs = performance.now() + this.#periodMs;
    return true;
  }

  /** Calls `onTick` whenever a tick is due, until {@link stop}. */
  start(onTick: () => void): void {
    this.#onTick = onTick;
    this.#arm();
  }

  /** Ticks that are due from now on count as missed. */
  stop(): void {
    this.#onTick = null;
    this.#arm();
  }

  /** Forgets the period too. */
  clear(): void {
    this.#periodMs = 0;
    this.stop();
  }

  #arm(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#onTick === null || !this.runs) return;
    this.#timer = setTimeout(() => this.#tick(), Math.max(this.#dueMs - performance.now(), 0));
    this.#timer.unref();
  }

  #tick(): void {
    this.#dueMs = performance.now() + this.#periodMs;
    this.#onTick?.();
    this.#arm();
  }
}

/** The longest that a timer of the host waits. */
const MOST_MS = 0x7fff_ffff;
