import { describe, expect, test } from 'vitest';
import { HeaderList } from '../../../src/http/headers.ts';
import { REQUEST_FAULTS, checkRequest, checkTarget } from '../../../src/http/request-gate.ts';
import type { RequestFault } from '../../../src/http/request-gate.ts';

type Pairs = [string, string][];

/** The verdict on a request that is sound but for what is given. */
function verdict(parts: {
  method?: string;
  target?: string;
  host?: string | null;
  fields?: Pairs;
}): RequestFault | null {
  const host = parts.host === undefined ? 'app.example' : parts.host;
  const pairs: Pairs = [...(host === null ? [] : ([['host', host]] as Pairs)), ...(parts.fields ?? [])];
  const headers = HeaderList.from(pairs);
  return checkRequest({ method: parts.method ?? 'GET', target: parts.target ?? '/', headers });
}

describe('sound requests pass', () => {
  test.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'])('method %s', (method) => {
    expect(verdict({ method })).toBeNull();
  });

  test.each(['/', '/a/b?c=d&e=%20', '/?', '//double', "/~!$&'()*+,;=:@", '/q?x=[]{}|\\^`"<>', `/${'a'.repeat(3000)}`])(
    'target %s',
    (target) => expect(verdict({ target })).toBeNull(),
  );

  test.each(['app.example', 'APP.example.', 'app.example:8080', '127.0.0.1:1', '[::1]:443', 'app.example:'])(
    'host %s',
    (host) => expect(verdict({ host })).toBeNull(),
  );

  test.each(['0', '1', '007', '9007199254740991'])('Content-Length %s', (length) => {
    expect(verdict({ fields: [['content-length', length]] })).toBeNull();
  });

  test.each(['chunked', 'Chunked', 'CHUNKED'])('Transfer-Encoding %s', (coding) => {
    expect(verdict({ fields: [['transfer-encoding', coding]] })).toBeNull();
  });

  test('list fields may stand more than once', () => {
    const fields: Pairs = [
      ['accept', 'a/b'],
      ['accept', 'c/d'],
      ['cookie', 'a=1'],
      ['cookie', 'b=2'],
      ['if-none-match', '"a"'],
      ['if-none-match', '"b"'],
    ];
    expect(verdict({ fields })).toBeNull();
  });

  test('values may be empty, hold tabs, and text above ASCII', () => {
    const fields: Pairs = [
      ['x-empty', ''],
      ['x-tab', 'a\tb'],
      ['x-text', 'Zürich 東京'],
    ];
    expect(verdict({ fields })).toBeNull();
  });
});

describe('request smuggling is refused', () => {
  test.each([
    ['CL.CL with different lengths', '5', '6'],
    ['CL.CL with equal lengths', '5', '5'],
  ])('%s', (_, first, second) => {
    const fields: Pairs = [
      ['content-length', first],
      ['content-length', second],
    ];
    expect(verdict({ method: 'POST', fields })).toBe('repeated_content_length');
  });

  test.each([
    '+5',
    '-5',
    ' 5',
    '5 ',
    '5,5',
    '5, 5',
    '0x5',
    '5e1',
    '5.0',
    '',
    'five',
    '٥',
    '5\u00005',
    '9007199254740992',
  ])('Content-Length %j', (length) =>
    expect(verdict({ method: 'POST', fields: [['content-length', length]] })).toBe('bad_content_length'),
  );

  test('a Content-Length whose zeros overflow another parser', () => {
    expect(verdict({ fields: [['content-length', '00000000000000000005']] })).toBe('bad_content_length');
  });

  test.each([
    'xchunked',
    'chunkedx',
    'chunked, identity',
    'identity, chunked',
    'gzip',
    ' chunked',
    'chunked;q=1',
    '',
    '"chunked"',
  ])('Transfer-Encoding %j', (coding) =>
    expect(verdict({ method: 'POST', fields: [['transfer-encoding', coding]] })).toBe('bad_transfer_encoding'),
  );

  test('Transfer-Encoding with a letter that only lower-cases to k', () => {
    expect(verdict({ fields: [['transfer-encoding', 'chun\u212Aed']] })).toBe('bad_transfer_encoding');
  });

  test('TE.TE, with the second one hidden', () => {
    const fields: Pairs = [
      ['transfer-encoding', 'chunked'],
      ['transfer-encoding', 'identity'],
    ];
    expect(verdict({ method: 'POST', fields })).toBe('repeated_transfer_encoding');
  });

  test('CL.TE and TE.CL', () => {
    const length: [string, string] = ['content-length', '5'];
    const coding: [string, string] = ['transfer-encoding', 'chunked'];
    expect(verdict({ method: 'POST', fields: [length, coding] })).toBe('ambiguous_length');
    expect(verdict({ method: 'POST', fields: [coding, length] })).toBe('ambiguous_length');
  });

  test('the zero length beside chunks is ambiguous too', () => {
    const fields: Pairs = [
      ['content-length', '0'],
      ['transfer-encoding', 'chunked'],
    ];
    expect(verdict({ fields })).toBe('ambiguous_length');
  });
});

