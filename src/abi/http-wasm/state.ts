/** What the hostcalls of one http-wasm sandbox work on. */
import type { GuestHost } from '../abi.ts';
import { GuestFault } from '../guest-fault.ts';
import type { FEATURE } from './features.ts';
import type { RequestDraft } from './request-draft.ts';
import type { ResponseDraft } from './response-draft.ts';

/** An exchange in the hands of the guest. */
export interface Turn {
  readonly request: RequestDraft;
  readonly response: ResponseDraft;
  /** Whether "next" has run: the request is then history. */
  afterNext: boolean;
  /** The {@link FEATURE} bits that are on. */
  features: number;
}

/** The state behind the hostcalls. */
export interface HttpWasmState {
  readonly host: GuestHost;
  /** The exchange at hand. Throws {@link GuestFault} outside a request: start functions have no messages. */
  readonly turn: Turn;
  /** Turns on the supported ones among `features`; answers all that are on. */
  enableFeatures(features: number): number;
}

/** Whether a feature is on for this request. */
export function hasFeature(turn: Turn, feature: (typeof FEATURE)[keyof typeof FEATURE]): boolean {
  return (turn.features & feature) !== 0;
}

/** The turn, when its request may still be changed; otherwise throws {@link GuestFault}. */
export function beforeNext(state: HttpWasmState, what: string): Turn {
  const turn = state.turn;
  if (turn.afterNext) throw new GuestFault(`the guest changes ${what} after the next handler has run`);
  return turn;
}

/**
 * The turn, when `what` may be touched: before the next handler, or after it if the guest had enabled `feature`.
 * Throws {@link GuestFault} otherwise.
 */
export function beforeNextOr(
  state: HttpWasmState,
  feature: (typeof FEATURE)[keyof typeof FEATURE],
  what: string,
): Turn {
  const turn = state.turn;
  if (!turn.afterNext || hasFeature(turn, feature)) return turn;
  throw new GuestFault(`the guest touches ${what} after the next handler without having enabled its buffering`);
}
