/** The one error that the set-up shows to a person. */

/** A step of the set-up failed for a reason that the message explains, together with what to do. Exit code 1, no stack. */
export class SetupFailure extends Error {
  /** @override */
  name = 'SetupFailure';
}
