/** What is looked at before a database is used: every way through its tree, and every entry that one leads to. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { unusable, type Database } from './database.ts';
import { CHECK_MS_PER_TURN, ENTRY_MS, STEPS_PER_LOOK } from './limits.ts';

/**
 * Walks the search tree and reads each entry once, some milliseconds per turn of the event loop. Rejects with `bad_config` when a way
 * leads out of the file or never ends, or an entry cannot be read, or not in a moment: what is damaged would be found by a guest.
 */
export async function checkDatabase(database: Database): Promise<void> {
  const walk = new TreeWalk(database);
  let turnBegan = performance.now();
  while (walk.step(STEPS_PER_LOOK)) {
    if (performance.now() - turnBegan < CHECK_MS_PER_TURN) continue;
    await nextTurn();
    turnBegan = performance.now();
  }
}

/** Where a walk is at one depth: a node, and which of its two records is next. */
interface Place {
  readonly node: number;
  side: 0 | 1 | 2;
}

/** A walk by depth; what several ways lead to is looked at once. */
class TreeWalk {
  readonly #database: Database;
  readonly #bits: number;
  /** The bits of the address so far. */
  readonly #path: Uint8Array;
  readonly #way: Place[] = [{ node: 0, side: 0 }];
  readonly #nodes: Uint8Array;
  readonly #entries = new Set<number>();

  constructor(database: Database) {
    this.#database = database;
    this.#bits = database.shape.ipVersion === 4 ? 32 : 128;
    this.#path = new Uint8Array(this.#bits);
    this.#nodes = new Uint8Array(database.shape.nodeCount);
  }

  /** Goes on for so many records; `false`: it has ended. */
  step(records: number): boolean {
    for (let i = 0; i < records; i++) {
      const place = this.#way.at(-1);
      if (place === undefined) return false;
      if (place.side === 2) this.#way.pop();
      else this.#follow(place, place.side);
    }
    return true;
  }

  #follow(place: Place, side: 0 | 1): void {
    const { nodeCount } = this.#database.shape;
    this.#path[this.#way.length - 1] = side;
    place.side = side === 0 ? 1 : 2;
    const record = recordOf(this.#database, place.node, side);
    if (record > nodeCount) this.#checkEntry(place.node, record);
    if (record >= nodeCount || this.#nodes[record] === 1) return;
    if (this.#way.length === this.#bits) throw unusable(`node ${place.node} is deeper than an address is long`);
    this.#nodes[record] = 1;
    this.#way.push({ node: record, side: 0 });
  }

  #checkEntry(node: number, record: number): void {
    if (this.#entries.has(record)) return;
    this.#entries.add(record);
    const { dataAt, bytes, shape } = this.#database;
    const at = record - shape.nodeCount + dataAt - SEPARATOR_BYTES;
    if (at < dataAt || at >= bytes.length) throw unusable(`node ${node} leads out of the data`);
    const address = addressOf(this.#path.subarray(0, this.#way.length), this.#bits);
    // Whatever else the process does may take its time once, hardly twice.
    if (readMs(this.#database, address) > ENTRY_MS && readMs(this.#database, address) > ENTRY_MS)
      throw unusable(`the entry of ${address} has no end in sight`);
  }
}

const SEPARATOR_BYTES = 16;

/** One of the two records of a node: 24, 28 or 32 bits; of 28, the upper four bits of both share the byte in the middle. */
function recordOf({ bytes, shape }: Database, node: number, side: 0 | 1): number {
  const at = (node * shape.recordBits) / 4;
  if (shape.recordBits === 32) return bytes.readUInt32BE(at + 4 * side);
  if (shape.recordBits === 24) return bytes.readUIntBE(at + 3 * side, 3);
  const middle = bytes.readUInt8(at + 3);
  return (side === 0 ? middle >> 4 : middle & 0x0f) * 2 ** 24 + bytes.readUIntBE(at + 4 * side, 3);
}

/** The first address of a prefix, as text. */
function addressOf(prefix: Uint8Array, bits: number): string {
  const group = bits === 32 ? 8 : 16;
  const groups = Array.from({ length: bits / group }, () => 0);
  for (const [at, bit] of prefix.entries()) {
    const index = Math.floor(at / group);
    groups[index] = (groups[index] ?? 0) | (bit << (group - 1 - (at % group)));
  }
  return bits === 32 ? groups.join('.') : groups.map((value) => value.toString(16)).join(':');
}

function readMs(database: Database, address: string): number {
  const began = performance.now();
  try {
    database.record(address);
  } catch {
    throw unusable(`the entry of ${address} cannot be read`);
  }
  return performance.now() - began;
}
