/**
 * Lowers the glibc version that an ELF64 shared object asks for: bytes in, bytes out, nothing else touched.
 *
 * A binary built on a recent system may need a recent glibc only because its headers renamed old functions, as C23 did
 * with `strtol` to `__isoc23_strtol`. Where the plain function serves as well, three edits make the binary load on older
 * systems: each such symbol's name starts after the prefix (`.dynsym`), it is bound to the old version (`.gnu.version`),
 * and the requirement of the new version becomes one of the old version (`.gnu.version_r`).
 *
 * Layouts are those of the System V ABI, chapter 4, and of the Linux Standard Base, "Symbol Versioning".
 */
import { ElfFailure, ElfFile } from './elf-file.js';

/** @typedef {import('./elf-file.js').Section} Section */

/**
 * @typedef {object} Lowering
 * @property {string} from the version that the system lacks, such as `GLIBC_2.38`
 * @property {string} to a version of the same library that the file needs already, such as `GLIBC_2.2.5`
 * @property {string} prefix what the symbols of `from` have before the plain name
 */

/**
 * @typedef {object} VersionNeed
 * @property {string} library
 * @property {string} name
 * @property {number} index the number that `.gnu.version` has for it
 * @property {number} offset of its entry in the file
 */

const SECTION_TYPE = Object.freeze({ dynsym: 11, versym: 0x6fffffff, verneed: 0x6ffffffe });
const SYMBOL_BYTES = 24;
/** Both a library's entry of `.gnu.version_r` and a version's. */
const NEED_BYTES = 16;
/** `.gnu.version` marks hidden definitions with the top bit. */
const VERSION_MASK = 0x7fff;

/**
 * A copy of the file in which every symbol of version `from` has lost the prefix and asks for version `to`.
 *
 * @param {Uint8Array} bytes
 * @param {Lowering} lowering
 * @returns {Uint8Array<ArrayBuffer>}
 * @throws {ElfFailure} when the bytes are not a little-endian x86-64 ELF64 file, when any table leaves the file, when one
 *   library is not asked for both versions, or when a symbol of `from` lacks the prefix
 */
export function lowerGlibcVersion(bytes, { from, to, prefix }) {
  const file = new ElfFile(new Uint8Array(bytes));
  const needs = versionNeeds(file);
  const high = needs.find(({ name }) => name === from);
  if (high === undefined) throw new ElfFailure(`the file does not need ${from}`);
  const low = needs.find(({ name, library }) => name === to && library === high.library);
  if (low === undefined) throw new ElfFailure(`the file needs ${from} but not ${to} of ${high.library}`);
  renameSymbols(file, { high: high.index, low: low.index, prefix });
  copyVersionNeed(file, low.offset, high.offset);
  return file.bytes;
}

/**
 * @param {ElfFile} file
 * @returns {VersionNeed[]} every version that the file needs of every library
 */
function versionNeeds(file) {
  const section = file.section(SECTION_TYPE.verneed);
  /** @type {VersionNeed[]} */
  const needs = [];
  let offset = section.offset;
  for (let left = section.info; left > 0; left--) {
    file.inside(section, offset, NEED_BYTES);
    needs.push(...libraryNeeds(file, section, offset));
    offset = entryAfter(file, offset, left);
  }
  return needs;
}

/**
 * @param {ElfFile} file
 * @param {Section} section
 * @param {number} offset of the library's entry
 * @returns {VersionNeed[]}
 */
function libraryNeeds(file, section, offset) {
  const names = file.linked(section);
  const library = file.text(names, file.u32(offset + 4));
  /** @type {VersionNeed[]} */
  const needs = [];
  let entry = offset + file.u32(offset + 8);
  for (let left = file.u16(offset + 2); left > 0; left--) {
    file.inside(section, entry, NEED_BYTES);
    const name = file.text(names, file.u32(entry + 8));
    needs.push({ library, name, index: file.u16(entry + 6) & VERSION_MASK, offset: entry });
    entry = entryAfter(file, entry, left);
  }
  return needs;
}

/**
 * The next entry of a list. Entries never overlap, so that a list ends however long it claims to be.
 *
 * @param {ElfFile} file
 * @param {number} entry
 * @param {number} left how many entries there are, with this one
 * @returns {number}
 */
function entryAfter(file, entry, left) {
  const distance = file.u32(entry + 12);
  if (left > 1 && distance < NEED_BYTES) throw new ElfFailure('entries of .gnu.version_r overlap');
  return entry + distance;
}

/**
 * Takes the prefix from every symbol of the version with the index `high` and gives it the index `low`.
 *
 * @param {ElfFile} file
 * @param {{ high: number, low: number, prefix: string }} change
 * @returns {void}
 */
function renameSymbols(file, { high, low, prefix }) {
  const symbols = file.section(SECTION_TYPE.dynsym);
  const versions = file.section(SECTION_TYPE.versym);
  const names = file.linked(symbols);
  const count = Math.floor(symbols.size / SYMBOL_BYTES);
  if (versions.size < count * 2) throw new ElfFailure('.gnu.version is shorter than .dynsym');
  for (let index = 0; index < count; index++) {
    const versionAt = versions.offset + index * 2;
    const version = file.u16(versionAt);
    if ((version & VERSION_MASK) !== high) continue;
    dropPrefix(file, { symbolAt: symbols.offset + index * SYMBOL_BYTES, names, prefix });
    file.setU16(versionAt, (version & ~VERSION_MASK) | low);
  }
}

/**
 * @param {ElfFile} file
 * @param {{ symbolAt: number, names: Section, prefix: string }} symbol
 * @returns {void}
 */
function dropPrefix(file, { symbolAt, names, prefix }) {
  const nameOffset = file.u32(symbolAt);
  const name = file.text(names, nameOffset);
  if (!name.startsWith(prefix) || name.length === prefix.length) {
    throw new ElfFailure(`the symbol ${name} has no older equivalent: it does not start with ${prefix}`);
  }
  file.setU32(symbolAt, nameOffset + prefix.length);
}

/**
 * Gives one needed version the hash and the name of another; its index stays its own.
 *
 * @param {ElfFile} file
 * @param {number} source
 * @param {number} target
 * @returns {void}
 */
function copyVersionNeed(file, source, target) {
  file.setU32(target, file.u32(source));
  file.setU32(target + 8, file.u32(source + 8));
}
