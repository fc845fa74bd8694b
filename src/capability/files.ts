/** Files that a guest is given: folders of its app, read when it was deployed, and room for files of its own. Plain data. */

/** What of the files of its app a guest sees. Nothing here names a file of the host: contents are bytes in memory. */
export interface FileGrants {
  /** In the order of the manifest; no two have the same place. */
  readonly folders: readonly GrantedFolder[];
  /** Room for files that live as long as a request; 0: none. */
  readonly scratchBytes: number;
}

/** A folder as it was when the app was deployed. Never changes; threads share its bytes. */
export interface GrantedFolder {
  /** Where the guest sees it: an absolute path. */
  readonly guest: string;
  /** SHA-256 in hex over paths, kinds and contents. */
  readonly digest: string;
  /** What files and folders show as their times, in ms since the epoch: contents change only with a later time. */
  readonly madeMs: number;
  /** The contents of all files, one after the other. */
  readonly bytes: SharedArrayBuffer;
  /** Each folder stands before what is in it. */
  readonly entries: readonly GrantedEntry[];
}

/**
 * What is in a {@link GrantedFolder}. `path` is relative to it: plain names with `/` between them, none empty, `.` or `..`. A link's
 * `target` is relative to the folder that the link is in and stays inside the granted folder.
 */
export type GrantedEntry =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'file'; readonly path: string; readonly offset: number; readonly length: number }
  | { readonly kind: 'link'; readonly path: string; readonly target: string };

/** No folders and no room. */
export const NO_FILES: FileGrants = Object.freeze({ folders: Object.freeze([]), scratchBytes: 0 });
