import { describe, expect, test } from 'vitest';
import type { BackendRequest } from '../../../src/capability/backend.ts';
import { BytesSource } from '../../../src/http/body.ts';
import { HeaderList } from '../../../src/http/headers.ts';
import { checkOutgoing, outgoingFields } from '../../../src/upstream/outgoing.ts';
import { requestOf } from './origin.ts';

/** The outgoing fields as a list, to ask by name. */
function outgoing(parts: Partial<BackendRequest>): HeaderList {
  const flat = outgoingFields(requestOf(parts));
  const list = new HeaderList();
  for (let i = 0; i < flat.length; i += 2) list.append(flat[i] ?? '', flat[i + 1] ?? '');
  return list;
}

const forwarded = { for: '192.0.2.7', proto: 'http', host: 'app.example' } as const;

describe('who the request is for', () => {
  test('is what the host says: claims of the client and of the guest are dropped', () => {
    const headers = HeaderList.from([
      ['X-Forwarded-For', '10.0.0.1'],
      ['x-forwarded-for', '10.0.0.2'],
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-Host', 'admin.example'],
      ['Forwarded', 'for=10.0.0.1'],
    ]);
    const list = outgoing({ headers, forwarded });
    expect(list.getAll('x-forwarded-for')).toEqual(['192.0.2.7']);
    expect(list.getAll('x-forwarded-proto')).toEqual(['http']);
    expect(list.getAll('x-forwarded-host')).toEqual(['app.example']);
    expect(list.getAll('forwarded')).toEqual(['for=192.0.2.7;host="app.example";proto=http']);
  });

  test('is nobody when the host names nobody', () => {
    const headers = HeaderList.from([
      ['X-Forwarded-For', '10.0.0.1'],
      ['Forwarded', 'for=10.0.0.1'],
      ['X-Forwarded-Host', 'x'],
    ]);
    expect(outgoing({ headers }).names()).toEqual(['via', 'cdn-loop']);
  });

  test('cannot be removed by nominating it in Connection', () => {
    const headers = HeaderList.from([['Connection', 'X-Forwarded-For, CDN-Loop, Via']]);
    const list = outgoing({ headers, forwarded: { ...forwarded, cdnLoop: 'kerb' } });
    expect(list.get('x-forwarded-for')).toBe('192.0.2.7');
    expect(list.get('cdn-loop')).toBe('kerb, kerb');
    expect(list.get('via')).toBe('1.1 kerb');
  });
});

describe('loop marks', () => {
  test('of the client go on although the guest drops them', () => {
    expect(outgoing({ forwarded: { ...forwarded, cdnLoop: 'a, kerb' } }).getAll('cdn-loop')).toEqual(['a, kerb, kerb']);
  });

  test('of the request go on when the host gives none', () => {
    const headers = HeaderList.from([
      ['cdn-loop', 'a'],
      ['cdn-loop', 'kerb'],
    ]);
    expect(outgoing({ headers, forwarded }).getAll('cdn-loop')).toEqual(['a, kerb, kerb']);
  });
});

describe('framing and addressing', () => {
  test("are never the guest's", () => {
    const headers = HeaderList.from([
      ['Host', 'evil.example'],
      ['Content-Length', '5'],
      ['Transfer-Encoding', 'chunked'],
      ['TE', 'trailers'],
      ['Expect', '100-continue'],
      ['Trailer', 'x'],
      ['Proxy-Authorization', 'x'],
      ['Accept', '*/*'],
    ]);
    expect(outgoing({ headers }).names()).toEqual(['accept', 'via', 'cdn-loop']);
  });

  test('a length is said for a body alone', () => {
    expect(outgoing({ contentLength: 3 }).has('content-length')).toBe(false);
    expect(outgoing({ contentLength: 3, body: new BytesSource(Buffer.from('abc')) }).get('content-length')).toBe('3');
  });

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('a length of %d is refused', (contentLength) => {
    expect(() => checkOutgoing(requestOf({ contentLength }))).toThrow(/length/);
  });

  test.each(['PROPFIND', 'get', 'M-SEARCH'])("method %s is the backend's business", (method) => {
    expect(() => checkOutgoing(requestOf({ method }))).not.toThrow();
  });
});
