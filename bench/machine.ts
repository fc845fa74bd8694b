/** What the numbers were measured on. */
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem, type as systemName } from 'node:os';
import { wrkVersion } from './load.ts';
import { WORKERD_VERSION } from './servers/workerd-config.ts';

/** The machine and the versions of everything that matters, as text by name. */
export type Machine = Readonly<Record<string, string>>;

/** Describes this machine now. The load average is of the last minute, before the run. */
export function describeMachine(): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: `${availableParallelism()}`,
    memory: `${Math.round(totalmem() / 1024 ** 3)} GiB`,
    system: `${systemName()} ${release()}${distribution()}`,
    'load before the run': (loadavg()[0] ?? 0).toFixed(2),
    Node: `${process.versions.node} (V8 ${process.versions.v8})`,
    uWebSockets: packageVersion('uWebSockets.js'),
    workerd: WORKERD_VERSION,
    wrk: wrkVersion() ?? 'absent',
  };
}

/** The machine as a Markdown list. */
export function machineList(machine: Machine): string {
  return Object.entries(machine)
    .map(([name, value]) => `- ${name}: ${value}`)
    .join('\n');
}

function distribution(): string {
  try {
    const name = /^PRETTY_NAME="?([^"\n]+)"?$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
    return name === undefined ? '' : `, ${name}`;
  } catch {
    return '';
  }
}

function packageVersion(name: string): string {
  try {
    const text = readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), 'utf8');
    return (JSON.parse(text) as { version: string }).version;
  } catch {
    return 'unknown';
  }
}
