/** A guest whose code is the test, with backends that answer when the test says so. */
import type { Backend, BackendRequest, BackendResponse } from '../../../../src/capability/backend.ts';
import type { BodySource } from '../../../../src/http/body.ts';
import { BytesSource } from '../../../../src/http/body.ts';
import { HeaderList } from '../../../../src/http/headers.ts';
import { DirectGuest, type TestExchange } from '../http-wasm/direct-guest.ts';

/** Where `wait_any` finds its tickets. */
export const TICKETS_AT = 1_000;

/** A backend that holds its answers back. */
export class HeldBackend implements Backend {
  readonly asked: BackendRequest[] = [];
  readonly #answers: PromiseWithResolvers<BackendResponse>[] = [];

  fetch(request: BackendRequest): Promise<BackendResponse> {
    this.asked.push(request);
    const answer = Promise.withResolvers<BackendResponse>();
    this.#answers.push(answer);
    return answer.promise;
  }

  /** Answers the request of that number, or fails it. */
  answer(index: number, response: BackendResponse | Error): void {
    const held = this.#answers[index];
    if (response instanceof Error) held?.reject(response);
    else held?.resolve(response);
  }

  /** How many of its requests were given up. */
  get givenUp(): number {
    return this.asked.filter(({ signal }) => signal.aborted).length;
  }
}

/** A response of a backend. */
export function answerOf(
  status = 200,
  body: BodySource | string = '',
  fields: readonly (readonly [string, string])[] = [],
): BackendResponse {
  const source = typeof body === 'string' ? new BytesSource(Buffer.from(body)) : body;
  return { status, headers: HeaderList.from(fields), body: source, trailers: new HeaderList() };
}

/** Calls of `kerb_fetch` on a guest. */
export class Caller {
  readonly guest: DirectGuest;

  constructor(guest: DirectGuest) {
    this.guest = guest;
  }

  /** A call that answers at once. */
  now(name: string, ...args: (number | string)[]): number {
    return Number(this.guest.call(`kerb_fetch.${name}`, ...args));
  }

  /** A call that may wait. */
  async late(name: string, ...args: (number | string)[]): Promise<number> {
    return Number(await this.guest.invoke(`kerb_fetch.${name}`, ...args));
  }

  /** A GET of `/`, sent: its handle and ticket. */
  sent(backend = 'main', method = 'GET', target = '/'): { handle: number; ticket: number } {
    const handle = this.now('request', backend, method, target);
    return { handle, ticket: this.now('send', handle) };
  }

  /** What `wait_any` answers about tickets. */
  waitAny(tickets: readonly number[], timeoutMs = -1): Promise<number> {
    tickets.forEach((ticket, place) => this.guest.memory.writeU32(TICKETS_AT + 4 * place, ticket));
    return this.late('wait_any', TICKETS_AT, tickets.length, timeoutMs);
  }

  /** Everything of an answer's body. */
  async body(handle: number): Promise<string> {
    let text = '';
    for (;;) {
      const length = await this.late('read', handle, 0, 100);
      if (length <= 0) return length === 0 ? text : `${text}!${length}`;
      text += this.guest.memory.readText(0, length);
    }
  }

  /** What a getter of texts has written. */
  texts(name: string, ...args: (number | string)[]): string[] {
    const length = this.now(name, ...args, 0, 30_000);
    return this.guest.memory.readText(0, length).split('\0').slice(0, -1);
  }
}

/** Runs `code` inside `handle_request` of a new guest and answers that guest. */
export async function guestAfter(exchange: TestExchange, code: (caller: Caller) => unknown): Promise<DirectGuest> {
  const guest = new DirectGuest();
  await calling(exchange, code, guest);
  return guest;
}

/** Runs `code` inside `handle_request` of a guest, by default a new one. */
export async function calling(
  exchange: TestExchange,
  code: (caller: Caller) => unknown,
  guest = new DirectGuest(),
): Promise<void> {
  await guest.handle(exchange, async () => {
    await code(new Caller(guest));
  });
}
