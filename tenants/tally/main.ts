/**
 * A CGI program that counts lines, words and bytes of what it is sent, while it comes: a body of any size takes 64 KiB of memory.
 * Written against the import module itself, which AssemblyScript needs no library for.
 */
@external("wasi_snapshot_preview1", "fd_read")
declare function fd_read(fd: i32, buffers: usize, count: i32, read: usize): i32;
@external("wasi_snapshot_preview1", "fd_write")
declare function fd_write(fd: i32, buffers: usize, count: i32, written: usize): i32;

const STDIN: i32 = 0;
const STDOUT: i32 = 1;
const CHUNK_BYTES: i32 = 32768;
const CHUNK = memory.data(CHUNK_BYTES);
/** A buffer's place and length, and behind it how many bytes were moved. */
const BUFFER = memory.data(12, 4);

/** The next bytes of the body in CHUNK; 0 at its end, or less when it breaks off. */
function read(): i32 {
  store<u32>(BUFFER, <u32>CHUNK);
  store<u32>(BUFFER, CHUNK_BYTES, 4);
  if (fd_read(STDIN, BUFFER, 1, BUFFER + 8) != 0) return -1;
  return load<i32>(BUFFER, 8);
}

/** Writes all of it: a write may take less. */
function write(text: string): void {
  const bytes = String.UTF8.encode(text);
  let at = changetype<usize>(bytes);
  let left = bytes.byteLength;
  while (left > 0) {
    store<u32>(BUFFER, <u32>at);
    store<u32>(BUFFER, left, 4);
    if (fd_write(STDOUT, BUFFER, 1, BUFFER + 8) != 0) return;
    const taken = load<i32>(BUFFER, 8);
    at += taken;
    left -= taken;
  }
}

function isBlank(byte: u8): bool {
  return byte == 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

let lines: i64 = 0;
let words: i64 = 0;
let total: i64 = 0;
let inside = false;
for (let length = read(); length > 0; length = read()) {
  total += length;
  for (let at = 0; at < length; at++) {
    const byte = load<u8>(CHUNK + at);
    if (byte == 0x0a) lines++;
    const blank = isBlank(byte);
    if (!blank && !inside) words++;
    inside = !blank;
  }
}
write("Content-Type: application/json\n\n");
write('{"lines":' + lines.toString() + ',"words":' + words.toString() + ',"bytes":' + total.toString() + "}\n");
