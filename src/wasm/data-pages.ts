/** How much memory the active data segments of a module write, in pages of the system: what an instance costs before it runs. */

/** Bytes of a page that the system hands out at the first write. */
const SYSTEM_PAGE_BYTES = 4096;

/** Counts pages from segment to segment. */
export class DataPages {
  /** Pages written so far. A page counts again when a segment comes back to it after another one. */
  count = 0;
  /** The page in which the last segment ended; -1 if it is not known. */
  #last = -1;

  /** Counts a segment of `length` bytes at `address`; null stands for an address that only instantiation computes. */
  write(address: number | null, length: number): void {
    if (length === 0) return;
    if (address === null) {
      this.count += Math.ceil(length / SYSTEM_PAGE_BYTES) + 1;
      this.#last = -1;
      return;
    }
    const first = Math.floor(address / SYSTEM_PAGE_BYTES);
    const last = Math.floor((address + length - 1) / SYSTEM_PAGE_BYTES);
    this.count += last - first + (first === this.#last ? 0 : 1);
    this.#last = last;
  }
}
