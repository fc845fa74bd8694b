/** From the records of databases to a place: the members that MaxMind's layout has, each checked for its type. */
import type { Place } from '../capability/geo.ts';
import { MAX_TEXT_CHARS } from './limits.ts';

type Path = readonly (string | number)[];

/** Where each text is in a record. */
const TEXTS = {
  continent: ['continent', 'code'],
  country_code: ['country', 'iso_code'],
  country: ['country', 'names', 'en'],
  region_code: ['subdivisions', 0, 'iso_code'],
  region: ['subdivisions', 0, 'names', 'en'],
  city: ['city', 'names', 'en'],
  postal_code: ['postal', 'code'],
  time_zone: ['location', 'time_zone'],
  as_name: ['autonomous_system_organization'],
} as const satisfies Partial<Record<keyof Place, Path>>;

/** Where each number is. */
const NUMBERS = {
  latitude: ['location', 'latitude'],
  longitude: ['location', 'longitude'],
  as_number: ['autonomous_system_number'],
} as const satisfies Partial<Record<keyof Place, Path>>;

/** What records say of an address. Of several that have a member, the first counts; what is of another type counts as not there. */
export function placeOf(address: string, records: readonly unknown[]): Place {
  const text = (path: Path): string | null => firstOf(records, path, isText)?.slice(0, MAX_TEXT_CHARS) ?? null;
  const number = (path: Path): number | null => firstOf(records, path, isNumber) ?? null;
  return {
    address,
    continent: text(TEXTS.continent),
    country_code: text(TEXTS.country_code),
    country: text(TEXTS.country),
    region_code: text(TEXTS.region_code),
    region: text(TEXTS.region),
    city: text(TEXTS.city),
    postal_code: text(TEXTS.postal_code),
    latitude: number(NUMBERS.latitude),
    longitude: number(NUMBERS.longitude),
    time_zone: text(TEXTS.time_zone),
    as_number: number(NUMBERS.as_number),
    as_name: text(TEXTS.as_name),
  };
}

function firstOf<T>(records: readonly unknown[], path: Path, is: (value: unknown) => value is T): T | undefined {
  for (const record of records) {
    const value = path.reduce<unknown>(memberOf, record);
    if (is(value)) return value;
  }
  return undefined;
}

function memberOf(value: unknown, name: string | number): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string | number, unknown>>)[name];
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
