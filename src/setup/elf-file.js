/**
 * A little-endian x86-64 ELF64 file as sections, names and numbers, every access checked against the file.
 *
 * The layout is that of the System V ABI, chapter 4.
 */

/** The bytes are not an ELF file of the expected kind, or need more of the new version than can be lowered. */
export class ElfFailure extends Error {
  /** @override */
  name = 'ElfFailure';
}

/**
 * @typedef {object} Section
 * @property {number} type
 * @property {number} link the index of a related section
 * @property {number} info
 * @property {number} offset
 * @property {number} size in bytes
 */

const SECTION_HEADER_BYTES = 64;
const X86_64 = 62;

/** The file; its bytes are changed in place. Every method throws {@link ElfFailure} for a range that leaves the file. */
export class ElfFile {
  /** @readonly @type {Uint8Array<ArrayBuffer>} */
  bytes;
  /** @readonly @type {DataView} */
  #view;
  /** @readonly @type {readonly Section[]} */
  #sections;

  /** @param {Uint8Array<ArrayBuffer>} bytes */
  constructor(bytes) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer);
    this.#checkHeader();
    this.#sections = this.#readSections();
  }

  /**
   * The first section of a type.
   *
   * @param {number} type
   * @returns {Section} inside the file
   * @throws {ElfFailure} when there is none
   */
  section(type) {
    const section = this.#sections.find((candidate) => candidate.type === type);
    if (section === undefined) throw new ElfFailure(`no section of type 0x${type.toString(16)}`);
    return this.#insideFile(section);
  }

  /**
   * The string table that a section names its things by.
   *
   * @param {Section} section
   * @returns {Section} inside the file
   * @throws {ElfFailure} when there is none
   */
  linked(section) {
    const names = this.#sections[section.link];
    if (names === undefined) throw new ElfFailure(`section ${section.link} does not exist`);
    return this.#insideFile(names);
  }

  /**
   * Checks that a range of the file is inside a section.
   *
   * @param {Section} section
   * @param {number} offset
   * @param {number} length
   * @returns {void}
   */
  inside(section, offset, length) {
    const end = section.offset + section.size;
    if (offset < section.offset || offset + length > end) throw new ElfFailure('an entry leaves its section');
  }

  /**
   * A name of a string table.
   *
   * @param {Section} names
   * @param {number} offset in the table
   * @returns {string} up to the zero byte
   * @throws {ElfFailure} when the name leaves the table
   */
  text(names, offset) {
    this.inside(names, names.offset + offset, 1);
    const bytes = this.bytes.subarray(names.offset + offset, names.offset + names.size);
    const end = bytes.indexOf(0);
    if (end < 0) throw new ElfFailure('a name has no end');
    return Buffer.from(bytes.subarray(0, end)).toString('latin1');
  }

  /**
   * @param {number} at
   * @returns {number}
   */
  u16(at) {
    this.#readable(at, 2);
    return this.#view.getUint16(at, true);
  }

  /**
   * @param {number} at
   * @returns {number}
   */
  u32(at) {
    this.#readable(at, 4);
    return this.#view.getUint32(at, true);
  }

  /**
   * @param {number} at
   * @param {number} value
   * @returns {void}
   */
  setU16(at, value) {
    this.#readable(at, 2);
    this.#view.setUint16(at, value, true);
  }

  /**
   * @param {number} at
   * @param {number} value
   * @returns {void}
   */
  setU32(at, value) {
    this.#readable(at, 4);
    this.#view.setUint32(at, value, true);
  }

  /** @returns {void} */
  #checkHeader() {
    const magic = [0x7f, 0x45, 0x4c, 0x46];
    if (this.bytes.length < SECTION_HEADER_BYTES || magic.some((byte, at) => this.bytes[at] !== byte)) {
      throw new ElfFailure('the file is not ELF');
    }
    if (this.bytes[4] !== 2 || this.bytes[5] !== 1 || this.u16(18) !== X86_64) {
      throw new ElfFailure('the file is not a little-endian x86-64 ELF64 file');
    }
  }

  /** @returns {Section[]} */
  #readSections() {
    const start = this.#u64(0x28);
    if (this.u16(0x3a) !== SECTION_HEADER_BYTES) throw new ElfFailure('section headers are not of 64 bytes');
    return Array.from({ length: this.u16(0x3c) }, (_, index) =>
      this.#readSection(start + index * SECTION_HEADER_BYTES),
    );
  }

  /**
   * @param {number} at
   * @returns {Section}
   */
  #readSection(at) {
    return {
      type: this.u32(at + 4),
      offset: this.#u64(at + 24),
      size: this.#u64(at + 32),
      link: this.u32(at + 40),
      info: this.u32(at + 44),
    };
  }

  /**
   * @param {Section} section
   * @returns {Section}
   */
  #insideFile(section) {
    if (section.offset + section.size > this.bytes.length) throw new ElfFailure('a section leaves the file');
    return section;
  }

  /**
   * @param {number} at
   * @param {number} length
   * @returns {void}
   */
  #readable(at, length) {
    if (at + length > this.bytes.length) throw new ElfFailure('an offset leaves the file');
  }

  /**
   * @param {number} at
   * @returns {number} exact: nothing in a file lies beyond 2^53
   */
  #u64(at) {
    this.#readable(at, 8);
    const value = this.#view.getBigUint64(at, true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new ElfFailure('an offset leaves the file');
    return Number(value);
  }
}
