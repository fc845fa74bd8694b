/** The Proxy-Wasm ABI, section "Serialization": maps of fields as bytes. */
import { HeaderList } from '../../http/headers.ts';

/** Bytes before and after the texts: the count; two lengths and two NULs for each pair. */
const COUNT_BYTES = 4;
const LENGTHS_BYTES = 8;
const NULS = 2;

/**
 * A list as the guest reads it: the number of pairs, the length of each name and value, then the texts with a NUL after each; numbers
 * are little-endian u32. An empty list is no bytes.
 */
export function serialize(list: HeaderList): Uint8Array {
  if (list.size === 0) return new Uint8Array(0);
  const bytes = Buffer.alloc(serializedSize(list));
  let lengths = bytes.writeUInt32LE(list.size, 0);
  let texts = COUNT_BYTES + list.size * LENGTHS_BYTES;
  list.forEach((_name, value, lowerName) => {
    for (const text of [lowerName, value]) {
      const length = bytes.write(text, texts);
      lengths = bytes.writeUInt32LE(length, lengths);
      texts += length + 1;
    }
  });
  return bytes;
}

/** Bytes of {@link serialize}. */
export function serializedSize(list: HeaderList): number {
  if (list.size === 0) return 0;
  let bytes = COUNT_BYTES;
  list.forEach((_name, value, lowerName) => {
    bytes += LENGTHS_BYTES + NULS + Buffer.byteLength(lowerName) + Buffer.byteLength(value);
  });
  return bytes;
}

/** The list that a guest has serialized; `null` when the bytes are none. Nothing, and a single 0, are the empty list. */
export function parse(given: Uint8Array): HeaderList | null {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength);
  if (bytes.length === 0 || (bytes.length === 1 && bytes[0] === 0)) return new HeaderList();
  if (bytes.length < COUNT_BYTES) return null;
  const count = bytes.readUInt32LE(0);
  const list = new HeaderList();
  let at = COUNT_BYTES + count * LENGTHS_BYTES;
  if (at > bytes.length) return null;
  for (let pair = 0; pair < count; pair++) {
    const place = COUNT_BYTES + pair * LENGTHS_BYTES;
    const [name, value] = [bytes.readUInt32LE(place), bytes.readUInt32LE(place + 4)];
    const end = at + name + value + NULS;
    if (end > bytes.length || bytes[at + name] !== 0 || bytes[end - 1] !== 0) return null;
    list.append(bytes.toString('utf8', at, at + name), bytes.toString('utf8', at + name + 1, end - 1));
    at = end;
  }
  return at === bytes.length ? list : null;
}
