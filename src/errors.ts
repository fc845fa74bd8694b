/** The error that hostile or bad input ends in, with its closed list of codes. */

/**
 * What went wrong, for programs. A caller's mistake is a `TypeError` and a guest's failure an {@link ./outcome.ts outcome};
 * neither has a code here.
 */
export type KerbErrorCode =
  /** A command-line flag or environment variable is unknown or has a bad value. */
  | 'bad_config'
  /** A manifest does not parse, or breaks its schema. */
  | 'bad_manifest'
  /** Bytes that are not a valid WebAssembly core module. */
  | 'bad_module'
  /** A valid module that Kerb does not run: a limit, a refused feature, a missing grant. */
  | 'refused_module'
  /** A file or folder that is named does not exist or cannot be read. */
  | 'not_found'
  /** The address to listen on is taken or not allowed. */
  | 'cannot_listen'
  /** Two deployments claim the same host and path. */
  | 'route_conflict'
  /** A request to the control plane, or a value in it, is malformed. */
  | 'bad_request'
  /** No token, or one that is not valid. */
  | 'unauthorized'
  /** A valid token that does not allow this. */
  | 'forbidden'
  /** What is asked for cannot be done as things stand. */
  | 'conflict'
  /** Somebody else has changed it meanwhile. */
  | 'precondition_failed'
  /** A version may do more than the active one, and nobody has accepted that. */
  | 'wider_capabilities'
  /** A module that must be signed by a known key is not. */
  | 'signature_required'
  /** More bytes, entries or keys than are taken. */
  | 'too_large'
  /** Stored bytes are not what was stored. */
  | 'corrupt'
  /** This build cannot do it. */
  | 'unsupported';

/**
 * Bad input, explained: `message` says what was wrong and where, `details` lists every fault when there are several,
 * each in under 200 characters and with its remedy.
 */
export class KerbError extends Error {
  override readonly name = 'KerbError';
  readonly code: KerbErrorCode;
  readonly details: readonly string[];

  constructor(code: KerbErrorCode, message: string, details: readonly string[] = []) {
    super(message);
    this.code = code;
    this.details = details;
  }

  /** The message and every detail, one a line: what a person reads. */
  explain(): string {
    return [this.message, ...this.details.map((detail) => `  - ${detail}`)].join('\n');
  }
}

/** The code of an error of the system, such as `ENOENT`; of any other error, what it says. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
