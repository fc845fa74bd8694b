import { describe, expect, test } from 'vitest';
import { HeaderList } from '../../../../src/http/headers.ts';
import type { RequestHead } from '../../../../src/http/message.ts';
import { argumentsOf } from '../../../../src/abi/wasi-cgi/arguments.ts';
import { MAX_ARGUMENTS } from '../../../../src/abi/wasi-cgi/limits.ts';
import { decoded, pathOf, variablesOf } from '../../../../src/abi/wasi-cgi/variables.ts';

function request(fields: readonly (readonly [string, string])[], target = '/'): RequestHead {
  const client = { ip: '::1', port: 5 };
  return { method: 'GET', target, protocol: 'HTTP/1.1', headers: HeaderList.from(fields), client };
}

function variables(fields: readonly (readonly [string, string])[], own = {}): Record<string, string> {
  return Object.fromEntries(variablesOf(request(fields), pathOf('/', '/'), own));
}

describe('a target', () => {
  test.each([
    ['/a/b?c', '/', { script: '', info: '/a/b', query: 'c' }],
    ['/app/x', '/app', { script: '/app', info: '/x', query: '' }],
    ['/app', '/app', { script: '/app', info: '', query: '' }],
    ['/app?x', '/app', { script: '/app', info: '', query: 'x' }],
    ['/a?b?c', '/', { info: '/a', query: 'b?c' }],
    ['/%2F%2e%2E', '/', { info: '//..', rawInfo: '/%2F%2e%2E' }],
  ])('%s below %s is taken apart', (target, prefix, parts) => {
    expect(pathOf(target, prefix)).toMatchObject(parts);
  });

  test.each([
    ['a%20b', 'a b'],
    ['%C3%BC', 'ü'],
    ['%FF', '\ufffd'],
    ['%', '%'],
    ['%4', '%4'],
    ['%zz', '%zz'],
    ['%00', '%00'],
    ['a%00%41', 'a%00A'],
    ['%2500', '%00'],
    ['+', '+'],
  ])('%j decodes to %j', (text, plain) => {
    expect(decoded(text)).toBe(plain);
  });
});

describe('the translated path', () => {
  test.each([
    ['/app/a%20b/c?d', '/app', '/a b/c'],
    ['/app', '/app', ''],
    ['/', '/', '/'],
    ['/%2e%2e/%2Fetc/passwd', '/', '/..//etc/passwd'],
  ])('of %s below %s is the path in the tree of the program, and no other', (target, prefix, path) => {
    const found = Object.fromEntries(variablesOf(request([], target), pathOf(target, prefix), {}));
    expect(found).toMatchObject({ PATH_INFO: path, PATH_TRANSLATED: path });
  });

  test('is no field of the client', () => {
    expect(variables([['path-translated', '/etc']])).toMatchObject({
      PATH_TRANSLATED: '/',
      HTTP_PATH_TRANSLATED: '/etc',
    });
  });
});

describe('fields', () => {
  test('become variables in upper case', () => {
    expect(variables([['x-a-b', '1']])).toMatchObject({ HTTP_X_A_B: '1' });
  });

  test.each([
    'proxy',
    'Proxy',
    'PROXY',
    'x_a',
    'proxy_',
    'x.a',
    'connection',
    'te',
    'transfer-encoding',
    'content-type',
  ])('%s becomes none', (name) => {
    expect(Object.keys(variables([[name, '1']])).filter((key) => key.startsWith('HTTP_'))).toEqual([]);
  });

  test('of one name are joined', () => {
    const fields = [
      ['accept', 'a'],
      ['Accept', 'b'],
      ['cookie', 'c=1'],
      ['cookie', 'd=2'],
    ] as const;
    expect(variables(fields)).toMatchObject({ HTTP_ACCEPT: 'a, b', HTTP_COOKIE: 'c=1; d=2' });
  });

  test("never take the place of what the tenant has set, nor of the request's own variables", () => {
    const found = variables([['x-mode', 'client']], { HTTP_X_MODE: 'tenant', SERVER_NAME: 'tenant.test' });
    expect(found).toMatchObject({ HTTP_X_MODE: 'tenant', SERVER_NAME: 'tenant.test' });
  });
});

describe('the host', () => {
  test.each([
    ['a.test', 'a.test', '80'],
    ['A.test:8080', 'a.test', '8080'],
    ['[::1]:8080', '[::1]', '8080'],
    ['[::1]', '[::1]', '80'],
  ])('%s is name and port', (host, name, port) => {
    expect(variables([['host', host]])).toMatchObject({ HTTP_HOST: host, SERVER_NAME: name, SERVER_PORT: port });
  });
});

describe('the length', () => {
  test.each([
    [[['content-length', '5']], '5'],
    [[['content-length', '0']], undefined],
    [[['transfer-encoding', 'chunked']], undefined],
    [[], undefined],
  ] as const)('of %o is %s', (fields, length) => {
    expect(variables(fields)['CONTENT_LENGTH']).toBe(length);
  });
});

describe('arguments', () => {
  function words(query: string): string[] {
    return argumentsOf(pathOf(`/app/x?${query}`, '/app')).slice(1);
  }

  test('begin with the script', () => {
    expect(argumentsOf(pathOf('/app/x', '/app'))).toEqual(['/app']);
    expect(argumentsOf(pathOf('/x', '/'))).toEqual(['/']);
  });

  test('of the tenant take the place of those of the query, options too', () => {
    expect(argumentsOf(pathOf('/x?a+b', '/'), ['-m', 'page'])).toEqual(['/', '-m', 'page']);
    expect(argumentsOf(pathOf('/x?a+b', '/'), [])).toEqual(['/']);
  });

  test.each([
    ['a=1&b=2+3', ['a=1', 'b=2 3']],
    ['a+b%2Bc', ['a', 'b+c']],
    ['a=%2Bx', ['a=+x']],
    ['&&a=1&', ['a=1']],
    ['+a++b+', ['a', 'b']],
    ['a=%00', ['a=%00']],
  ])('of %j are %j', (query, expected) => {
    expect(words(query)).toEqual(expected);
  });

  test.each(['-s', '%2Ds', 'a+-s', 'a=1&-d=2', '-d+allow_url_include%3d1', '--', `a${'+a'.repeat(MAX_ARGUMENTS)}`])(
    'of %j are none',
    (query) => {
      expect(words(query)).toEqual([]);
    },
  );
});
