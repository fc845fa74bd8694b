/** Gathers log lines on a data thread and hands them on in batches, so that a request pays no system call for its line. */

/** A batch goes out when it is this long, in characters. */
const FLUSH_CHARS = 32 * 1024;

/** Or when its first line is this old. */
const FLUSH_MS = 50;

/** Lines on their way to the thread that writes them. */
export class LineBatch {
  readonly #send: (text: string) => void;
  #text = '';
  #timer: NodeJS.Timeout | null = null;

  /** @param send - Takes a batch: whole lines, each with its line end. */
  constructor(send: (text: string) => void) {
    this.#send = send;
  }

  /** Adds a line, which must hold no line end. */
  add(line: string): void {
    this.#text += `${line}\n`;
    if (this.#text.length >= FLUSH_CHARS) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS);
  }

  /** Hands on what has gathered. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#text === '') return;
    const text = this.#text;
    this.#text = '';
    this.#send(text);
  }
}
