import { describe, expect, it } from 'vitest';
import { digestOf, faultIn, requestText, type Answer, type Exchange } from '../../../src/lab/exchange.ts';

const FROM = '127.0.0.1:40000';
const RIGHT: Exchange = { request: '', status: 200, field: ['location', '/there'], body: 'fine' };
const answer = (difference: Partial<Answer> = {}): Answer => ({
  status: 200,
  outcome: '',
  head: 'HTTP/1.1 200 OK\r\ndate: now\r\nLocation:  /there',
  body: 'fine',
  ...difference,
});

describe('requestText', () => {
  it('is a request on the wire', () => {
    const text = requestText({ method: 'POST', target: '/x', host: 'a.localhost', type: 'text/plain', body: 'abc' });
    expect(text).toBe(
      'POST /x HTTP/1.1\r\nHost: a.localhost\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nabc',
    );
    expect(requestText({ method: 'GET', target: '/', host: 'b' })).toBe('GET / HTTP/1.1\r\nHost: b\r\n\r\n');
  });
});

describe('faultIn', () => {
  it('finds none in the right answer', () => {
    expect(faultIn(answer(), RIGHT, FROM)).toBeNull();
  });

  it.each([
    ['another status', { status: 204 }, 'the status is 204, not 200'],
    ['another field', { head: 'HTTP/1.1 200 OK\r\nlocation: /elsewhere' }, 'location is "/elsewhere", not "/there"'],
    ['no such field', { head: 'HTTP/1.1 200 OK' }, 'location is "", not "/there"'],
    ['a byte too few', { body: 'fin' }, 'the body is "fin", not "fine"'],
    ['another byte', { body: 'finé' }, 'the body is "finé", not "fine"'],
  ])('finds %s', (_, difference, fault) => {
    expect(faultIn(answer(difference), RIGHT, FROM)).toBe(fault);
  });

  it('knows a long body by its digest, its own texts aside', () => {
    const right: Exchange = {
      ...RIGHT,
      field: null,
      body: { sha256: digestOf('I am *, you are *.'), own: (from) => ['t1.localhost', from] },
    };
    const of = (body: string): string | null => faultIn(answer({ body }), right, FROM);
    expect(of(`I am t1.localhost, you are ${FROM}.`)).toBeNull();
    expect(of(`I am t2.localhost, you are ${FROM}.`)).toContain('does not name t1.localhost');
    expect(of('I am t1.localhost, you are 127.0.0.1:1.')).toContain(`does not name ${FROM}`);
    expect(of(`I am t1.localhost, you were ${FROM}.`)).toContain('another SHA-256');
  });

  it('finds every single byte that is another, in short bodies and long ones', () => {
    const text = `I am t1.localhost, \u00e9\0\u00ff, you are ${FROM}.`;
    const long = { sha256: digestOf('I am *, \u00e9\0\u00ff, you are *.'), own: () => ['t1.localhost', FROM] };
    for (const body of [text, long]) {
      const right: Exchange = { ...RIGHT, field: null, body };
      expect(faultIn(answer({ body: text }), right, FROM)).toBeNull();
      for (let at = 0; at < text.length; at++) {
        const other = String.fromCharCode(text.charCodeAt(at) ^ 1);
        const wrong = text.slice(0, at) + other + text.slice(at + 1);
        expect(faultIn(answer({ body: wrong }), right, FROM)).not.toBeNull();
      }
    }
  });
});
