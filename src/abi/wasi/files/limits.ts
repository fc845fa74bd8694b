/** Limits of the file systems in memory, each with its reason and what happens when it is reached. */

/** Bytes of a path, as POSIX's PATH_MAX on Linux: bounds the steps of a walk. Beyond: `nametoolong`. */
export const MAX_PATH_BYTES = 4096;

/** Bytes of a name, as on Linux. Beyond: `nametoolong`. */
export const MAX_NAME_BYTES = 255;

/** Symbolic links followed in one walk: each may add as many steps as a path has. Beyond: `loop`. */
export const MAX_LINKS = 32;

/** Names of one file. Beyond: `mlink`. */
export const MAX_HARD_LINKS = 1_000;

/** Bytes of a block, in which files of a scratch folder are kept and counted, as a file system on a disk would. 4 KiB. */
export const BLOCK_BYTES = 4096;

/** What a name in a scratch folder counts for: its text, the node behind it and their places in tables. 1 KiB. */
export const NAME_COST_BYTES = 1024;
