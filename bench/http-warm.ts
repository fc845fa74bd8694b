/** Benchmark `http-warm`: the edge with instances that live on between requests, one tenant and a hundred. */
import { runHttp } from './http.ts';
import type { Report, RunOptions } from './report.ts';
import { TENANTS, type Workload } from './workload.ts';

const CONNECTIONS = 64;

const WORKLOADS: readonly Workload[] = [
  { name: `hello, 1 tenant, c=${CONNECTIONS}`, app: 'hello', connections: CONNECTIONS },
  { name: `hello, ${TENANTS} tenants, c=${CONNECTIONS}`, app: 'tenants', connections: CONNECTIONS },
  { name: `echo 1 KiB, 1 tenant, c=${CONNECTIONS}`, app: 'echo', connections: CONNECTIONS },
];

/** Runs it. */
export function httpWarm(options: RunOptions): Promise<Report> {
  return runHttp(
    {
      name: 'http-warm',
      title: 'http-warm: instances live on between requests',
      instances: 'warm',
      workloads: WORKLOADS,
      aims: [
        { peer: 'workerd', least: 4, bound: '>=' },
        { peer: 'bare uWS', least: 0.8, bound: '>=' },
        { peer: 'node:http', least: 1, bound: '>' },
      ],
    },
    options,
  );
}
