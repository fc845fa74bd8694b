/** From what went wrong in a transport to what the port says. */
import { errors } from 'undici';
import { BackendError, type BackendFault } from '../capability/backend.ts';

/** Error codes whose fault is not told by their prefix. */
const FAULT_OF_CODE: Readonly<Record<string, BackendFault>> = {
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  ETIMEDOUT: 'timeout',
  ENOTFOUND: 'dns',
  UND_ERR_DESTROYED: 'aborted',
  UND_ERR_CLOSED: 'aborted',
  UND_ERR_ABORTED: 'aborted',
  UND_ERR_HEADERS_OVERFLOW: 'protocol',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'protocol',
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: 'protocol',
  UND_ERR_INVALID_ARG: 'protocol',
  UND_ERR_NOT_SUPPORTED: 'protocol',
  // Want of our own system's: descriptors of the process and of the machine, local ports, buffers. They say nothing of the backend.
  EMFILE: 'overloaded',
  ENFILE: 'overloaded',
  EADDRNOTAVAIL: 'overloaded',
  ENOBUFS: 'overloaded',
};

const SENTENCES: Readonly<Record<BackendFault, string>> = {
  refused_address: 'its address is refused',
  dns: 'its name cannot be resolved',
  connect: 'the connection could not be made or was lost',
  timeout: 'it took too long',
  protocol: 'it does not speak proper HTTP/1.1, or was sent a body of another length than announced',
  aborted: 'the exchange was given up',
  overloaded: 'there is no room for another connection',
  resting: 'it failed too often and is left alone for a while',
  budget: 'the request has made as many subrequests as it may',
};

/**
 * The error as the port's. Codes are kept, since they help the tenant; messages are not, since those of the system name
 * addresses of our network. The original is the `cause`.
 *
 * @param authority - The backend's host and port, for the message.
 */
export function toBackendError(error: unknown, authority: string): BackendError {
  if (error instanceof BackendError) return error;
  const code = codeOf(error);
  const fault = error instanceof errors.HTTPParserError ? 'protocol' : faultOf(code);
  return new BackendError(fault, `${authority}: ${SENTENCES[fault]}${code === '' ? '' : ` (${code})`}`, {
    cause: error,
  });
}

/** Whether a name could not be looked up for want of our own system's. */
export function isLocalWant(error: unknown): boolean {
  return faultOf(codeOf(error)) === 'overloaded';
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  return typeof code === 'string' ? code : '';
}

function faultOf(code: string): BackendFault {
  if (code.startsWith('EAI_')) return 'dns';
  return Object.hasOwn(FAULT_OF_CODE, code) ? (FAULT_OF_CODE[code] ?? 'connect') : 'connect';
}
