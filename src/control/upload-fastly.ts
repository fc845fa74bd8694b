/**
 * The `fastly.toml` of a Fastly package, as a manifest of Kerb's. What `[setup]` asks the platform to make becomes grants; what only
 * the platform or a developer's machine has a use for is left out, with a note.
 */
import { GRANT_NAME } from '../names.ts';
import type { LimitsRecord } from '../store/records.ts';
import { manifestError } from './manifest-faults.ts';
import type { ManifestBackend } from './manifest.ts';
import { shownKey } from './manifest-quote.ts';
import { clipped } from '../quoted.ts';
import { manifestText } from './manifest-text.ts';
import { backendUrl } from './manifest-values.ts';
import { parseToml, type TomlDocument, type TomlFault, type TomlTable, type TomlValue } from './toml-document.ts';

/** Where a Fastly package has its module. */
export const FASTLY_MAIN = 'bin/main.wasm';

/** A manifest in place of a `fastly.toml`. */
export interface FastlyManifest {
  /** TOML of Kerb's. */
  readonly text: string;
  /** What was left out, each with its reason and in under 200 characters. */
  readonly notes: readonly string[];
}

/** What the text does not say. */
export interface FastlyTerms {
  /** How errors name the file. */
  readonly file: string;
  readonly tenant: string;
  readonly ceilings: LimitsRecord;
}

const LISTED_NOTES = 50;
const NOTE_CHARS = 199;
const HTTPS_PORT = 443;
const HTTP_PORT = 80;

/** Keys that describe the package to people and to the command that built it. */
const DESCRIPTIVE: ReadonlySet<string> = new Set([
  'manifest_version',
  'name',
  'description',
  'authors',
  'language',
  'cloned_from',
  'scripts',
  'profile',
  'setup',
]);

/** Why other keys are left out. */
const LEFT_OUT: ReadonlyMap<string, string> = new Map([
  ['service_id', 'the upload itself says which tenant it is for'],
  [
    'local_server',
    "it describes the test server of a developer's machine; put backends into [setup] or write a kerb.toml",
  ],
]);

const SETUP_LEFT_OUT: ReadonlyMap<string, string> = new Map([
  ['config_stores', 'set their items through the control plane'],
  ['dictionaries', 'set their items through the control plane'],
  ['log_endpoints', 'what guests log goes to the log of the tenant'],
  ['product_enablement', 'there are no products here'],
]);

/**
 * Makes a manifest from the text of a `fastly.toml`: `setup.backends` become backends (https, on port 80 http),
 * `setup.kv_stores` and `setup.object_stores` key-value stores, the entries of `setup.secret_stores` secrets.
 *
 * Throws `bad_manifest` with every fault and its line: text that is not TOML, a grant whose name Kerb does not take, an address that is none.
 */
export function fastlyManifest(text: string, { file, tenant, ceilings }: FastlyTerms): FastlyManifest {
  const document = parseToml(text);
  if (document.root === null) throw manifestError(file, document.faults);
  const setup = new Setup(document);
  const backends = setup.backends();
  const kv = [...new Set([...setup.names('kv_stores'), ...setup.names('object_stores')])];
  const secrets = setup.secrets();
  const faults = [...document.faults, ...setup.faults];
  if (faults.length > 0) throw manifestError(file, faults);
  const written = manifestText({ name: tenant, main: FASTLY_MAIN, abi: 'fastly', backends, kv, secrets, ceilings });
  return { text: written, notes: listed([...notesOf(document.root), ...setup.notes]) };
}

function notesOf(root: TomlTable): string[] {
  const setup = tableAt(root, 'setup');
  const known = new Set(['backends', 'kv_stores', 'object_stores', 'secret_stores']);
  return [
    ...Object.keys(root).flatMap((key) => (DESCRIPTIVE.has(key) ? [] : [ignored([key], LEFT_OUT.get(key))])),
    ...Object.keys(setup).flatMap((key) => (known.has(key) ? [] : [ignored(['setup', key], SETUP_LEFT_OUT.get(key))])),
  ];
}

function ignored(path: readonly string[], why: string = 'Kerb does not know it'): string {
  return `${shownKey(path)} is ignored: ${why}`;
}

function listed(notes: readonly string[]): string[] {
  const rest = notes.length - LISTED_NOTES;
  const shown = notes.slice(0, LISTED_NOTES).map((note) => clipped(note, NOTE_CHARS));
  return rest > 0 ? [...shown, `and ${rest} more notes`] : shown;
}

/** The table `[setup]`, with what is found wrong while it is read. */
class Setup {
  readonly faults: TomlFault[] = [];
  readonly notes: string[] = [];
  readonly #document: TomlDocument;
  readonly #setup: TomlTable;

  constructor(document: TomlDocument) {
    this.#document = document;
    this.#setup = tableAt(document.root ?? {}, 'setup');
  }

  /** The names in one of its tables that may be grants; the others are faults. */
  names(key: string): string[] {
    return Object.keys(tableAt(this.#setup, key)).filter((name) => this.#isGrantName(['setup', key, name], name));
  }

  backends(): ManifestBackend[] {
    return this.names('backends').flatMap((name) => {
      const url = this.#urlOf(name, tableAt(tableAt(this.#setup, 'backends'), name));
      return url === null ? [] : [{ name, url }];
    });
  }

  secrets(): string[] {
    const stores = tableAt(this.#setup, 'secret_stores');
    const names = this.names('secret_stores').flatMap((store) =>
      Object.keys(tableAt(tableAt(stores, store), 'entries')).filter((name) =>
        this.#isGrantName(['setup', 'secret_stores', store, 'entries', name], name),
      ),
    );
    return [...new Set(names)];
  }

  #urlOf(name: string, { address, port = HTTPS_PORT }: TomlTable): string | null {
    const path = ['setup', 'backends', name];
    if (address === undefined) {
      this.notes.push(`${shownKey(path)} is ignored: it has no address`);
      return null;
    }
    const url = typeof address === 'string' && isPort(port) ? urlOf(address, port) : null;
    if (url === null) {
      this.#fault(path, 'has no address = "host" with a port from 1 to 65535; correct it or put a kerb.toml beside it');
    }
    return url;
  }

  #isGrantName(path: readonly string[], name: string): boolean {
    const taken = GRANT_NAME.test(name);
    if (!taken) {
      this.#fault(path, 'is a name that Kerb does not take; use 1 to 63 letters, digits, ".", "_" and "-"');
    }
    return taken;
  }

  #fault(path: readonly string[], message: string): void {
    this.faults.push({ path, line: this.#document.lineOf(path), message });
  }
}

function isPort(value: TomlValue): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65_536;
}

function urlOf(address: string, port: number): string | null {
  if (/[/?#@]/.test(address)) return null;
  const host = address.includes(':') && !address.startsWith('[') ? `[${address}]` : address;
  return backendUrl(port === HTTP_PORT ? `http://${host}` : `https://${host}:${port}`);
}

/** The table under `key`; an empty one when there is none or something else. */
function tableAt(table: TomlTable, key: string): TomlTable {
  const value = table[key];
  return typeof value === 'object' && !Array.isArray(value) ? value : (Object.create(null) as TomlTable);
}
