/** The address databases as one thread uses them. */
import { isIP } from 'node:net';
import type { Geo, GeoAnswer } from '../capability/geo.ts';
import { Database } from './database.ts';
import { placeOf } from './place.ts';

/** An IPv4 address in an IPv6 one (RFC 4291 section 2.5.5.2): databases have it as IPv4. */
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** See {@link Geo}. Has no database until {@link use} gives some. */
export class Databases implements Geo {
  #databases: readonly Database[] = [];

  /** Looks up in these from now on. They have been checked: throws `bad_config` for bytes that are no database. */
  use(files: readonly SharedArrayBuffer[]): void {
    this.#databases = files.map((bytes) => new Database(bytes));
  }

  lookup(text: string): GeoAnswer {
    const address = MAPPED.exec(text)?.[1] ?? text;
    if (isIP(address) === 0 || address.includes('%')) return { kind: 'no_address' };
    if (this.#databases.length === 0) return { kind: 'no_database' };
    return {
      kind: 'place',
      place: placeOf(
        address,
        this.#databases.map((database) => recordOf(database, address)),
      ),
    };
  }
}

/** A damaged entry is one that says nothing: the check looks at many entries, not at all. */
function recordOf(database: Database, address: string): unknown {
  try {
    return database.record(address);
  } catch {
    return null;
  }
}
