/** Carries a body from its source to the client, at the pace of the slower of the two. */
import type { BodySource } from '../http/body.ts';
import { RELAY_STEP_BYTES } from './limits.ts';
import type { ResponseStream } from './response-stream.ts';

/**
 * Relays the whole body and ends the stream. Rejects with what the source or the stream rejected with; the source is then
 * cancelled and the stream left open, for the caller to cut. A body that nobody gets is not read.
 */
export async function relay(source: BodySource, stream: ResponseStream): Promise<void> {
  if (stream.swallows) source.cancel();
  try {
    for (;;) {
      const pending = source.read(RELAY_STEP_BYTES);
      const chunk = pending instanceof Promise ? await pending : pending;
      if (chunk === null) break;
      const welcome = stream.write(chunk);
      if (welcome !== undefined) await welcome;
    }
  } catch (error) {
    source.cancel();
    throw error;
  }
  stream.end();
}
