/** What an archive is refused with. */
import { KerbError } from '../errors.ts';
import { quoted } from './manifest-quote.ts';
import { clipped } from '../quoted.ts';

const MESSAGE_CHARS = 199;

/** `bad_request`: the archive is not one that is taken. `fault` says what is wrong and what to do. */
export function archiveFault(fault: string): KerbError {
  return new KerbError('bad_request', clipped(`the archive ${fault}`, MESSAGE_CHARS));
}

/** `bad_request` for one entry of the archive; its name is quoted. */
export function entryFault(name: string, fault: string): KerbError {
  return archiveFault(`has ${quoted(name)}, which ${fault}`);
}

/** `too_large`, with the limit and what to do. */
export function archiveTooLarge(fault: string): KerbError {
  return new KerbError('too_large', clipped(`the archive ${fault}`, MESSAGE_CHARS));
}

/** For an archive that ends in the middle. */
export function cutOff(): KerbError {
  return archiveFault('ends in the middle: it was cut off; pack and send it again');
}
