/** Members only: a limit by address, a token that must be valid, visits counted for each member, and then the site itself. */
import { DONE, RESPONSE, setHeader, uri } from '../bindings/http_handler';
import { bearerToken, clientAddress, countUp, jsonMember, rateAllows, refuse, respondFrom } from '../bindings/kerb_edge';
import { verifyToken } from '../bindings/kerb_jwt';

export function handle_request(): u64 {
  if (!rateAllows(clientAddress(), 10, 30)) return refuse(429, 'Too many requests.\n');
  const claims = verifyToken('idp', bearerToken());
  const member = claims === null ? '' : jsonMember(claims, 'sub');
  if (member == '') {
    setHeader(RESPONSE, 'www-authenticate', 'Bearer');
    return refuse(401, 'Members have a token.\n');
  }
  const visits = countUp('visits', member);
  if (visits == 0) return refuse(503, 'Visits cannot be counted now.\n');
  if (respondFrom('site', uri()) < 0) return refuse(502, 'The site gives no answer.\n');
  setHeader(RESPONSE, 'x-visits', visits.toString());
  return DONE;
}

export function handle_response(context: u32, isError: u32): void {}
