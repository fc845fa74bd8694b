#include "png.h"
#include "huffman.h"

#define ROW_MAX (PNG_WIDTH_MAX * 3)
/* Filtered bytes gathered for one deflate block; each block becomes one IDAT chunk. */
#define BLOCK 24576
#define END_OF_BLOCK 256
/* Shortest run worth a length code, and the longest that one code can say. */
#define RUN_MIN 3
#define RUN_MAX 258

static u32 row_bytes;
static u8 previous[ROW_MAX];
static u8 block[BLOCK];
static u32 block_length;
static u32 adler_a, adler_b;

/* A chunk under construction: 4 bytes length, 4 bytes type, the data, 4 bytes CRC. A block of literals needs at most 15/8. */
static u8 chunk[BLOCK * 2 + 512];
static u32 chunk_length;
static u32 bits, bit_count;
static u32 crc_table[256];

static u32 counts[SYMBOLS];
static u8 lengths[SYMBOLS];
static u16 codes[SYMBOLS];

static void put_u32(u8 *at, u32 value) {
  at[0] = (u8)(value >> 24), at[1] = (u8)(value >> 16), at[2] = (u8)(value >> 8), at[3] = (u8)value;
}

static u32 crc_of(const u8 *at, u32 length) {
  u32 crc = ~0u;
  for (u32 i = 0; i < length; i++) crc = crc_table[(crc ^ at[i]) & 255] ^ crc >> 8;
  return ~crc;
}

static void make_crc_table(void) {
  for (u32 n = 0; n < 256; n++) {
    u32 c = n;
    for (u32 k = 0; k < 8; k++) c = c & 1 ? 0xedb88320u ^ c >> 1 : c >> 1;
    crc_table[n] = c;
  }
}

static void chunk_begin(const char *type) {
  for (u32 i = 0; i < 4; i++) chunk[4 + i] = (u8)type[i];
  chunk_length = 8;
}

static void chunk_byte(u32 byte) { chunk[chunk_length++] = (u8)byte; }

static void chunk_end(void) {
  put_u32(chunk, chunk_length - 8);
  put_u32(chunk + chunk_length, crc_of(chunk + 4, chunk_length - 4));
  write_body(RESPONSE, chunk, chunk_length + 4);
}

/* Deflate fills bytes from their low end. */
static void put_bits(u32 value, u32 count) {
  bits |= value << bit_count;
  bit_count += count;
  for (; bit_count >= 8; bit_count -= 8, bits >>= 8) chunk_byte(bits);
}

static void put_symbol(u32 symbol) { put_bits(codes[symbol], lengths[symbol]); }

/* How often the byte at `at` comes again right after itself, at most RUN_MAX times. */
static u32 run_after(u32 at) {
  u32 run = 0;
  while (run < RUN_MAX && at + 1 + run < block_length && block[at + 1 + run] == block[at]) run++;
  return run;
}

/* The length code of a run and its extra bits (RFC 1951 section 3.2.5). */
static u32 length_symbol(u32 run, u32 *extra_count, u32 *extra) {
  u32 offset = run - RUN_MIN;
  *extra_count = *extra = 0;
  if (run == RUN_MAX) return 285;
  if (offset < 8) return 257 + offset;
  u32 width = 31 - (u32)__builtin_clz(offset);
  *extra_count = width - 2;
  *extra = offset & ((1u << *extra_count) - 1);
  return 257 + (width - 1) * 4 + (offset >> *extra_count & 3);
}

/* A run is a copy from distance 1: the only distance there is, one bit. */
static void put_run(u32 run) {
  u32 extra_count, extra;
  put_symbol(length_symbol(run, &extra_count, &extra));
  put_bits(extra, extra_count);
  put_bits(0, 1);
}

