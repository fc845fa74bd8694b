/*
 * Kerb's kerb_geo for C guests: where an address is, by the databases that the operator gave. The manifest says geo = true.
 */
#ifndef KERB_GEO_H
#define KERB_GEO_H

#include "kerb.h"

/*
 * What is known of an address, a JSON object: address, continent, country_code, country, region_code, region, city, postal_code,
 * latitude, longitude, time_zone, as_number, as_name, each null where no database says. It is written if it fits in limit bytes; the
 * answer is its length. An empty address: the client's. KERB_ABSENT: there is no database; KERB_INVALID: it is no address.
 */
KERB_IMPORT("kerb_geo", "lookup") i32 geo_lookup(const char *address, unsigned length, void *buf, unsigned limit);

#endif
