/** Counts the distinct function types that this process has shown to V8, which keeps each for the life of the process. */
import { hash, randomBytes } from 'node:crypto';
import { KerbError } from '../errors.ts';
import type { Signature } from '../wasm/signature.ts';
import { MAX_TYPES } from './limits.ts';

/** The memory behind a census; crosses threads by structured clone, and outlives a compile thread that is lost. */
export interface CensusShare {
  /** Open addressing over 64-bit fingerprints of signatures; 0 is an empty place. */
  readonly places: BigUint64Array<SharedArrayBuffer>;
  /** Word 0: how many there are. */
  readonly count: Int32Array<SharedArrayBuffer>;
  /** Goes into the fingerprints, so that nobody can upload types that fall on one. */
  readonly key: string;
}

/** A set of function types of which only the number is of interest. One thread adds, all may read. */
export class TypeCensus {
  readonly share: CensusShare;

  constructor(share: CensusShare) {
    this.share = share;
  }

  /** An empty census with room for `limit` types; twice as many places, so that a search stays short. */
  static create(limit: number = MAX_TYPES): TypeCensus {
    const places = 2 ** Math.ceil(Math.log2(2 * limit));
    return new TypeCensus({
      places: new BigUint64Array(new SharedArrayBuffer(8 * places)),
      count: new Int32Array(new SharedArrayBuffer(4)),
      key: randomBytes(16).toString('hex'),
    });
  }

  /** Distinct types so far. */
  get count(): number {
    return Atomics.load(this.share.count, 0);
  }

  /**
   * Counts the types of a module, before V8 sees it. Throws `refused_module`, and counts nothing, when they would be more than the
   * census has room for.
   */
  admit(signatures: readonly Signature[]): void {
    const limit = this.share.places.length / 2;
    const found = [...new Set(signatures)].map((signature) => this.#find(this.#fingerprint(signature)));
    const fresh = found.filter(({ known }) => !known);
    if (this.count + fresh.length > limit) {
      throw new KerbError(
        'refused_module',
        `function types: this process has seen ${this.count} of at most ${limit} distinct ones, and the module brings ${fresh.length}; restart Kerb`,
      );
    }
    // Two new types may have found the same empty place: each is looked up once more.
    for (const { fingerprint } of fresh) this.share.places[this.#find(fingerprint).place] = fingerprint;
    Atomics.add(this.share.count, 0, fresh.length);
  }

  #fingerprint(signature: Signature): bigint {
    return BigInt(`0x${hash('sha256', this.share.key + signature).slice(0, 16)}`) || 1n;
  }

  #find(fingerprint: bigint): { readonly fingerprint: bigint; readonly place: number; readonly known: boolean } {
    const { places } = this.share;
    const mask = places.length - 1;
    for (let place = Number(fingerprint & BigInt(mask)); ; place = (place + 1) & mask) {
      if (places[place] === fingerprint) return { fingerprint, place, known: true };
      if (places[place] === 0n) return { fingerprint, place, known: false };
    }
  }
}
