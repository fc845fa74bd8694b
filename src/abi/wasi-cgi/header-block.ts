/** What a program writes before its blank line: RFC 3875 section 6. */
import { isToken, trimFieldValue } from '../../http/fields.ts';
import { parseContentLength } from '../../http/framing.ts';
import { HeaderList } from '../../http/headers.ts';
import type { ResponseHead } from '../../http/message.ts';
import { GuestFault } from '../guest-fault.ts';
import { MAX_HEADER_LINES } from './limits.ts';

const LF = 0x0a;
const CR = 0x0d;

/** Fields of which a program must write one (section 6.3). */
const CGI_FIELDS = ['content-type', 'location', 'status'] as const;

/**
 * Where the header block ends, behind its blank line; -1: the line has not come yet. Lines end in `\n` or `\r\n`.
 *
 * @param from - Where to look from on: all before has been looked at, but for its last two bytes.
 */
export function endOfBlock(bytes: Uint8Array, from: number): number {
  if (from === 0 && blankAt(bytes, 0) !== -1) return blankAt(bytes, 0);
  for (let at = bytes.indexOf(LF, from); at !== -1; at = bytes.indexOf(LF, at + 1)) {
    const end = blankAt(bytes, at + 1);
    if (end !== -1) return end;
  }
  return -1;
}

/** Where an empty line that begins at `at` ends; -1: there is none. */
function blankAt(bytes: Uint8Array, at: number): number {
  if (bytes[at] === LF) return at + 1;
  return bytes[at] === CR && bytes[at + 1] === LF ? at + 2 : -1;
}

/**
 * The head that a block asks for. Throws {@link GuestFault} `no_response`, which names the line, for a line without a colon or with a
 * name that is no token, a continued line, a second or malformed `Status`, a `Content-Length` that is no number, and a block with
 * neither `Content-Type`, `Location` nor `Status`.
 */
export function parseHeaderBlock(text: string): ResponseHead {
  const headers = new HeaderList();
  const lines = text.split('\n').filter((line) => line !== '' && line !== '\r');
  if (lines.length > MAX_HEADER_LINES) throw refused(`has more than ${MAX_HEADER_LINES} lines`);
  for (const [index, line] of lines.entries())
    addLine(headers, line.endsWith('\r') ? line.slice(0, -1) : line, index + 1);
  if (!CGI_FIELDS.some((name) => headers.has(name)))
    throw refused('has neither Content-Type, Location nor Status; write one');
  const status = statusOf(headers);
  headers.delete('status');
  const length = headers.get('content-length');
  if (length !== undefined && parseContentLength(length) === null)
    throw refused('has a Content-Length that is no number');
  return { status, headers };
}

function addLine(headers: HeaderList, line: string, number: number): void {
  const colon = line.indexOf(':');
  if (colon === -1) throw refused(`has a line without a colon (line ${number})`);
  const name = line.slice(0, colon);
  if (!isToken(name)) throw refused(`has a name that is no token (line ${number})`);
  headers.append(name, trimFieldValue(line.slice(colon + 1)));
}

/** `Status: 404 Not Found`, of which the words are nobody's; 302 for `Location` alone; else 200. */
function statusOf(headers: HeaderList): number {
  const given = headers.getAll('status');
  if (given.length > 1) throw refused('has a second Status');
  const [text] = given;
  if (text === undefined) return headers.has('location') ? 302 : 200;
  const found = /^(\d{3})(?:[ \t].*)?$/.exec(text);
  if (found === null) throw refused('has a Status that does not begin with three digits');
  return Number(found[1]);
}

function refused(fault: string): GuestFault {
  return new GuestFault(`the header block of the response ${fault}`, 'no_response');
}
