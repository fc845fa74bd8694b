/** What arming and disarming the watchdog costs each request, measured in this process beside a watchdog that ticks. */
import { Watchdog, WatchdogLink } from '../src/runtime/watchdog.ts';
import { spreadOf, type Spread } from './statistics.ts';

const REPEATS = 9;
const PAIRS = { full: 5_000_000, quick: 500_000 } as const;

/** Nanoseconds for one arm and one disarm, over repeats of many pairs; the first repeat, in which V8 optimises, does not count. */
export async function measureArming(scale: keyof typeof PAIRS): Promise<Spread> {
  const watchdog = new Watchdog(1);
  try {
    const link = new WatchdogLink(watchdog.share, 0);
    const times = Array.from({ length: REPEATS }, () => nanosecondsPerPair(link, PAIRS[scale]));
    return spreadOf(times.slice(1));
  } finally {
    await watchdog.close();
  }
}

function nanosecondsPerPair(link: WatchdogLink, pairs: number): number {
  const start = process.hrtime.bigint();
  for (let pair = 0; pair < pairs; pair++) {
    link.arm();
    link.disarm();
  }
  return Number(process.hrtime.bigint() - start) / pairs;
}
