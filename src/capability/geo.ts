/** The port through which a guest learns where an address is, by the databases that the operator has given. */

/**
 * What is known of an address. Members that no database says are `null`; every text is a database's own. The names are part of the
 * ABI: members may be added, none is renamed or removed.
 */
export interface Place {
  /** The address that was asked for: IPv4 dotted, IPv6 as it was written. */
  readonly address: string;
  /** Two letters: AF, AN, AS, EU, NA, OC, SA. */
  readonly continent: string | null;
  /** ISO 3166-1, two letters. */
  readonly country_code: string | null;
  /** In English, as are {@link region} and {@link city}. */
  readonly country: string | null;
  /** The second half of ISO 3166-2. */
  readonly region_code: string | null;
  readonly region: string | null;
  readonly city: string | null;
  readonly postal_code: string | null;
  /** Degrees. */
  readonly latitude: number | null;
  readonly longitude: number | null;
  /** A name of the IANA time zone database. */
  readonly time_zone: string | null;
  /** The autonomous system that announces the address, and whose that is. */
  readonly as_number: number | null;
  readonly as_name: string | null;
}

/** What is answered: a place, or that the text is no address, or that there is no database. */
export type GeoAnswer =
  | { readonly kind: 'place'; readonly place: Place }
  | { readonly kind: 'no_address' }
  | { readonly kind: 'no_database' };

/** The databases of the process. Answers at once and never throws. */
export interface Geo {
  /** @param address - IPv4 dotted, or IPv6 without brackets and zone. */
  lookup(address: string): GeoAnswer;
}

/** For processes without databases. */
export const NO_GEO: Geo = Object.freeze({ lookup: (): GeoAnswer => ({ kind: 'no_database' }) });
