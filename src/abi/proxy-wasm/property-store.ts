/** Properties that a filter sets: its own, for the stream at hand. */
import { MAX_PROPERTIES, MAX_PROPERTY_BYTES } from './limits.ts';

/** By path, with a bound. */
export class PropertyStore {
  readonly #values = new Map<string, Uint8Array>();

  /** Answers `false`, and sets nothing, when it is too large or when there are too many. */
  set(path: string, value: Uint8Array): boolean {
    if (value.length > MAX_PROPERTY_BYTES) return false;
    if (!this.#values.has(path) && this.#values.size >= MAX_PROPERTIES) return false;
    this.#values.set(path, value);
    return true;
  }

  get(path: string): Uint8Array | undefined {
    return this.#values.get(path);
  }
}
