/** HTTP dates: the three forms of RFC 9110 §5.6.7, and nothing that only resembles them. */

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] as const;

const MONTH = '(?<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)';
const TIME = '(?<hour>\\d{2}):(?<minute>\\d{2}):(?<second>\\d{2})';

/**
 * IMF-fixdate, rfc850-date and asctime-date. Case is not minded, as common recipients do not mind it; blanks and digits
 * are counted. The name of the weekday must be one, and is not compared with the date.
 */
const FORMS: readonly RegExp[] = [
  new RegExp(`^(?:mon|tue|wed|thu|fri|sat|sun), (?<day>\\d{2}) ${MONTH} (?<year>\\d{4}) ${TIME} gmt$`, 'i'),
  new RegExp(`^(?:mon|tues|wednes|thurs|fri|satur|sun)day, (?<day>\\d{2})-${MONTH}-(?<year>\\d{2}) ${TIME} gmt$`, 'i'),
  new RegExp(`^(?:mon|tue|wed|thu|fri|sat|sun) ${MONTH} (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})$`, 'i'),
];

/**
 * Milliseconds since 1970 that an HTTP date says, or `null` for any other text.
 *
 * @param nowMs - Decides the century of a year of two digits: one over 50 years ahead was in the past (RFC 9110 §5.6.7).
 */
export function parseHttpDate(text: string, nowMs: number): number | null {
  for (const form of FORMS) {
    const groups = form.exec(text)?.groups;
    if (groups !== undefined) return momentOf(groups, nowMs);
  }
  return null;
}

/** `ms` since 1970 as an IMF-fixdate, in whole seconds. */
export function formatHttpDate(ms: number): string {
  return new Date(ms).toUTCString();
}

function momentOf(groups: Readonly<Record<string, string>>, nowMs: number): number | null {
  const part = (name: string): number => Number(groups[name]);
  const month = MONTHS.indexOf((groups['month'] ?? '').toLowerCase() as (typeof MONTHS)[number]);
  const [year, day] = [fullYear(groups['year'] ?? '', nowMs), part('day')];
  const [hour, minute, second] = [part('hour'), part('minute'), part('second')];
  if (hour > 23 || minute > 59 || second > 60) return null;
  const midnight = new Date(0);
  midnight.setUTCFullYear(year, month, day);
  // The 31st of a short month, or the 0th of any, is a day of another one.
  if (midnight.getUTCMonth() !== month) return null;
  return midnight.getTime() + ((hour * 60 + minute) * 60 + second) * 1000;
}

function fullYear(digits: string, nowMs: number): number {
  if (digits.length === 4) return Number(digits);
  const thisYear = new Date(nowMs).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + Number(digits);
  return year > thisYear + 50 ? year - 100 : year;
}
