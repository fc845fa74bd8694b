/** `kerb serve`, as far as it goes without serving. */
import { describe, expect, it } from 'vitest';
import { kerb } from './terminal.ts';

describe('kerb serve', () => {
  it.each(['--help', '-h'])('%s lists every flag', async (flag) => {
    const { code, stdout } = await kerb('.', 'serve', flag);
    expect(code).toBe(0);
    for (const word of ['kerb serve [flags]', '--edge-port', '--allow-backend', 'KERB_DRAIN_MS']) {
      expect(stdout).toContain(word);
    }
  });

  it('--version prints that of the package', async () => {
    expect((await kerb('.', 'serve', '--version')).stdout).toMatch(/^kerb \d+\.\d+\.\d+\n$/);
  });

  it('names every flag that is at fault', async () => {
    const { code, stderr } = await kerb('.', 'serve', '--edge-prot', '1', '--threads', 'many');
    expect(code).toBe(1);
    expect(stderr).toMatch(/did you mean --edge-port/);
    expect(stderr).toMatch(/--threads: "many" is not/);
  });

  it('gives no permission for private addresses by itself', async () => {
    const { stdout } = await kerb('.', 'serve', '--help');
    expect(stdout).toMatch(/KERB_ALLOW_BACKEND, default none/);
  });
});
