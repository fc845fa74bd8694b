import { describe, expect, it } from 'vitest';
import {
  cacheAims,
  cacheChart,
  cacheTables,
  type CacheResult,
  type CacheSample,
  type CacheSeries,
} from '../../../bench/cache-report.ts';
import { nginxConfig, varnishProgram } from '../../../bench/servers/cache-peer-configs.ts';

const sample = (requestsPerCpuSecond: number, originRequests = 0): CacheSample => ({
  requestsPerSecond: requestsPerCpuSecond / 2,
  requestsPerCpuSecond,
  p50Us: 400,
  p99Us: 1500,
  originRequests,
});

const hits = (server: string, ...samples: (CacheSample | null)[]): CacheSeries => ({
  workload: 'hit',
  server,
  tone: server === 'Kerb' ? 'own' : 'peer',
  samples,
  errors: samples.filter((one) => one === null).length,
});

const PURGE = { purgeMs: 20, looked: 100, leftOver: 0, besideP99Us: 3000, quietP99Us: 2000, errors: 0 };

const RESULT: CacheResult = {
  hits: [hits('Kerb', sample(100), sample(200)), hits('peer', sample(400, 3), null)],
  storms: [
    { server: 'Kerb', tone: 'own', samples: [{ originRequests: 1, allMs: 250 }] },
    {
      server: 'peer',
      tone: 'peer',
      samples: [
        { originRequests: 200, allMs: 500 },
        { originRequests: 199, allMs: 500 },
      ],
    },
  ],
  purges: [{ server: 'Kerb', tone: 'own', samples: [PURGE, { ...PURGE, purgeMs: 40 }] }],
};

describe('the tables', () => {
  const [answers, crowd, purge] = cacheTables(RESULT, ['a note']);

  it('show losses, errors and what reached the origin', () => {
    expect(answers?.rows[0]).toEqual([
      'hit',
      'Kerb',
      '75.0',
      '50.0–100',
      '150',
      '100–200',
      '',
      '0.40 ms',
      '1.50 ms',
      '0',
      '',
    ]);
    expect(answers?.rows[1]?.slice(6)).toEqual(['0.25x', '0.40 ms', '1.50 ms', '3', '1 errors']);
    expect(answers?.notes).toEqual(['a note']);
  });

  it('show the crowd and the purge', () => {
    expect(crowd?.rows[0]).toEqual(['Kerb', '1', '250 ms', '250–250', '']);
    expect(crowd?.rows[1]).toEqual(['peer', '199–200', '500 ms', '500–500', '0.50x']);
    expect(purge?.rows[0]).toEqual(['Kerb', '30.0 ms', '20.0–40.0', '0 of 200', '3.00 ms', '2.00 ms', '']);
  });

  it('have a chart with a bar for each cache', () => {
    expect(cacheChart(RESULT).groups[0]?.bars.map(({ label }) => label)).toEqual(['Kerb', 'peer']);
  });
});

describe('the aims', () => {
  it('are about Kerb alone', () => {
    expect(cacheAims(RESULT).map(({ verdict }) => verdict)).toEqual(['met', 'met', 'met']);
    expect(cacheAims({ hits: [], storms: [], purges: [] }).map(({ verdict }) => verdict)).toEqual(
      Array(3).fill('not measured'),
    );
  });

  it('are missed in the worst round', () => {
    const worse: CacheResult = {
      hits: [hits('Kerb', sample(1), sample(1, 2))],
      storms: [
        {
          server: 'Kerb',
          tone: 'own',
          samples: [
            { originRequests: 1, allMs: 1 },
            { originRequests: 2, allMs: 1 },
          ],
        },
      ],
      purges: [{ server: 'Kerb', tone: 'own', samples: [PURGE, { ...PURGE, leftOver: 1 }] }],
    };
    expect(cacheAims(worse).map(({ measured, verdict }) => [measured, verdict])).toEqual([
      ['2', 'missed'],
      ['2', 'missed'],
      ['1', 'missed'],
    ]);
  });
});

describe('what peers are told', () => {
  const place = { port: 4001, originPort: 4002, folder: '/folder' };

  it('is one worker, one request for many and no word to clients about tags', () => {
    const config = nginxConfig(place, 'same');
    for (const words of [
      'worker_processes 1;',
      'listen 127.0.0.1:4001 ',
      'server 127.0.0.1:4002;',
      'proxy_cache_lock on;',
    ])
      expect(config).toContain(words);
    expect(config).not.toContain('user root');
    expect(nginxConfig(place, 'root')).toContain('user root;');
    expect(varnishProgram(place)).toContain('.port = "4002"');
    expect(varnishProgram(place)).toContain('unset resp.http.surrogate-key');
  });
});
