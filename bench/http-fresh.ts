/** Benchmark `http-fresh`: the edge with a new instance for every request, over one connection and over many. */
import { runHttp } from './http.ts';
import type { Report, RunOptions } from './report.ts';
import type { App, Workload } from './workload.ts';

const CONNECTIONS = { full: [1, 64, 512], quick: [64] } as const;
const NAMES = { hello: 'hello', echo: 'echo 1 KiB' } as const satisfies Partial<Record<App, string>>;

function workloads(scale: RunOptions['scale']): Workload[] {
  return (['hello', 'echo'] as const).flatMap((app) =>
    CONNECTIONS[scale].map((connections) => ({ name: `${NAMES[app]}, c=${connections}`, app, connections })),
  );
}

/** Runs it. */
export function httpFresh(options: RunOptions): Promise<Report> {
  return runHttp(
    {
      name: 'http-fresh',
      title: 'http-fresh: a new instance for every request',
      instances: 'fresh',
      workloads: workloads(options.scale),
      aims: [
        { peer: 'workerd', least: 3.5, bound: '>=' },
        { peer: 'bare uWS', least: 0.55, bound: '>=' },
      ],
    },
    options,
  );
}
