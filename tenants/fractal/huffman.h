/* Huffman codes for one deflate block (RFC 1951 section 3.2.2). */
#ifndef HUFFMAN_H
#define HUFFMAN_H
#include "../bindings/http_handler.h"

/* 256 literals, the end of the block, and the length codes 257 to 285. */
#define SYMBOLS 286
#define CODE_LENGTH_MAX 15

/*
 * From how often each symbol occurs (`counts`, changed) computes code lengths of at most CODE_LENGTH_MAX, 0 for a symbol
 * that does not occur, and the codes themselves with their bits reversed, as deflate writes them. At least two symbols
 * must occur.
 */
void huffman_build(u32 *counts, u8 *lengths, u16 *codes);

#endif
