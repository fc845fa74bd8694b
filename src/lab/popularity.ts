/** How often each tenant is asked: the shapes that real platforms have. */
import { shuffled, type Random } from './random.ts';

/** The shapes. */
export const SHAPES = ['azure', 'zipf'] as const;

/** A member of {@link SHAPES}. */
export type Shape = (typeof SHAPES)[number];

/** A part of the tenants, and how often one of them is asked, in requests a second. */
export interface PopularityClass {
  readonly name: string;
  readonly share: number;
  readonly least: number;
  readonly most: number;
}

const HOUR = 3_600;

/**
 * The apps of Azure Functions in two weeks of 2019 (Shahrad et al., Serverless in the Wild, USENIX ATC 2020, section 3.3): 45 % are invoked once
 * an hour or less, 81 % once a minute or less, and 3 % more than once a second. Outer ends are ours: once a day, a hundred times a second.
 */
export const AZURE_2019: readonly PopularityClass[] = Object.freeze([
  { name: 'at most once an hour', share: 0.45, least: 1 / (24 * HOUR), most: 1 / HOUR },
  { name: 'up to once a minute', share: 0.36, least: 1 / HOUR, most: 1 / 60 },
  { name: 'up to once a second', share: 0.16, least: 1 / 60, most: 1 },
  { name: 'more', share: 0.03, least: 1, most: 100 },
]);

/** Which shape. */
export interface PopularityOptions {
  readonly tenants: number;
  readonly shape: Shape;
  /** Of Zipf's law: the tenant at rank r gets 1 / r to this power. */
  readonly exponent: number;
}

/** How often each tenant is asked beside the others, in an order of chance. The numbers are positive; their sum means nothing. */
export function popularityOf({ tenants, shape, exponent }: PopularityOptions, random: Random): number[] {
  return shuffled(shape === 'azure' ? azure(tenants, random) : zipf(tenants, exponent), random);
}

/** Each class as many tenants as its share says, spread evenly over its orders of magnitude. */
function azure(tenants: number, random: Random): number[] {
  let [share, given] = [0, 0];
  return AZURE_2019.flatMap((one) => {
    share += one.share;
    const count = Math.round(share * tenants) - given;
    given += count;
    return Array.from({ length: count }, () => one.least * (one.most / one.least) ** random());
  });
}

function zipf(tenants: number, exponent: number): number[] {
  return Array.from({ length: tenants }, (_, rank) => (rank + 1) ** -exponent);
}

/** Draws places of `weights`, each as often as its weight says. Throws `TypeError` without a positive weight. */
export class WeightedDraw {
  readonly #ends: Float64Array;
  readonly #random: Random;
  readonly #sum: number;

  constructor(weights: readonly number[], random: Random) {
    this.#ends = new Float64Array(weights.length);
    this.#random = random;
    this.#sum = weights.reduce((sum, weight, place) => (this.#ends[place] = sum + weight), 0);
    if (!(this.#sum > 0)) throw new TypeError('nothing has a weight');
  }

  /** A place. */
  next(): number {
    const wanted = this.#random() * this.#sum;
    let [low, high] = [0, this.#ends.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ends[middle] as number) > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** Seconds until the next of things that come at random `perSecond` times a second (a Poisson process). */
export function waitOf(perSecond: number, random: Random): number {
  return -Math.log(1 - random()) / perSecond;
}
