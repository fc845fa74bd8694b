/** The port to randomness. */

/** The host's cryptographic generator: no guest can tell from its own numbers those of another. */
export interface Randomness {
  /** That many bytes. The caller bounds them. */
  randomBytes(count: number): Uint8Array;
}
