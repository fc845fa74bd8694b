/** A request that is not begun, or goes no further, for want of something: its message is for the tenant's log. */
import type { Outcome } from '../outcome.ts';

/** Ends a request with an outcome of its own. */
export class Refusal extends Error {
  override readonly name: string = 'Refusal';
  readonly outcome: Outcome;

  constructor(outcome: Outcome, message: string, options?: ErrorOptions) {
    super(message, options);
    this.outcome = outcome;
  }
}

/** The process has no room now, or none for this tenant: `capacity`. */
export class CapacityError extends Refusal {
  override readonly name = 'CapacityError';

  constructor(message: string, options?: ErrorOptions) {
    super('capacity', message, options);
  }
}
