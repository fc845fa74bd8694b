/** A descriptor of a folder. */
import { Descriptor } from './descriptor.ts';
import { ERRNO, type Errno } from './errno.ts';
import { setTimes, type FolderNode, type Stat, type Times } from './files/node.ts';
import { FILE_RIGHTS } from './open-file.ts';
import { FILETYPE, RIGHTS } from './typenames.ts';

/** What can be done with a folder. */
export const FOLDER_RIGHTS =
  RIGHTS.fd_datasync |
  RIGHTS.fd_fdstat_set_flags |
  RIGHTS.fd_sync |
  RIGHTS.fd_advise |
  RIGHTS.path_create_directory |
  RIGHTS.path_create_file |
  RIGHTS.path_link_source |
  RIGHTS.path_link_target |
  RIGHTS.path_open |
  RIGHTS.fd_readdir |
  RIGHTS.path_readlink |
  RIGHTS.path_rename_source |
  RIGHTS.path_rename_target |
  RIGHTS.path_filestat_get |
  RIGHTS.path_filestat_set_size |
  RIGHTS.path_filestat_set_times |
  RIGHTS.fd_filestat_get |
  RIGHTS.fd_filestat_set_times |
  RIGHTS.path_symlink |
  RIGHTS.path_remove_directory |
  RIGHTS.path_unlink_file;

/** A folder: the start of paths. What is for files answers `isdir`. */
export class OpenFolder extends Descriptor {
  readonly filetype = FILETYPE.directory;
  readonly kindFlags = 0;
  readonly writeBytes = 0;
  override readonly isChangeable: boolean;
  override readonly preopenPath: string | null;
  readonly #node: FolderNode;

  /** @param preopenPath - For a folder that is open from the start: the path that the guest knows it by. */
  constructor(node: FolderNode, preopenPath: string | null) {
    super(FOLDER_RIGHTS);
    this.#node = node;
    this.isChangeable = node.volume.access === 'write';
    this.preopenPath = preopenPath;
    this.inheriting = FOLDER_RIGHTS | FILE_RIGHTS;
  }

  override get folder(): FolderNode {
    return this.#node;
  }

  override get positionFault(): Errno {
    return ERRNO.isdir;
  }

  override stat(): Stat {
    return this.#node.stat();
  }

  override read(): Errno {
    return ERRNO.isdir;
  }

  override write(): Errno {
    return ERRNO.isdir;
  }

  override allocate(): Errno {
    return ERRNO.isdir;
  }

  override setSize(): Errno {
    return ERRNO.isdir;
  }

  override advise(): Errno {
    return ERRNO.success;
  }

  /** Errors: `rofs`. */
  override setTimes(times: Times): Errno {
    return setTimes(this.#node, times);
  }
}
