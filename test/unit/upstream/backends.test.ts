import { describe, expect, test } from 'vitest';
import type { BackendResponse } from '../../../src/capability/backend.ts';
import { KerbError } from '../../../src/errors.ts';
import { AddressPolicy } from '../../../src/upstream/address-policy.ts';
import { parseBackendUrl } from '../../../src/upstream/backend-url.ts';
import { BackendSet } from '../../../src/upstream/backends.ts';
import { errorOf, LOOPBACK_ALLOWED, requestOf, serveHttp, serveSocket, serveText, textOf } from './origin.ts';

describe('backend URLs', () => {
  test.each([
    ['http://app.example', { origin: 'http://app.example', authority: 'app.example', port: 80, basePath: '' }],
    ['https://APP.example/', { origin: 'https://app.example', authority: 'app.example', port: 443, basePath: '' }],
    [
      'http://127.1:8080/a/b//',
      { origin: 'http://127.0.0.1:8080', authority: '127.0.0.1:8080', port: 8080, basePath: '/a/b' },
    ],
    ['http://[::1]:81/a/../b', { origin: 'http://[::1]:81', authority: '[::1]:81', port: 81, basePath: '/b' }],
  ])('%s', (text, parts) => expect(parseBackendUrl(text)).toEqual(parts));

  test.each([
    '',
    'app.example',
    '//app.example',
    'ftp://app.example',
    'file:///etc/passwd',
    'unix:/run/docker.sock',
    'javascript:alert(1)',
    'http://',
    'http://user@app.example',
    'http://user:secret@app.example',
    'http://app.example/?a',
    'http://app.example/#a',
    'http://a b',
    'http://app.example:99999',
    'http://256.0.0.1',
  ])('%j is refused', (text) => expect(() => parseBackendUrl(text)).toThrow(KerbError));

  test('a refusal does not repeat a password', () => {
    const refuse = (): unknown => parseBackendUrl('http://user:hunter2@app.example');
    expect(refuse).toThrow('"http://***@app.example"');
    expect(refuse).not.toThrow('hunter2');
  });
});

describe('a set of backends', () => {
  test('reaches those of the manifest and no others', async () => {
    const one = await serveHttp((request, response) => response.end(`one ${request.url}`));
    const two = await serveHttp((request, response) => response.end(`two ${request.url}`));
    const set = new BackendSet({ one: { url: one }, two: { url: `${two}/base` } }, { policy: LOOPBACK_ALLOWED });
    const ask = async (name: string): Promise<string> => {
      const answer = await set.get(name)?.fetch(requestOf({ target: '/x' }));
      return answer === undefined ? 'none' : textOf(answer.body);
    };
    expect(set.names()).toEqual(['one', 'two']);
    expect([await ask('one'), await ask('two'), await ask('three')]).toEqual(['one /x', 'two /base/x', 'none']);
    await set.close();
  });

  test('has nothing under the names that every object has', () => {
    const set = new BackendSet({}, { policy: new AddressPolicy() });
    expect(['constructor', '__proto__', 'toString', ''].map((name) => set.get(name))).toEqual(
      Array.from({ length: 4 }),
    );
  });

  test('shares connections between names of one URL', async () => {
    const set = new BackendSet(
      { a: { url: 'http://a.example' }, b: { url: 'http://a.example' } },
      { policy: new AddressPolicy() },
    );
    expect(set.get('a')).toBe(set.get('b'));
    await set.close();
  });

  test('keeps names apart of which the manifest says different things', async () => {
    const url = 'http://a.example';
    const health = { path: '/', intervalMs: 1_000, timeoutMs: 1_000, unhealthy: 1, healthy: 1, status: 200 };
    const set = new BackendSet(
      { a: { url }, b: { url, connections: 1 }, c: { url, health }, d: { url, health: { ...health, status: 204 } } },
      { policy: new AddressPolicy() },
    );
    expect(new Set(['a', 'b', 'c', 'd'].map((name) => set.get(name))).size).toBe(4);
    await set.close();
  });

  test('gives each backend the times and connections of its own', async () => {
    const silent = await serveSocket((socket) => socket.resume());
    const stuck = await serveText('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx', 'stay');
    const set = new BackendSet(
      {
        first: { url: silent, firstByteMs: 40 },
        between: { url: stuck, betweenBytesMs: 40 },
        connect: { url: 'http://slow.example', connectMs: 40 },
        few: { url: silent, connections: 1 },
      },
      { policy: LOOPBACK_ALLOWED, lookup: () => new Promise(() => {}), maxWaiting: 1 },
    );
    const fetch = (name: string): Promise<BackendResponse> => {
      const backend = set.get(name);
      return backend === undefined ? Promise.reject(new Error(`no backend ${name}`)) : backend.fetch(requestOf());
    };
    expect((await errorOf(fetch('first'))).fault).toBe('timeout');
    expect((await errorOf(fetch('connect'))).fault).toBe('timeout');
    await expect(textOf((await fetch('between')).body)).rejects.toMatchObject({ cause: { fault: 'timeout' } });
    const waiting = [errorOf(fetch('few')), errorOf(fetch('few'))];
    expect((await errorOf(fetch('few'))).fault).toBe('overloaded');
    await set.close();
    expect((await Promise.all(waiting)).map(({ fault }) => fault)).toEqual(['aborted', 'aborted']);
  });

  test('a bad URL is a bad manifest', () => {
    expect(() => new BackendSet({ a: { url: 'nowhere' } }, { policy: new AddressPolicy() })).toThrow(KerbError);
  });

  test('once closed answers nothing, and can be closed again', async () => {
    const url = await serveHttp((_, response) => response.end('ok'));
    const set = new BackendSet({ a: { url } }, { policy: LOOPBACK_ALLOWED });
    const backend = set.get('a');
    await set.close();
    await set.close();
    expect(backend === undefined ? null : (await errorOf(backend.fetch(requestOf()))).fault).toBe('aborted');
  });
});
