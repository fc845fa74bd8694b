/** Host functions: what an ABI offers for import, and how one becomes a function that wasm can call. */
import type { Signature } from '../wasm/signature.ts';

/** A wasm scalar as JavaScript sees it: i32, f32 and f64 are numbers, i64 is a bigint. */
export type Scalar = number | bigint;

/**
 * One function of an ABI.
 *
 * `bind` gives the function for one guest state `G`; it is called once per sandbox, not per request. The function gets raw
 * scalars that match `signature` exactly (admission proved it), decodes them, makes one domain call and encodes. It throws
 * {@link ./guest-fault.ts GuestFault} to end the guest. Only a function that is marked `suspends` may answer a promise: the
 * guest then sleeps until it settles.
 */
export interface HostFunction<G> {
  readonly signature: Signature;
  readonly suspends?: true;
  // oxlint-disable-next-line typescript/no-explicit-any -- parameter lists differ per function; admission checks them
  readonly bind: (guest: G) => (...args: any[]) => Scalar | void | Promise<Scalar | void>;
}

/** The functions of one import module by name, in the order of their specification. */
export type HostModule<G> = Readonly<Record<string, HostFunction<G>>>;

/** A function of {@link HostModule} bound to its guest. */
export interface BoundFunction {
  readonly suspends: boolean;
  readonly parameters: number;
  /** The codes of its results. */
  readonly results: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- as HostFunction.bind
  readonly call: (...args: any[]) => Scalar | void | Promise<Scalar | void>;
}

/** Every function of a module bound to `guest`. */
export function bindModule<G>(module: HostModule<G>, guest: G): Map<string, BoundFunction> {
  return new Map(
    Object.entries(module).map(([name, { signature, suspends, bind }]) => [
      name,
      {
        suspends: suspends === true,
        parameters: signature.indexOf('->'),
        results: signature.slice(signature.indexOf('->') + 2),
        call: bind(guest),
      },
    ]),
  );
}

/** The signatures of a module, for admission. */
export function signaturesOf<G>(module: HostModule<G>): ReadonlyMap<string, Signature> {
  return new Map(Object.entries(module).map(([name, { signature }]) => [name, signature]));
}

/** The functions of a module that may wait, as `module.name`. */
export function suspendingOf<G>(moduleName: string, module: HostModule<G>): string[] {
  return Object.entries(module).flatMap(([name, { suspends }]) => (suspends === true ? [`${moduleName}.${name}`] : []));
}
