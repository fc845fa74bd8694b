/** Kerb's kerb_geo for AssemblyScript guests: where an address is, by the databases that the operator gave. The manifest says geo = true. */

@external("kerb_geo", "lookup")
declare function lookup(address: usize, length: u32, buf: usize, limit: u32): i32;

/** There is no database. */
export const ABSENT: i32 = -20;
/** It is no address. */
export const INVALID: i32 = -3;

/** Room for what is known; more is asked for again. */
const USUAL = 1024;

/** What lookupPlace found wrong, or 0. */
export let geoError: i32 = 0;

/**
 * What is known of an address, a JSON object: address, continent, country_code, country, region_code, region, city, postal_code,
 * latitude, longitude, time_zone, as_number, as_name, each null where no database says. An empty address is the client's. null: there is
 * none, and `geoError` says why.
 */
export function lookupPlace(address: string = ""): string | null {
  const a = String.UTF8.encode(address);
  let buffer = new ArrayBuffer(USUAL);
  let length = lookup(changetype<usize>(a), a.byteLength, changetype<usize>(buffer), USUAL);
  if (length > USUAL) {
    buffer = new ArrayBuffer(length);
    length = lookup(changetype<usize>(a), a.byteLength, changetype<usize>(buffer), length);
  }
  geoError = length < 0 ? length : 0;
  return length < 0 ? null : String.UTF8.decodeUnsafe(changetype<usize>(buffer), length);
}
