/** Streams that keep what is written to them, in order. */
import type { CommandIo } from '../../../src/cli/command.ts';
import { piped } from './kerb.ts';

/** `written` has every chunk after `out ` or `err `. */
export function sinkIo(io: Partial<CommandIo> = {}): { readonly io: CommandIo; readonly written: string[] } {
  const written: string[] = [];
  const sink = (name: string): CommandIo['stdout'] => ({ write: (chunk) => written.push(`${name} ${String(chunk)}`) });
  const standard = { isTerminal: false, showsProgress: false, columns: 80, colour: false };
  return { io: { stdout: sink('out'), stderr: sink('err'), stdin: piped(''), ...standard, ...io }, written };
}
