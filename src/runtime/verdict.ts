/** From the way in which a guest ended to the outcome of its request: one total mapping. */
import { InvalidResponse } from '../abi/abi.ts';
import { GuestExit, GuestFault } from '../abi/guest-fault.ts';
import { BackendError } from '../capability/backend.ts';
import { BodyError } from '../http/body.ts';
import type { Outcome } from '../outcome.ts';
import { Refusal } from './refusal.ts';
import type { Task } from './task.ts';

/** Why a request ended early. */
export interface Failure {
  readonly outcome: Outcome;
  /** For the tenant's log, never for the client. */
  readonly detail: string;
}

/** The failure behind `error`, which ended the request of `task`. */
export function failureOf(error: unknown, task: Task): Failure {
  const failure = task.verdict === null ? byError(error) : { outcome: task.verdict, detail: '' };
  // Growth was refused before: what follows (an allocator's abort, a loop of attempts) is that budget's doing.
  if (task.growthRefused !== null && (failure.outcome === 'guest_trap' || failure.outcome === 'cpu_limit')) {
    return { outcome: task.growthRefused, detail: failure.detail };
  }
  return failure;
}

function byError(error: unknown): Failure {
  const detail = error instanceof Error ? error.message : 'a WebAssembly exception that nothing caught';
  return { outcome: outcomeOf(error), detail };
}

function outcomeOf(error: unknown): Outcome {
  if (error instanceof GuestFault) return error.outcome;
  if (error instanceof GuestExit) return 'no_response';
  if (error instanceof InvalidResponse) return 'no_response';
  if (error instanceof BackendError) return 'backend_error';
  if (error instanceof BodyError) return error.fault === 'too_large' ? 'body_limit' : 'client_closed';
  if (error instanceof Refusal) return error.outcome;
  if (error instanceof WebAssembly.RuntimeError || error instanceof WebAssembly.Exception) return 'guest_trap';
  if (isStackOverflow(error)) return 'stack_limit';
  return 'internal_error';
}

/** V8 reports the end of any stack, a JSPI stack too, as a RangeError with this text. */
function isStackOverflow(error: unknown): boolean {
  return error instanceof RangeError && error.message.startsWith('Maximum call stack size exceeded');
}