static void count_symbols(void) {
  u32 unused_count, unused;
  for (u32 s = 0; s < SYMBOLS; s++) counts[s] = 0;
  counts[END_OF_BLOCK] = 1;
  for (u32 i = 0; i < block_length; i++) {
    counts[block[i]]++;
    u32 run = run_after(i);
    if (run < RUN_MIN) continue;
    counts[length_symbol(run, &unused_count, &unused)]++;
    i += run;
  }
}

/*
 * The head of a dynamic block (RFC 1951 section 3.2.7). The code lengths are themselves sent in a code in which each of
 * 0 to 15 has four bits, so a length is its own number with the bits reversed; repeats are not used.
 */
static void put_block_head(u32 last) {
  put_bits(last, 1);
  put_bits(2, 2);
  put_bits(SYMBOLS - 257, 5);
  put_bits(0, 5);
  put_bits(19 - 4, 4);
  for (u32 i = 0; i < 19; i++) put_bits(i < 3 ? 0 : 4, 3);
  for (u32 s = 0; s <= SYMBOLS; s++) {
    u32 length = s < SYMBOLS ? lengths[s] : 1;
    put_bits((length & 1) << 3 | (length & 2) << 1 | (length & 4) >> 1 | length >> 3, 4);
  }
}

static void deflate_block(u32 last) {
  count_symbols();
  huffman_build(counts, lengths, codes);
  put_block_head(last);
  for (u32 i = 0; i < block_length; i++) {
    put_symbol(block[i]);
    u32 run = run_after(i);
    if (run < RUN_MIN) continue;
    put_run(run);
    i += run;
  }
  put_symbol(END_OF_BLOCK);
  block_length = 0;
}

static void flush_block(void) {
  chunk_begin("IDAT");
  deflate_block(0);
  chunk_end();
}

static void put_filtered(u32 byte) {
  byte &= 255;
  adler_a += byte;
  if (adler_a >= 65521) adler_a -= 65521;
  adler_b += adler_a;
  if (adler_b >= 65521) adler_b -= 65521;
  block[block_length++] = (u8)byte;
  if (block_length == BLOCK) flush_block();
}

static int distance(int a, int b) { return a > b ? a - b : b - a; }

/* PNG section 9.4. */
static u32 paeth(int left, int up, int corner) {
  int guess = left + up - corner;
  int to_left = distance(guess, left), to_up = distance(guess, up), to_corner = distance(guess, corner);
  if (to_left <= to_up && to_left <= to_corner) return (u32)left;
  return (u32)(to_up <= to_corner ? up : corner);
}

void png_begin(u32 width, u32 height) {
  static const u8 signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  static const u8 kind[5] = {8, 2, 0, 0, 0};
  row_bytes = width * 3;
  for (u32 i = 0; i < row_bytes; i++) previous[i] = 0;
  adler_a = 1, adler_b = 0, block_length = 0, bits = 0, bit_count = 0;
  make_crc_table();
  write_body(RESPONSE, signature, sizeof signature);
  chunk_begin("IHDR");
  put_u32(chunk + 8, width);
  put_u32(chunk + 12, height);
  chunk_length += 8;
  for (u32 i = 0; i < 5; i++) chunk_byte(kind[i]);
  chunk_end();
  /* The zlib head is a chunk of its own: the bits after it start on a byte. */
  chunk_begin("IDAT");
  chunk_byte(0x78), chunk_byte(0x01);
  chunk_end();
}

void png_row(const u8 *row) {
  put_filtered(4);
  for (u32 i = 0; i < row_bytes; i++) {
    int left = i < 3 ? 0 : row[i - 3], corner = i < 3 ? 0 : previous[i - 3];
    put_filtered(row[i] - paeth(left, previous[i], corner));
  }
  for (u32 i = 0; i < row_bytes; i++) previous[i] = row[i];
}

void png_end(void) {
  chunk_begin("IDAT");
  deflate_block(1);
  if (bit_count) put_bits(0, 8 - bit_count);
  put_u32(chunk + chunk_length, adler_b << 16 | adler_a);
  chunk_length += 4;
  chunk_end();
  chunk_begin("IEND");
  chunk_end();
}
