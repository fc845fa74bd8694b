/** Reads what `--trace-gc` prints. Pure. */

/** A pause of the collector. */
export interface Pause {
  readonly kind: 'young' | 'full';
  readonly ms: number;
}

const LINE = /: (Scavenge|Minor Mark-Sweep|Mark-Compact)\b.*?MB, (?:pooled: [\d.]+ MB, )?(\d+(?:\.\d+)?) \/ /;

/** The pauses in a trace, of all isolates, in order. Lines that tell of none are passed over. */
export function parsePauses(trace: string): Pause[] {
  return trace.split('\n').flatMap((line): Pause[] => {
    const [, kind, ms] = LINE.exec(line) ?? [];
    return kind === undefined ? [] : [{ kind: kind === 'Mark-Compact' ? 'full' : 'young', ms: Number(ms) }];
  });
}
