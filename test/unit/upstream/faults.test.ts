import { errors } from 'undici';
import { describe, expect, test } from 'vitest';
import { BackendError } from '../../../src/capability/backend.ts';
import { toBackendError } from '../../../src/upstream/faults.ts';

describe('every failure has a fault', () => {
  test.each([
    ['ENOTFOUND', 'dns'],
    ['EAI_AGAIN', 'dns'],
    ['ECONNREFUSED', 'connect'],
    ['ECONNRESET', 'connect'],
    ['EHOSTUNREACH', 'connect'],
    ['EMFILE', 'overloaded'],
    ['ENFILE', 'overloaded'],
    ['EADDRNOTAVAIL', 'overloaded'],
    ['ENOBUFS', 'overloaded'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'connect'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'connect'],
    ['UND_ERR_SOCKET', 'connect'],
    ['ETIMEDOUT', 'timeout'],
    ['UND_ERR_CONNECT_TIMEOUT', 'timeout'],
    ['UND_ERR_HEADERS_TIMEOUT', 'timeout'],
    ['UND_ERR_BODY_TIMEOUT', 'timeout'],
    ['UND_ERR_HEADERS_OVERFLOW', 'protocol'],
    ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'protocol'],
    ['UND_ERR_DESTROYED', 'aborted'],
    ['constructor', 'connect'],
    ['__proto__', 'connect'],
  ])('%s is %s', (code, fault) => {
    const error = toBackendError(Object.assign(new Error('x'), { code }), 'app.example');
    expect(error).toMatchObject({ fault, name: 'BackendError' });
    expect(error.message).toContain(code);
  });

  test('a parser error is one of protocol, whatever its code', () => {
    expect(toBackendError(new errors.HTTPParserError('x'), 'a').fault).toBe('protocol');
  });

  test.each([null, undefined, 'text', 7, { code: 'ENOTFOUND' }])('%j is a lost connection', (error) => {
    expect(toBackendError(error, 'a').fault).toBe('connect');
  });
});

test('messages of the system, which name addresses, stay in the cause', () => {
  const cause = Object.assign(new Error('connect ECONNREFUSED 10.1.2.3:80'), { code: 'ECONNREFUSED' });
  const error = toBackendError(cause, 'app.example');
  expect(error.message).toBe('app.example: the connection could not be made or was lost (ECONNREFUSED)');
  expect(error.cause).toBe(cause);
});

test("the port's own errors pass as they are", () => {
  const own = new BackendError('dns', 'x');
  expect(toBackendError(own, 'a')).toBe(own);
});
