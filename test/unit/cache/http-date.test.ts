import { describe, expect, test } from 'vitest';
import { formatHttpDate, parseHttpDate } from '../../../src/cache/http-date.ts';

const NOW = Date.UTC(2026, 10, 21);
const MOMENT = Date.UTC(1994, 10, 6, 8, 49, 37);

describe('an HTTP date (RFC 9110 §5.6.7)', () => {
  test.each([
    ['Sun, 06 Nov 1994 08:49:37 GMT', MOMENT],
    ['Sunday, 06-Nov-94 08:49:37 GMT', MOMENT],
    ['Sun Nov  6 08:49:37 1994', MOMENT],
    ['SUN, 06 NOV 1994 08:49:37 gmt', MOMENT],
    ['Thursday, 18-Aug-50 02:01:18 GMT', Date.UTC(2050, 7, 18, 2, 1, 18)],
    ['Monday, 01-Jan-77 00:00:00 GMT', Date.UTC(1977, 0, 1)],
    ['Sun, 21 Nov 2286 04:46:39 GMT', Date.UTC(2286, 10, 21, 4, 46, 39)],
    ['Sat, 31 Dec 2016 23:59:60 GMT', Date.UTC(2017, 0, 1)],
  ])('%s', (text, ms) => {
    expect(parseHttpDate(text, NOW)).toBe(ms);
  });

  test.each([
    ['', 'nothing'],
    ['0', 'a number'],
    ['Thu, 18 Aug 2050 02:01:18 UTC', 'another zone'],
    ['Thu, 18 Aug 2050 02:01:18 AEST', 'another zone'],
    ['Thu, 18 Aug 50 02:01:18 GMT', 'a year of two digits'],
    ['Thu 18 Aug 2050 02:01:18 GMT', 'no comma'],
    ['Thu, 18  Aug  2050 02:01:18 GMT', 'blanks'],
    ['Thu, 18-Aug-2050 02:01:18 GMT', 'dashes'],
    ['Thu, 18 Aug 2050 02.01.18 GMT', 'periods'],
    ['Thu, 18 Aug 2050 2:01:18 GMT', 'an hour of one digit'],
    ['Thu, 18 Aug 2050 24:01:18 GMT', 'an hour that is none'],
    ['Thu, 18 Aug 2050 02:60:18 GMT', 'a minute that is none'],
    ['Wed, 31 Feb 2026 02:01:18 GMT', 'a day that is none'],
    ['Wed, 00 Feb 2026 02:01:18 GMT', 'a day that is none'],
    ['2026-11-21T00:00:00Z', 'another form'],
  ])('%s is none: %s', (text) => {
    expect(parseHttpDate(text, NOW)).toBeNull();
  });

  test('is written so that it is read again', () => {
    expect(formatHttpDate(MOMENT + 999)).toBe('Sun, 06 Nov 1994 08:49:37 GMT');
    expect(parseHttpDate(formatHttpDate(MOMENT), NOW)).toBe(MOMENT);
  });
});
