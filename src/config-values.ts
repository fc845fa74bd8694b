/** The values that settings can have: from text to value, `null` for text that is none. */
import { isIP, isIPv4 } from 'node:net';
import { LOG_LEVELS, type LogLevel } from './log-level.ts';

/** A range of addresses: `address` is in canonical spelling, `prefix` the number of leading bits that count. */
export interface Cidr {
  readonly address: string;
  readonly prefix: number;
  /** As `net.BlockList.addSubnet` takes it. */
  readonly family: 'ipv4' | 'ipv6';
}

/** Where access log lines go. */
export type AccessLogTarget =
  { readonly kind: 'stdout' } | { readonly kind: 'off' } | { readonly kind: 'file'; readonly path: string };

/**
 * Reads `address/prefix`; a bare address is the range of itself alone. `null` for anything else, zone identifiers and other
 * spellings of IPv4 (`127.1`, `0x7f000001`) included.
 */
export function parseCidr(text: string): Cidr | null {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0 || address.includes('%')) return null;
  const widest = family === 4 ? 32 : 128;
  const prefix = bits === undefined ? widest : wholeNumber(0, widest)(bits);
  if (prefix === null) return null;
  if (isIPv4(address)) return Object.freeze({ address, prefix, family: 'ipv4' });
  return Object.freeze({ address: new URL(`http://[${address}]`).hostname.slice(1, -1), prefix, family: 'ipv6' });
}

/** A reader of whole numbers from `least` to `most`, in decimal digits alone. `null` for anything else. */
export function wholeNumber(least: number, most: number): (text: string) => number | null {
  return (text) => {
    const value = /^[0-9]{1,9}$/.test(text) ? Number(text) : NaN;
    return value >= least && value <= most ? value : null;
  };
}

/** An address or name to listen on. `null` for anything else, other spellings of IPv4 included. */
export function listenHost(text: string): string | null {
  if (isIP(text) !== 0) return text;
  const isName = /^(?!-)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*$/.test(text) && text.length <= 253;
  return isName && !/^[0-9.]+$/.test(text) ? text : null;
}

/** A path; `null` when it is empty or has a NUL. */
export function filePath(text: string): string | null {
  return text === '' || text.includes('\0') ? null : text;
}

/** `-` is standard output, `off` nowhere, anything else a file. `null` for what is no path. */
export function accessLogTarget(text: string): AccessLogTarget | null {
  if (text === '-') return Object.freeze({ kind: 'stdout' });
  if (text === 'off') return Object.freeze({ kind: 'off' });
  const path = filePath(text);
  return path === null ? null : Object.freeze({ kind: 'file', path });
}

/** A level by its name; `null` for anything else. */
export function logLevel(text: string): LogLevel | null {
  return LOG_LEVELS.find((level) => level === text) ?? null;
}
