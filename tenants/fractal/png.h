/* Writes a PNG as the response body, row by row: 24-bit colour, Paeth filter, run lengths and Huffman codes (RFC 1951). */
#ifndef PNG_H
#define PNG_H
#include "../bindings/http_handler.h"

/* Largest width in pixels. */
#define PNG_WIDTH_MAX 1024

/* Starts a picture of `width` x `height` pixels, each at most PNG_WIDTH_MAX. */
void png_begin(u32 width, u32 height);
/* Adds the next row: width x 3 bytes, red first. Called exactly `height` times. */
void png_row(const u8 *row);
/* Ends the picture. */
void png_end(void);

#endif
