/** The program behind the bare transport: what Kerb is built on, answering without a guest. Prints its port. */
import { Transport, type TransportResponse } from '../../src/server/transport.ts';
import { EXCHANGES } from '../workload.ts';

const { hello, echo } = EXCHANGES;
const greeting = Buffer.from(hello.responseBody);

function send(response: TransportResponse, contentType: string, body: Buffer | ArrayBuffer): void {
  response.cork(() => {
    response.writeHeader('content-type', contentType);
    response.end(body);
  });
}

/** The body of a small request comes in one piece, which is lent for the length of the call: enough to answer in it. */
function sendEcho(response: TransportResponse): void {
  let parts: Buffer | null = null;
  response.onAborted(() => undefined);
  response.onData((lent, last) => {
    if (last && parts === null) return send(response, echo.contentType, lent);
    parts = Buffer.concat([parts ?? Buffer.alloc(0), Buffer.from(lent)]);
    return last ? send(response, echo.contentType, parts) : undefined;
  });
}

const transport = new Transport((response, request) => {
  if (request.getMethod() === 'post') sendEcho(response);
  else send(response, hello.contentType, greeting);
});
const port = transport.listen('127.0.0.1', 0);
if (port === null) throw new Error('no free port on 127.0.0.1');
process.stdout.write(`listening on ${port}\n`);