describe('routing to another tenant is refused', () => {
  test('no Host', () => expect(verdict({ host: null })).toBe('missing_host'));

  test('two Hosts, even equal ones', () => {
    expect(verdict({ fields: [['host', 'evil.example']] })).toBe('repeated_host');
    expect(verdict({ fields: [['host', 'app.example']] })).toBe('repeated_host');
  });

  test.each([
    '',
    ' ',
    'a b',
    'user@app.example',
    'app.example/evil',
    'app.example#',
    'a,b',
    'app..example',
    '[::1',
    'app.example:x',
  ])('Host %j', (host) => expect(verdict({ host })).toBe('bad_host'));

  test.each(['http://evil.example/', 'https://app.example/', '*', 'evil.example:443', '', 'a', '?q', '\\', ' /'])(
    'target %j is not in origin form',
    (target) => expect(verdict({ method: 'OPTIONS', target })).toBe('target_form'),
  );
});

describe('cache keys that collapse are refused', () => {
  test.each(['/a\uFFFDb', '/\xff', '/\xe9', '/東', '/a b', '/a\tb', '/a\0', '/a\r\nX: y', '/a\x7f', '/a#b', '/?a#'])(
    'target %j',
    (target) => expect(verdict({ target })).toBe('target_byte'),
  );
});

describe('methods', () => {
  test.each(['CONNECT', 'TRACK', 'PRI', 'get', 'Get', '', 'GET ', 'G\0T', 'PROPFIND', '__proto__', 'constructor'])(
    '%j is refused',
    (method) => expect(verdict({ method })).toBe('unknown_method'),
  );
});

describe('fields', () => {
  test.each(['', ' ', 'a b', 'a:', 'a\r', 'a\0', 'é', 'a(b)', 'a/b', 'a"b', '\uFFFD', 'content-length '])(
    'name %j is refused',
    (name) => {
      expect(verdict({ fields: [[name, 'v']] })).toBe('field_name');
    },
  );

  test.each(['a\0b', 'a\rb', 'a\nb', 'a\r\nEvil: 1', '\x1b[31m', 'a\x7f', '\x01', '\x0b'])(
    'value %j is refused',
    (value) => {
      expect(verdict({ fields: [['x-any', value]] })).toBe('field_value');
      expect(verdict({ fields: [['user-agent', value]] })).toBe('field_value');
    },
  );

  test.each([
    'authorization',
    'content-type',
    'range',
    'if-range',
    'expect',
    'origin',
    'user-agent',
    'referer',
    'if-modified-since',
  ])('two values of %s are refused', (name) => {
    const fields: Pairs = [
      [name, 'a'],
      [name, 'b'],
    ];
    expect(verdict({ fields })).toBe('repeated_field');
  });

  test('the first fault in order is the verdict, and later fields do not hide it', () => {
    const fields: Pairs = [
      ['content-length', 'x'],
      ['content-length', '5'],
    ];
    expect(verdict({ fields })).toBe('bad_content_length');
  });
});

test('each fault has a sentence for the log, fit for one line', () => {
  for (const sentence of Object.values(REQUEST_FAULTS)) expect(sentence).toMatch(/^[\x20-\x7e]{20,100}$/);
});

test('a target alone is checked by the same rule', () => {
  expect(['/', '/a?b', '//x'].map(checkTarget)).toEqual([null, null, null]);
  expect(['', '*', 'http://a/'].map(checkTarget)).toEqual(['target_form', 'target_form', 'target_form']);
  expect(['/a b', '/a#', '/\xff', '/a\n'].every((target) => checkTarget(target) === 'target_byte')).toBe(true);
});
