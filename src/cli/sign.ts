/** The signature of a module: made here, so that the private key stays on this machine. */
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { KerbError } from '../errors.ts';
import { UsageError, type CommandContext } from './command.ts';
import { readFileUpTo } from './input.ts';
import type { AppUpload } from './upload.ts';

/** A private key as a JWK has some 300 bytes. */
const MAX_KEY_BYTES = 16 * 1024;

/**
 * The header field that carries the signature over the SHA-256 of the module; none without `--sign`. Throws {@link UsageError} for a package,
 * of which the module is not at hand, and `KerbError` for a file that is no private key; nothing of the key is in a message.
 */
export async function signatureOf(
  { module }: Pick<AppUpload, 'module'>,
  { options, cwd }: Pick<CommandContext, 'options' | 'cwd'>,
): Promise<Record<string, string>> {
  const file = options.text('sign');
  if (file === undefined) return {};
  if (module === null) throw new UsageError('--sign: a package cannot be signed; name its folder or its .wasm');
  const key = keyOf(await readFileUpTo(resolve(cwd, file), MAX_KEY_BYTES), file);
  // Loaded for those who sign: its cryptography is a large import.
  const { signModule } = await import('../auth/module-signature.ts');
  return { 'kerb-signature': await signModule(key, createHash('sha256').update(module).digest('hex')) };
}

function keyOf(bytes: Uint8Array, file: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    throw new KerbError('bad_request', `--sign: ${file} is not JSON; name the file of a private JWK`);
  }
}
