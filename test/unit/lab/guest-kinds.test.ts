import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { faultIn, type Answer, type Exchange } from '../../../src/lab/exchange.ts';
import { GUEST_KINDS, type GuestKind, type GuestSelf } from '../../../src/lab/guest-kinds.ts';
import { PICTURES, pictureTarget } from '../../../src/lab/pictures.ts';
import { labTenants } from '../../../src/lab/tenants.ts';
import { parseManifest } from '../../../src/control/manifest.ts';

const FROM = '127.0.0.1:50000';

const selfAt = (place: number): GuestSelf => ({ name: `t${place}`, host: `t${place}.localhost`, place });

/** What of a right answer a client can see: equal where nobody could tell whose it is. */
function shownIn({ status, field, body }: Exchange): string {
  const content = body === null || typeof body === 'string' ? body : [body.sha256, ...body.own(FROM)];
  return JSON.stringify([status, field, content]);
}

/** The share of tenants of a kind whose answer is another than that of any one of them. */
function foundAmong(shown: readonly string[]): number {
  const same = Map.groupBy(shown, (text) => text);
  const pairs = [...same.values()].reduce((sum, { length }) => sum + length * length, 0);
  return 1 - pairs / shown.length ** 2;
}

/** The right answer as it would come. */
function answerOf({ status, field, body }: Exchange): Answer {
  if (typeof body !== 'string') throw new TypeError('a long body is not known');
  const head = `HTTP/1.1 ${status}${field === null ? '' : `\r\n${field.join(': ')}`}`;
  return { status: status ?? 200, outcome: '', head, body };
}

describe('the lab’s guests', () => {
  it('answer so that another tenant’s answer is found out, of 95 % of the tenants', () => {
    const tenants = labTenants({ tenants: 3_000, hostile: 0, distinct: 0, seed: 1, modules: null });
    const shown = new Map<string, string[]>();
    for (const tenant of tenants) {
      if (tenant.guest.kind !== 'good') continue;
      const { name, exchange } = tenant.guest.good;
      shown.set(name, [...(shown.get(name) ?? []), shownIn(exchange(tenant))]);
    }
    const found = [...shown.values()].reduce((sum, texts) => sum + texts.length * foundAmong(texts), 0);
    expect(found / tenants.length).toBeGreaterThan(0.95);
  });

  it('tell nothing where they say so, and only there', () => {
    for (const { name, tells, exchange } of GUEST_KINDS) {
      const shown = Array.from({ length: 60 }, (_, place) => shownIn(exchange(selfAt(place))));
      expect([name, new Set(shown).size === 1]).toEqual([name, tells === 'nothing']);
    }
  });

  it.each(GUEST_KINDS.filter(({ name }) => !['page', 'fractal'].includes(name)).map((kind) => [kind.name, kind]))(
    '%s: the right answer is right, a byte more or less is not',
    (_, kind: GuestKind) => {
      const right = kind.exchange(selfAt(7));
      const answer = answerOf(right);
      expect(faultIn(answer, right, FROM)).toBeNull();
      expect(faultIn({ ...answer, body: `${answer.body} ` }, right, FROM)).toContain('the body is');
      expect(faultIn({ ...answer, body: answer.body.slice(1) }, right, FROM)).toContain('the body is');
      expect(faultIn({ ...answer, status: 500 }, right, FROM)).toContain('the status is 500');
    },
  );

  it('have a manifest that Kerb reads, of the tenant', () => {
    for (const { manifest } of GUEST_KINDS) {
      const { name, hosts } = parseManifest(manifest(selfAt(12)), 'kerb.toml');
      expect([name, hosts]).toEqual(['t12', ['t12.localhost']]);
    }
  });
});

/** What `fractal` paints in V8 as it is, without Kerb. */
function painted(target: string): Buffer {
  const parts: Buffer[] = [];
  const memory = (): ArrayBuffer => (instance.exports['memory'] as WebAssembly.Memory).buffer;
  const put = (text: string, at: number, limit: number): number => {
    if (text.length <= limit) new Uint8Array(memory()).set(Buffer.from(text, 'latin1'), at);
    return text.length;
  };
  const imports = {
    write_body: (_: number, at: number, length: number) =>
      void parts.push(Buffer.from(new Uint8Array(memory(), at, length))),
    set_header_value: () => undefined,
    set_status_code: (status: number) => expect(status).toBe(200),
    get_uri: (at: number, limit: number) => put(target, at, limit),
    get_method: (at: number, limit: number) => put('GET', at, limit),
  };
  const module = new WebAssembly.Module(readFileSync(GUEST_KINDS.find(({ name }) => name === 'fractal')?.module ?? ''));
  const instance = new WebAssembly.Instance(module, { http_handler: imports });
  (instance.exports['handle_request'] as () => bigint)();
  return Buffer.concat(parts);
}

describe('pictures', () => {
  it.each(PICTURES)('of %d pixels are what the guest paints without Kerb', (size, sha256) => {
    expect(
      createHash('sha256')
        .update(painted(pictureTarget(size)))
        .digest('hex'),
    ).toBe(sha256);
  });
});
