/** Limits on address databases, each with its reason and what happens when it is reached. */

/** Bytes of one file. The largest in use have some 150 MB; all threads share them. A larger file is refused. */
export const MAX_DATABASE_BYTES = 1024 * 1024 * 1024;

/** Files that can be given: cities, networks, and what an operator adds. More are refused at start. */
export const MAX_DATABASES = 8;

/** How often it is looked whether a file was replaced. Databases come once a day at most. */
export const LOOK_MS = 5_000;

/** Bytes read of a file in one step. */
export const READ_STEP_BYTES = 4 * 1024 * 1024;

/** Milliseconds of a check in one turn of the event loop: the thread has other things to do. */
export const CHECK_MS_PER_TURN = 4;

/** Records of the tree between two looks at the clock. */
export const STEPS_PER_LOOK = 256;

/** Milliseconds that reading one entry may take in a check, twice in a row. It takes some microseconds; a damaged length can take for ever. */
export const ENTRY_MS = 20;

/** Characters of one text of a place; longer ones are cut. The longest names in use have under 100. */
export const MAX_TEXT_CHARS = 256;
