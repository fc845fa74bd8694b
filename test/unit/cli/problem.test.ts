import { describe, expect, it } from 'vitest';
import { AnswerError, UnreachableError, isLoss, networkError, problemOf } from '../../../src/cli/problem.ts';

const URL_ = 'http://edge.example';

function failure(code: string, name = 'Error'): Error {
  return Object.assign(new Error('raw words of a library'), { code, name });
}

describe('a network error', () => {
  it.each([
    ['ECONNREFUSED', /no Kerb answers at http:\/\/edge\.example \(ECONNREFUSED\); start one with npm start/],
    ['ENOTFOUND', /no Kerb answers/],
    ['UND_ERR_CONNECT_TIMEOUT', /no Kerb answers/],
    ['ECONNRESET', /broke/],
    ['UND_ERR_SOCKET', /broke/],
    ['UND_ERR_BODY_TIMEOUT', /broke/],
    ['UND_ERR_HEADERS_TIMEOUT', /does not answer in time/],
    ['HPE_INVALID_CONSTANT', /does not speak HTTP/],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', /cannot be trusted/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /cannot be trusted/],
    ['EMFILE', /failed \(EMFILE\)/],
    ['UND_ERR_HEADERS_OVERFLOW', /failed \(UND_ERR_HEADERS_OVERFLOW\)/],
  ])('%s is told in words', (code, words) => {
    const error = networkError(failure(code), URL_);
    expect(error).toBeInstanceOf(UnreachableError);
    expect(error.message).toMatch(words);
    expect(error.message).not.toContain('raw words');
  });

  it('of time is told from one of Ctrl-C', () => {
    expect(networkError(failure('', 'TimeoutError'), URL_).message).toMatch(/in time/);
    const abort = failure('', 'AbortError');
    expect(networkError(abort, URL_)).toBe(abort);
  });

  it('that is none stays what it is', () => {
    const faults = [
      new TypeError('x'),
      failure('UND_ERR_INVALID_ARG'),
      failure('ERR_INVALID_ARG_TYPE'),
      new AnswerError('x'),
    ];
    for (const fault of faults) expect(networkError(fault, URL_)).toBe(fault);
    expect(networkError('text', URL_).message).toBe('text');
  });

  it('allows a second try only when the connection broke', () => {
    expect(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].map((code) => isLoss(failure(code)))).toEqual([true, true, true]);
    expect(['ECONNREFUSED', 'ENOTFOUND', ''].map((code) => isLoss(failure(code)))).toEqual([false, false, false]);
  });
});

describe('a refusal', () => {
  const read = (status: number, text: string): ReturnType<typeof problemOf> => problemOf(status, Buffer.from(text));

  it('is read with all its parts', () => {
    const body = { title: 'Conflict', detail: 'taken', code: 'conflict', errors: ['a', 'b'], status: 200 };
    const error = read(409, JSON.stringify(body));
    expect(error).toMatchObject({
      status: 409,
      title: 'Conflict',
      detail: 'taken',
      code: 'conflict',
      errors: ['a', 'b'],
    });
    expect(error.message).toBe('Conflict: taken');
  });

  it.each(['', '{', '[]', '3', 'null', '{"title":{},"errors":[1]}', '\xff'])(
    'of a body %j is one all the same',
    (body) => {
      expect(read(403, body)).toMatchObject({ title: 'This token does not allow it', code: null, errors: [] });
      expect(read(599, body).message).toBe('The server answered with status 599');
    },
  );
});
