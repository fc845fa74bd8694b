import { describe, expect, test } from 'vitest';
import { parseAuthority } from '../../../src/http/authority.ts';

describe('reads', () => {
  test.each<[string, string, number | null]>([
    ['app.example', 'app.example', null],
    ['App.EXAMPLE', 'app.example', null],
    ['app.example.', 'app.example', null],
    ['app.example.:80', 'app.example', 80],
    ['localhost', 'localhost', null],
    ['site.localhost:8080', 'site.localhost', 8080],
    ['a_b.example', 'a_b.example', null],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example', null],
    ['1.example', '1.example', null],
    ['0xcafe.example', '0xcafe.example', null],
    ['192.0.2.1', '192.0.2.1', null],
    ['192.0.2.1:65535', '192.0.2.1', 65_535],
    ['app.example:', 'app.example', null],
    ['app.example:0', 'app.example', 0],
    ['app.example:00080', 'app.example', 80],
    ['[::1]', '[::1]', null],
    ['[::1]:8080', '[::1]', 8080],
    ['[2001:DB8:0:0:0:0:0:1]', '[2001:db8::1]', null],
    ['[::ffff:192.0.2.1]', '[::ffff:c000:201]', null],
  ])('%s', (text, host, port) => expect(parseAuthority(text)).toEqual({ host, port }));

  test('the longest label and the longest name', () => {
    const label = 'a'.repeat(63);
    const name = `${label}.${label}.${label}.${'a'.repeat(61)}`;
    expect(name.length).toBe(253);
    expect(parseAuthority(name)?.host).toBe(name);
    expect(parseAuthority(`${name}.`)?.host).toBe(name);
    expect(parseAuthority(`a${name}`)).toBeNull();
    expect(parseAuthority(`${label}a.example`)).toBeNull();
    expect(parseAuthority(`example.${label}a`)).toBeNull();
  });
});

describe('refuses', () => {
  test.each([
    '',
    '.',
    '..',
    ':80',
    '.example',
    'a..b',
    'a.b..',
    'a b',
    ' a',
    'a ',
    'a\t',
    'a\0b',
    'a\r\nb',
    'a/b',
    'a\\b',
    'a?b',
    'a#b',
    'a@b',
    'user:pass@a',
    'a%41',
    'a%2eb',
    'a,b',
    'a;b',
    "a'b",
    'a*b',
    'bücher.example',
    'ａpp.example',
    'a。b',
    '\u212Aerb.example',
  ])('name %j', (text) => expect(parseAuthority(text)).toBeNull());

  test.each([
    '127.1',
    '2130706433',
    '0x7f000001',
    '0X7F.1',
    '1.2.3',
    '1.2.3.4.5',
    '256.0.0.1',
    '01.2.3.4',
    '1.2.3.4x.5',
    'a.0x',
    '0177.0.0.1',
  ])('number %j', (text) => expect(parseAuthority(text)).toBeNull());

  test.each([
    '[',
    ']',
    '[]',
    '[::1',
    '::1',
    '[::1]x',
    '[::1]8080',
    '[::1]:x',
    '[fe80::1%25eth0]',
    '[fe80::1%eth0]',
    '[v1.a]',
    '[127.0.0.1]',
    '[[::1]]',
  ])('brackets %j', (text) => expect(parseAuthority(text)).toBeNull());

  test.each(['a:-1', 'a:+1', 'a: 80', 'a:80 ', 'a:65536', 'a:000080', 'a:8a', 'a:80:80', 'a:0x50', 'a:٨٠'])(
    'port %j',
    (text) => expect(parseAuthority(text)).toBeNull(),
  );
});
