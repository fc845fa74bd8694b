/*
 * Kerb's kerb_jwt for C guests, beside http_handler.h: tokens of the issuers that the manifest trusts.
 */
#ifndef KERB_JWT_H
#define KERB_JWT_H

#include "http_handler.h"

/* What jwt_verify answers beside the errors of kerb_fetch.h: not granted, too many, no request, cancelled. */
enum {
  ERR_BAD_TOKEN = -17, /* no token, not signed by the issuer, or not for this audience */
  ERR_EXPIRED = -18,   /* over, or not valid yet */
  ERR_NO_KEYS = -19    /* the issuer's keys cannot be had now */
};

/*
 * Verifies a token without "Bearer" and writes its claims, JSON, if they fit in limit bytes; answers their length. May wait for the
 * issuer's keys.
 */
__attribute__((import_module("kerb_jwt"), import_name("verify"))) int
jwt_verify(const char *issuer, u32 issuer_length, const char *token, u32 token_length, void *buf, u32 limit);

#endif
