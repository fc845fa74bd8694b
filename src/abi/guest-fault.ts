/** How host code ends a guest. */
import type { Outcome } from '../outcome.ts';

/**
 * Thrown by a host function to end its guest: the linker turns it into a WebAssembly trap, which no guest can catch, and the
 * request ends with `outcome`. The message goes to the tenant's log and never to the client.
 */
export class GuestFault extends Error {
  override readonly name = 'GuestFault';
  readonly outcome: Outcome;

  constructor(message: string, outcome: Outcome = 'guest_trap') {
    super(message);
    this.outcome = outcome;
  }
}

/** Thrown by a host function when the guest asked to end (`proc_exit`): the guest unwinds as with {@link GuestFault}. */
export class GuestExit extends Error {
  override readonly name = 'GuestExit';
  readonly status: number;

  constructor(status: number) {
    super(`the guest exited with status ${status}`);
    this.status = status;
  }
}
