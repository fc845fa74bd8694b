import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { WORK } from '../../../bench/tax-modules.ts';
import { KERNELS, REAL_MODULES } from '../../../bench/tax-subjects.ts';

const KERNELS_AT = new URL('../../../bench/guests/kernels/', import.meta.url);

describe('KERNELS', () => {
  it('are every committed module, each with its source', () => {
    const names = readdirSync(KERNELS_AT).flatMap((file) => (file.endsWith('.wasm') ? [file.slice(0, -5)] : []));
    expect(KERNELS.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
    for (const { name, language } of KERNELS) {
      const source = language === 'C' ? `c/${name}.c` : `rust/${name}.rs`;
      expect(readFileSync(new URL(source, KERNELS_AT), 'utf8').length).toBeGreaterThan(100);
    }
  });

  it('need no host', () => {
    for (const { name } of KERNELS) {
      const module = new WebAssembly.Module(Uint8Array.from(readFileSync(new URL(`${name}.wasm`, KERNELS_AT))));
      expect(WebAssembly.Module.imports(module)).toEqual([]);
      expect(WebAssembly.Module.exports(module)).toContainEqual({ name: 'run', kind: 'function' });
    }
  });

  it('are enough, and from both languages', () => {
    expect(KERNELS.length).toBeGreaterThanOrEqual(12);
    expect(new Set(KERNELS.map(({ language }) => language))).toEqual(new Set(['C', 'Rust']));
  });
});

describe('REAL_MODULES', () => {
  it('are named by exact version, and each has its work', () => {
    expect(REAL_MODULES.length).toBeGreaterThanOrEqual(4);
    for (const { name, packages } of REAL_MODULES) {
      expect(Object.keys(WORK)).toContain(name);
      for (const specifier of packages) expect(specifier).toMatch(/^(@[\w-]+\/)?[\w.-]+@\d+\.\d+\.\d+$/);
    }
  });

  it('have a part in a quick run too', () => {
    expect(REAL_MODULES.some(({ scale }) => scale === 'quick')).toBe(true);
    expect(KERNELS.some(({ scale }) => scale === 'quick')).toBe(true);
  });
});
