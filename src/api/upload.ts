/** Reads an upload: a bare module with its manifest beside it, or a compressed folder or package. */
import type { IncomingMessage } from 'node:http';
import { decodeBase64url } from '../auth/base64url.ts';
import type { Upload } from '../control/plane.ts';
import type { BodyOf } from './body.ts';
import { mediaType, single } from './headers.ts';
import { BODY_LIMITS, REQUEST_LIMITS } from './limits.ts';
import { badRequest, Refusal } from './refusal.ts';
import type { HeaderDeclaration } from './route.ts';
import { utf8 } from './validation.ts';

const MODULE_TYPE = 'application/wasm';

/** Fields that say more about an upload. */
export const UPLOAD_HEADERS: readonly HeaderDeclaration[] = [
  {
    name: 'kerb-manifest',
    description:
      'Text of a kerb.toml for a bare module: base64url of its UTF-8 without padding (RFC 4648 §5), at most 48 KiB of it.',
  },
  { name: 'kerb-signature', description: "Detached JWS (RFC 7515, Appendix F) over the module's SHA-256." },
];

/**
 * An upload. Whether it holds what it should is for the pipeline to say; here it is the fields beside it that are read: 400 for a
 * manifest that is not base64url of UTF-8 or comes with an archive, 413 for one that is too long, 400 for a malformed signature.
 */
export const uploadBody: BodyOf<Upload> = {
  types: [MODULE_TYPE, 'application/gzip', 'application/x-gzip'],
  maxBytes: BODY_LIMITS.upload,
  empty: 'refused',
  inspect: (request) => void besideOf(request),
  read: (bytes, request) => ({ ...besideOf(request), bytes }),
};

function besideOf(request: IncomingMessage): Omit<Upload, 'bytes'> {
  const kind = mediaType(request.headers['content-type'] ?? '') === MODULE_TYPE ? 'module' : 'archive';
  const manifest = manifestOf(request);
  if (kind === 'archive' && manifest !== null) {
    throw badRequest('the header kerb-manifest comes with an archive, which has a kerb.toml of its own; leave it out');
  }
  return { kind, manifest, signature: signatureOf(request) };
}

function manifestOf(request: IncomingMessage): string | null {
  const text = single(request, 'kerb-manifest');
  if (text === null) return null;
  if (text.length > REQUEST_LIMITS.manifestChars) {
    const message = `the header kerb-manifest has over ${REQUEST_LIMITS.manifestChars} characters; send an archive with a kerb.toml`;
    throw new Refusal(413, 'too_large', message);
  }
  const bytes = text === '' ? null : decodeBase64url(text);
  if (bytes === null) {
    throw badRequest('the header kerb-manifest is not base64url without padding; encode the text of kerb.toml so');
  }
  return utf8(bytes, 'header kerb-manifest');
}

function signatureOf(request: IncomingMessage): string | null {
  const text = single(request, 'kerb-signature');
  if (text === null) return null;
  if (text.length > REQUEST_LIMITS.signatureChars || !/^[A-Za-z0-9_-]+\.\.[A-Za-z0-9_-]+$/.test(text)) {
    throw badRequest('the header kerb-signature is not a detached JWS; it looks like <header>..<signature>');
  }
  return text;
}
