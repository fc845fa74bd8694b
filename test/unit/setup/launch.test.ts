import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../../src/setup/places.js';

const launcher = join(ROOT, 'src/setup/launch.js');

describe('launch.js', () => {
  it.each([[[]], [['unknown']], [['toString']]])('answers %j with the list of commands and exit code 1', (words) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [launcher, ...words], { encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^kerb: usage: launch\.js start\|.*\btest\b.*\n$/);
  });

  it('reaches only modules of Node and plain JavaScript beside it, so that it runs before anything is installed', () => {
    const folder = join(ROOT, 'src/setup');
    const scripts = readdirSync(folder).filter((name) => name.endsWith('.js'));
    const imports = scripts.flatMap(
      (name) => readFileSync(join(folder, name), 'utf8').match(/(?<=\bfrom )'[^']+'/g) ?? [],
    );
    expect(imports.length).toBeGreaterThan(scripts.length);
    expect(imports.filter((specifier) => !/^'(node:[\w/]+|\.\/[\w-]+\.js)'$/.test(specifier))).toEqual([]);
  });
});
