/** The paths of an archive: relative, plain, and each one file or folder also where case and accents are not told apart. */
import { entryFault } from './archive-faults.ts';
import { ARCHIVE_LIMITS } from './archive-limits.ts';

const UNSAFE = /[\p{Cc}\p{Cs}\\]/u;
const DRIVE = /^[A-Za-z]:/;

/** A folder or file, by the spelling that was seen first. */
interface Place {
  readonly spelling: string;
  /** By folded name; `null`: a file. */
  readonly inside: Map<string, Place> | null;
}

/**
 * The path of an entry without `./` before and, for a folder, `/` behind it; empty for the root.
 *
 * Throws `bad_request`: an absolute path, `.`, `..` or an empty segment, `\`, control characters, a drive, more than 255 bytes, more
 * than 16 segments, a file that is named like a folder.
 */
export function archivePath(name: string, kind: 'file' | 'folder'): string {
  const bare = kind === 'folder' ? name.replace(/\/$/, '') : name;
  if (kind === 'folder' && bare === '.') return '';
  const path = bare.replace(/^\.\//, '');
  const fault = faultOf(path);
  if (fault !== null) throw entryFault(name, fault);
  return path;
}

function faultOf(path: string): string | null {
  if (path === '') return 'has no name; pack it again';
  if (Buffer.byteLength(path) > ARCHIVE_LIMITS.pathBytes) {
    return `has a path of more than ${ARCHIVE_LIMITS.pathBytes} bytes; shorten it`;
  }
  if (UNSAFE.test(path)) return 'has "\\" or control characters in its name; rename it';
  if (path.startsWith('/') || DRIVE.test(path)) return 'is an absolute path; pack it relative to the folder';
  const segments = path.split('/');
  if (segments.includes('..')) return 'leads out of the archive; pack it without ".."';
  if (segments.some((segment) => segment === '' || segment === '.'))
    return 'has an empty part or "." in its path; pack it again';
  return segments.length > ARCHIVE_LIMITS.depth
    ? `lies more than ${ARCHIVE_LIMITS.depth} folders deep; move it up`
    : null;
}

/** Every path of one archive. */
export class ArchivePaths {
  readonly #root: Place = { spelling: '', inside: new Map() };

  /**
   * Adds a path as {@link archivePath} gives it, and the folders around it. A folder may come again, a file may not.
   * Throws `bad_request` for a file that is there already, a file where a folder is or the other way round, and for two names in
   * one folder that differ in case or in the composition of characters only.
   */
  add(path: string, kind: 'file' | 'folder'): void {
    let at = this.#root;
    const segments = path === '' ? [] : path.split('/');
    for (const [place, segment] of segments.entries()) {
      at = enter(at, segment, place === segments.length - 1 ? kind : 'folder', path);
    }
  }
}

function enter({ inside }: Place, segment: string, kind: 'file' | 'folder', path: string): Place {
  const folded = foldedName(segment);
  const found = inside?.get(folded);
  if (found === undefined) {
    const made: Place = { spelling: segment, inside: kind === 'folder' ? new Map() : null };
    inside?.set(folded, made);
    return made;
  }
  if (found.spelling !== segment) throw entryFault(path, 'differs from another in case or accents only; rename one');
  if (found.inside === null && kind === 'file') throw entryFault(path, 'is there twice; pack it once');
  if ((found.inside === null) !== (kind === 'file')) throw entryFault(path, 'is both a file and a folder; rename one');
  return found;
}

/** One text for all spellings that some file system takes for the same name. */
function foldedName(name: string): string {
  return name.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
}
