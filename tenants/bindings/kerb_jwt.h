/*
 * Kerb's kerb_jwt for C guests, beside http_handler.h: tokens of the issuers that the manifest trusts, and signs as.
 */
#ifndef KERB_JWT_H
#define KERB_JWT_H

#include "http_handler.h"

/* What they answer beside the errors of kerb_fetch.h: not granted, too many, no request, cancelled. */
enum {
  ERR_BAD_TOKEN = -17, /* no token, not signed by the issuer, or not for this audience */
  ERR_EXPIRED = -18,   /* over, or not valid yet */
  ERR_NO_KEYS = -19    /* the issuer's keys cannot be had now, or the key to sign with */
};

/*
 * Verifies a token without "Bearer" and writes its claims, JSON, if they fit in limit bytes; answers their length. May wait for the
 * issuer's keys.
 */
__attribute__((import_module("kerb_jwt"), import_name("verify"))) int
jwt_verify(const char *issuer, u32 issuer_length, const char *token, u32 token_length, void *buf, u32 limit);

/*
 * Signs claims, a JSON object without iss, aud, iat and exp, which the host adds; writes the token if it fits in limit bytes (8192
 * always do) and answers its length. A ttl of 0 seconds: that of the manifest. Waits.
 */
__attribute__((import_module("kerb_jwt"), import_name("sign"))) int
jwt_sign(const char *issuer, u32 issuer_length, const char *claims, u32 claims_length, u32 ttl_seconds, void *buf, u32 limit);

#endif
