/** What a server uses of memory, mappings and descriptors, read from /proc: Linux only. */
import { readdirSync, readlinkSync } from 'node:fs';
import { processFigures } from '../src/lab/process-figures.ts';

/** What a process has. */
export interface MemoryUse {
  readonly residentMib: number;
  /** Entries of `/proc/<pid>/maps`. */
  readonly mappings: number;
  /** Open file descriptors that are no sockets. */
  readonly files: number;
  /** Those that are: mostly clients. */
  readonly sockets: number;
}

/** What process `pid` has now. Rejects when there is no such process. */
export async function memoryUseOf(pid: number): Promise<MemoryUse> {
  const { residentBytes, mappings } = await processFigures(pid);
  if (residentBytes === null || mappings === null) throw new Error(`process ${pid} has ended`);
  return { residentMib: residentBytes / 2 ** 20, mappings, ...descriptorsOf(pid) };
}

function descriptorsOf(pid: number): Pick<MemoryUse, 'files' | 'sockets'> {
  const folder = `/proc/${pid}/fd`;
  const links = readdirSync(folder).flatMap((name) => {
    try {
      return [readlinkSync(`${folder}/${name}`)];
    } catch {
      return []; // It was closed between the listing and the look.
    }
  });
  const sockets = links.filter((link) => link.startsWith('socket:')).length;
  return { files: links.length - sockets, sockets };
}
