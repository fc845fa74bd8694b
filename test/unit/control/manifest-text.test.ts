import { describe, expect, it } from 'vitest';
import { manifestText, tomlText } from '../../../src/control/manifest-text.ts';
import { overCeilings } from '../../../src/control/ceilings.ts';
import { parseManifest } from '../../../src/control/manifest.ts';
import { parseToml } from '../../../src/control/toml-document.ts';

describe('a manifest that Kerb writes', () => {
  it('is as short as can be', () => {
    expect(manifestText({ name: 'hello', main: 'a.wasm' })).toBe('name = "hello"\nmain = "a.wasm"\n');
  });

  it('is read as what it was made from', () => {
    const backends = [
      { name: 'a.b', url: 'https://example.com/' },
      { name: 'c', url: 'http://127.0.0.1:9000/x' },
    ];
    const text = manifestText({ name: 'a', main: 'b', abi: 'fastly', backends, kv: ['k'], secrets: ['s', 't'] });
    expect(parseManifest(text, 'kerb.toml')).toMatchObject({
      abi: 'fastly',
      backends,
      stores: { kv: ['k'], config: null, secrets: ['s', 't'] },
    });
  });

  it('asks for nothing above the ceilings of its tenant', () => {
    const low = { cpu_ms: 1, wall_ms: 1, memory_mb: 1, concurrency: 1, cpu_ms_per_second: 1, cpu_weight: 1 };
    const high = { cpu_ms: 51, wall_ms: 30_001, memory_mb: 129, concurrency: 201, cpu_weight: 101 };
    for (const ceilings of [low, high, { ...high, cpu_ms_per_second: 100_000 }, { cpu_ms_per_second: 0 }]) {
      const { limits } = parseManifest(manifestText({ name: 'a', main: 'b', ceilings }), 'kerb.toml');
      expect(overCeilings(limits, ceilings)).toEqual([]);
    }
    expect(manifestText({ name: 'a', main: 'b', ceilings: high })).not.toContain('limits');
    expect(manifestText({ name: 'a', main: 'b', ceilings: { memory_mb: 0 } })).not.toContain('limits');
  });

  it('is TOML for any text', () => {
    const texts = [
      '"',
      '\\',
      '\n',
      '\0',
      '\u007f',
      '\u0085',
      '\u2028',
      'é🙂',
      '\ud800',
      '"""',
      "'",
      '\\u0041',
      '\ufeff',
    ];
    for (const text of texts) {
      expect(parseToml(`a = ${tomlText(text)}`).root?.['a']).toBe(text.toWellFormed());
    }
  });
});
