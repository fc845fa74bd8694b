/* Members only: a limit by address, a token that must be valid, visits counted for each member, and then the site itself. */
#include "../bindings/kerb_edge.h"

EXPORT(handle_request) u64 handle_request(void) {
  if (!rate_allows(client_address(), 10, 30)) return refuse(429, TEXT("Too many requests.\n"));
  text claims = jwt_claims(TEXT("idp"), bearer_token());
  text member = json_member(claims, TEXT("sub"));
  if (member.length == 0) {
    respond_header(TEXT("www-authenticate"), TEXT("Bearer"));
    return refuse(401, TEXT("Members have a token.\n"));
  }
  u64 visits = kv_count(TEXT("visits"), member);
  if (visits == 0) return refuse(503, TEXT("Visits cannot be counted now.\n"));
  if (respond_from(TEXT("site"), request_target()) < 0) return refuse(502, TEXT("The site gives no answer.\n"));
  respond_header(TEXT("x-visits"), decimal(visits));
  return DONE;
}

EXPORT(handle_response) void handle_response(u32 context, u32 is_error) { (void)context, (void)is_error; }
