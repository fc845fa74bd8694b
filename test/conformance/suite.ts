/** What a public suite is to the runner. */

/** How many of its assertions ended which way. */
export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** A suite that can be run from a folder. */
export interface Suite {
  /** What it is, in a line. */
  readonly about: string;
  /** How to get it, in a line. */
  readonly obtain: string;
  /** How its files end; a folder without any is an error. */
  readonly files: string;
  /**
   * Runs the files, given relative to the folder, and tells a person about it line by line. Never throws for what the files hold:
   * a file that brings its process down is a failure.
   */
  run(folder: string, files: readonly string[], say: (line: string) => void): Promise<Totals>;
}
