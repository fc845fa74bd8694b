/** One request to a backend that a guest makes, from its first field to the end of its answer. */
import { BackendError, type Backend, type BackendResponse, type ForwardedFor } from '../../capability/backend.ts';
import { BytesSource } from '../../http/body.ts';
import { isFieldValue, isToken } from '../../http/fields.ts';
import { headSizeFault } from '../../http/head-size.ts';
import { HeaderList } from '../../http/headers.ts';
import { isHostRequestField } from '../../http/request-rules.ts';
import { CollectedBytes, type Hold } from '../collected-bytes.ts';
import { ERRNO, ERRNO_OF_FAULT, type Errno } from './errno.ts';
import { MAX_FETCH_BODY_BYTES } from './limits.ts';

/** Where a fetch is on its way. `given`: its answer is the guest's own response now, and none of the fetch's business. */
export type Stage = 'draft' | 'sent' | 'answered' | 'failed' | 'given' | 'closed';

/** What a fetch is sent with. */
export interface Sending {
  readonly forwarded: ForwardedFor;
  /** Called once, when there is an answer or a failure; not when the fetch was closed before. */
  readonly onSettled: (failure: BackendError | null) => void;
}

/** A fetch. Its method and target have been checked. */
export class Fetch {
  readonly method: string;
  readonly #target: string;
  readonly #backend: Backend;
  #headers = new HeaderList();
  readonly #body: CollectedBytes;
  readonly #abort = new AbortController();
  #stage: Stage = 'draft';
  #response: BackendResponse | null = null;
  #errno: Errno | null = null;

  constructor(backend: Backend, method: string, target: string, hold: Hold) {
    this.#backend = backend;
    this.method = method;
    this.#target = target;
    this.#body = new CollectedBytes(hold);
  }

  get stage(): Stage {
    return this.#stage;
  }

  /** The answer, while there is one that the guest may look at; otherwise `null`. */
  get response(): BackendResponse | null {
    return this.#stage === 'answered' ? this.#response : null;
  }

  /** What a wait for it answers: the status, why there is none, or `null` while neither is known. */
  get outcome(): number | null {
    return this.#response?.status ?? this.#errno;
  }

  /** Adds a field. Answers 0, or `wrong_state`, `invalid`, `forbidden`, `too_large`. */
  addField(name: string, value: string): number {
    if (this.#stage !== 'draft') return ERRNO.wrong_state;
    if (!isToken(name) || !isFieldValue(value)) return ERRNO.invalid;
    if (isHostRequestField(name.toLowerCase())) return ERRNO.forbidden;
    const longer = this.#headers.clone();
    longer.append(name, value);
    if (headSizeFault(longer) !== null) return ERRNO.too_large;
    this.#headers = longer;
    return 0;
  }

  /** Whether `length` more bytes may be added to the body: 0, or `wrong_state`, `too_large`. */
  hasRoomFor(length: number): number {
    if (this.#stage !== 'draft') return ERRNO.wrong_state;
    return this.#body.length + length > MAX_FETCH_BODY_BYTES ? ERRNO.too_large : 0;
  }

  /** Adds to the body what {@link hasRoomFor} has room for. The bytes are the fetch's from now on. */
  addBody(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#body.add(bytes);
  }

  /** Sends it. It must be a draft. */
  send({ forwarded, onSettled }: Sending): void {
    this.#stage = 'sent';
    const body = this.#body.length === 0 ? null : new BytesSource(this.#body.bytes);
    const { length: contentLength } = this.#body;
    const asking = this.#backend.fetch({
      method: this.method,
      target: this.#target,
      headers: this.#headers,
      body,
      contentLength: body === null ? undefined : contentLength,
      forwarded,
      signal: this.#abort.signal,
    });
    asking.then(
      (response) => this.#answered(response, onSettled),
      (error: unknown) => this.#failed(error, onSettled),
    );
  }

  /** Says that it failed without having been sent. */
  refuse(errno: Errno): void {
    this.#stage = 'failed';
    this.#errno = errno;
  }

  /** Hands the answer over: whoever takes it ends its body. It must be there. */
  give(): BackendResponse | null {
    const { response } = this;
    if (response !== null) this.#stage = 'given';
    return response;
  }

  /** Gives it up: its connection goes back or is closed, and nothing of it reaches the guest any more. Idempotent. */
  close(): void {
    const before = this.#stage;
    this.#stage = 'closed';
    if (before === 'sent') this.#abort.abort();
    if (before === 'answered') this.#response?.body.cancel();
  }

  /** Takes its own body off the account of the request at hand. It must be closed. */
  dropBody(): void {
    this.#body.clear();
  }

  #answered(response: BackendResponse, onSettled: Sending['onSettled']): void {
    if (this.#stage !== 'sent') return response.body.cancel();
    this.#stage = 'answered';
    this.#response = response;
    onSettled(null);
  }

  #failed(error: unknown, onSettled: Sending['onSettled']): void {
    if (this.#stage !== 'sent') return;
    const failure = error instanceof BackendError ? error : new BackendError('connect', 'the backend failed');
    this.refuse(ERRNO_OF_FAULT[failure.fault]);
    onSettled(failure);
  }
}
