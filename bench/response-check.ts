/** Proof, before and after measuring, that a server gives the answer that everybody is to give. */
import { request } from 'node:http';
import { EXCHANGES, type App } from './workload.ts';

const TIMEOUT_MS = 10_000;

/** A response as it came. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly contentLength: string;
  readonly body: string;
  /** Header fields as sent, name and value in turn. */
  readonly rawHeaders: readonly string[];
}

/** Asks once. Rejects when the connection fails or nothing comes for ten seconds. */
export function ask(port: number, app: App, host: string): Promise<Answer> {
  const { method, body } = EXCHANGES[app];
  const headers: Record<string, string> = { host };
  if (body !== null) Object.assign(headers, { 'content-type': 'application/json', 'content-length': `${body.length}` });
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, method, headers, agent: false, timeout: TIMEOUT_MS },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            contentType: response.headers['content-type'] ?? '',
            contentLength: response.headers['content-length'] ?? '',
            body: Buffer.concat(chunks).toString('latin1'),
            rawHeaders: response.rawHeaders,
          }),
        );
      },
    );
    asked.on('timeout', () => asked.destroy(new Error(`no answer from port ${port} in ${TIMEOUT_MS} ms`)));
    asked.on('error', reject);
    asked.end(body ?? undefined);
  });
}

/** What is wrong with an answer: status, content type, declared length or body differ from the one right answer. Empty: nothing. */
export function faultsOf(answer: Answer, app: App): string[] {
  const right = EXCHANGES[app];
  const faults: string[] = [];
  const expect = (what: string, got: string | number, wanted: string | number): void => {
    if (got !== wanted) faults.push(`${what} is ${clip(got)}, not ${clip(wanted)}`);
  };
  expect('the status', answer.status, right.status);
  expect('content-type', answer.contentType, right.contentType);
  expect('content-length', answer.contentLength, `${right.responseBody.length}`);
  expect('the body', answer.body, right.responseBody);
  return faults;
}

/** Bytes of the head on the wire: names, values, separators and line ends, without the status line. */
export function headBytes({ rawHeaders }: Answer): number {
  return rawHeaders.reduce((sum, part) => sum + part.length + 2, 0);
}

function clip(value: string | number): string {
  const text = JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
}
