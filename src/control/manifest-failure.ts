/** The rules of `[[on_failure]]`: what of them does not fit together, and what they say. */
import { FAILURE_KINDS, type FailureKind, type Measure } from '../failure-rule.ts';
import { covers } from '../http/path.ts';
import { faultAt } from './manifest-faults.ts';
import type { WrittenManifest } from './manifest-schema.ts';
import { pathPrefix } from './manifest-values.ts';
import type { TomlDocument, TomlFault, TomlTable, TomlValue } from './toml-document.ts';

/** What clients get for failures below a path. */
export interface ManifestFailureRule {
  /** A prefix of whole segments, at or below the app's own. */
  readonly path: string;
  readonly on: readonly FailureKind[];
  /** In the order in which they are tried; empty: the error. No `origin` where the manifest has none. */
  readonly serve: readonly Measure[];
  /** There when `serve` has `page`: a file beside the manifest, and the status it is sent with. */
  readonly page: { readonly path: string; readonly status: number } | null;
}

const STATUS = 503;

/** The rules as they are written, with what they leave out. @param appPath - Of rules that name no path. */
export function failureRulesOf(
  written: WrittenManifest['on_failure'],
  appPath: string,
): readonly ManifestFailureRule[] {
  return written.map(({ path = appPath, on, serve, page, status = STATUS }) => ({
    path,
    on,
    serve,
    page: page === undefined ? null : { path: page, status },
  }));
}

/** Checked on the text's own values, so that it is reported together with faults elsewhere. */
export function failureFaults(document: TomlDocument): TomlFault[] {
  const { on_failure: rules } = document.root ?? {};
  if (!Array.isArray(rules)) return [];
  const faults: TomlFault[] = [];
  const taken = new Set<string>();
  rules.forEach((rule, place) => {
    if (!isTable(rule)) return;
    const at = (key: string, message: string): void =>
      void faults.push(faultAt(document, ['on_failure', place, key], message));
    checkPage(rule, at);
    checkOrigin(rule, document.root?.['origin'], at);
    checkPath(rule, document.root?.['path'], taken, at);
  });
  return faults;
}

type Report = (key: string, message: string) => void;

function isTable(value: TomlValue): value is TomlTable {
  return typeof value === 'object' && !Array.isArray(value);
}

function checkPage({ serve, page, status }: TomlTable, at: Report): void {
  if (!Array.isArray(serve)) return;
  if (serve.includes('page')) {
    if (page === undefined)
      at('page', 'is missing; name the file that "page" of serve shows, e.g. page = "sorry.html"');
    return;
  }
  if (page !== undefined) at('page', 'is never shown; add "page" to serve or remove it');
  if (status !== undefined) at('status', 'is the status of a page; add "page" to serve or remove it');
}

function checkOrigin({ serve, on }: TomlTable, origin: TomlValue | undefined, at: Report): void {
  if (!Array.isArray(serve) || !serve.includes('origin')) return;
  if (origin === undefined) at('serve', 'has "origin", and the manifest has none; add origin = "<backend>"');
  if (Array.isArray(on) && on.length > 0 && on.every((kind) => kind === 'backend'))
    at('serve', 'has "origin", which is not asked after a failure of a backend; remove it');
}

/** Where two rules claim a failure, it would depend on their order which of them counts. */
function checkPath(rule: TomlTable, appPath: TomlValue | undefined, taken: Set<string>, at: Report): void {
  const app = prefixOf(appPath ?? '/');
  const path = prefixOf(rule['path'] ?? appPath ?? '/');
  if (app === null || path === null) return;
  if (!covers(app, path)) at('path', `is not below the path of the app, ${app}; correct it or leave it out`);
  const { on = [...FAILURE_KINDS] } = rule;
  if (!Array.isArray(on)) return;
  for (const kind of FAILURE_KINDS.filter((known) => on.includes(known))) {
    const claim = `${kind} ${path}`;
    if (taken.has(claim)) at('on', `has ${kind}, which a rule above has for this path; remove one of the two`);
    taken.add(claim);
  }
}

function prefixOf(value: TomlValue): string | null {
  return typeof value === 'string' ? pathPrefix(value) : null;
}
