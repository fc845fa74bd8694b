/** How `kerb dev` tells what its server does. */
import { describe, expect, it } from 'vitest';
import { DevStory } from '../../../src/cli/dev-story.ts';
import { rendered } from '../../../src/cli/output.ts';

const SERVES = 'serves shop.localhost/ *.example.com/api (http-wasm, request, 0.7 KiB -> 0.9 KiB, 31 ms)';

function storyOf(...lines: readonly string[]): { said: string; story: DevStory } {
  const story = new DevStory({ serverFolder: 'dev-home/tenants/shop', folder: 'my/shop', showsControl: false });
  return { said: told(story, ...lines), story };
}

function told(story: DevStory, ...lines: readonly string[]): string {
  const log = lines.map((line) => (/^(info|warn|error) /.test(line) ? `2026-01-02T03:04:05.678Z ${line}` : line));
  return log.flatMap((line) => story.tell(line).map((text) => rendered(text, false))).join('');
}

const READY = 'info  ready: 1 apps on http://127.0.0.1:9000, control on http://127.0.0.1:9001';

describe('the story of an app', () => {
  it('begins with its addresses, on the port that is known last', () => {
    const { said } = storyOf(`info  shop: version abc ${SERVES}`, READY);
    expect(said).toBe(
      'http://shop.localhost:9000/ http://*.example.com:9000/api  version abc serves (http-wasm, request, 0.7 KiB -> 0.9 KiB, 31 ms)\n' +
        "  curl -H 'host: any.example.com' http://127.0.0.1:9000/api  reaches any.example.com on this machine\n",
    );
  });

  it('goes on with each version, and with addresses when they change', () => {
    const { story } = storyOf(`info  shop: version abc ${SERVES}`, READY);
    expect(told(story, `info  shop: version def ${SERVES}`)).toBe(
      'version def serves (http-wasm, request, 0.7 KiB -> 0.9 KiB, 31 ms)\n',
    );
    expect(told(story, `info  shop: version def ${SERVES}; start-up once, image 4 KiB`)).toBe(
      'version def serves (http-wasm, request, 0.7 KiB -> 0.9 KiB, 31 ms); start-up once, image 4 KiB\n',
    );
    expect(told(story, `info  shop: version ghi serves other.localhost/ (http-wasm)`)).toBe(
      'http://other.localhost:9000/  version ghi serves (http-wasm)\n',
    );
  });

  it('names the folder as the user does where something is refused', () => {
    const { said, story } = storyOf(
      'error dev-home/tenants/shop: not deployed: dev-home/tenants/shop/kerb.toml: the manifest has one fault',
      '    - dev-home/tenants/shop/kerb.toml:4: limits.cpu_ms: is wrong',
      READY,
    );
    expect(said.split('\n')).toEqual([
      'error my/shop: not deployed: my/shop/kerb.toml: the manifest has one fault',
      '    - my/shop/kerb.toml:4: limits.cpu_ms: is wrong',
      'nothing to serve yet: my/shop is served on port 9000 as soon as it is sound',
      '',
    ]);
    expect(story.isServing).toBe(true);
  });

  it('shows what it does not know as it is, and nothing of an end that was asked for', () => {
    const { said, story } = storyOf('kerb: cannot listen', 'info  shop: removed');
    expect(said).toBe('kerb: cannot listen\nshop: removed\n');
    expect(story.isServing).toBe(false);
    story.end();
    expect(told(story, 'info  SIGTERM: draining, at most 1000 ms', 'info  drained', 'error it broke')).toBe(
      'error it broke\n',
    );
  });

  it('has the control port where it is of use', () => {
    const story = new DevStory({ serverFolder: '/x', folder: 'x', showsControl: true });
    expect(told(story, READY)).toContain('control on http://127.0.0.1:9001\n');
  });
});
