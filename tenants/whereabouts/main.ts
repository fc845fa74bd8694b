/** Says what is known of an address: that in the query, `?192.0.2.1`, or else the client's. */
import { DONE, RESPONSE, setHeader, setStatus, uri, write } from '../bindings/http_handler';
import { ABSENT, geoError, lookupPlace } from '../bindings/kerb_geo';

export function handle_request(): u64 {
  const target = uri();
  const mark = target.indexOf('?');
  const place = lookupPlace(mark < 0 ? '' : target.substring(mark + 1));
  setHeader(RESPONSE, 'content-type', place === null ? 'text/plain; charset=utf-8' : 'application/json');
  if (place !== null) write(RESPONSE, place + '\n');
  else {
    setStatus(geoError == ABSENT ? 404 : 400);
    write(RESPONSE, geoError == ABSENT ? 'There is no database: start Kerb with --geo.\n' : 'This is no address.\n');
  }
  return DONE;
}

export function handle_response(context: u32, isError: u32): void {}
