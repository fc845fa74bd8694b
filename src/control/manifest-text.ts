/** Manifests that Kerb writes itself, for uploads that bring none of their own. */
import type { LimitsRecord } from '../store/records.ts';
import type { AbiChoice, ManifestBackend } from './manifest.ts';
import { BUDGETS } from './manifest-limits.ts';

/** What a written manifest says; everything else stays at its default. */
export interface ManifestDraft {
  readonly name: string;
  readonly main: string;
  readonly abi?: AbiChoice;
  readonly backends?: readonly Pick<ManifestBackend, 'name' | 'url'>[];
  readonly kv?: readonly string[];
  readonly secrets?: readonly string[];
  /** The tenant's ceilings. Those below a default are written down: what asks for nothing must not ask for too much. */
  readonly ceilings?: LimitsRecord;
}

/** The text of a manifest. It is TOML for any names; whether they may be names is for `parseManifest` to say. */
export function manifestText(draft: ManifestDraft): string {
  const { name, main, abi = 'auto', backends = [], kv = [], secrets = [], ceilings = {} } = draft;
  const stores = [...listLine('kv', kv), ...listLine('secrets', secrets)];
  return [
    `name = ${tomlText(name)}`,
    `main = ${tomlText(main)}`,
    ...(abi === 'auto' ? [] : [`abi = ${tomlText(abi)}`]),
    ...table('limits', limitLines(ceilings)),
    ...backends.flatMap(({ name: backend, url }) => ['', `[backends.${tomlText(backend)}]`, `url = ${tomlText(url)}`]),
    ...table('stores', stores),
    '',
  ].join('\n');
}

/** `text` as a basic string of TOML 1.0. */
export function tomlText(text: string): string {
  // JSON escapes all that TOML does, in the same way, but for the last control character.
  return JSON.stringify(text.toWellFormed()).replaceAll('\u007f', '\\u007f');
}

function listLine(key: string, names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`${key} = [${names.map(tomlText).join(', ')}]`];
}

function table(name: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `[${name}]`, ...lines];
}

/** A quota of 0 is none at all: any ceiling is below it. */
function limitLines(ceilings: LimitsRecord): string[] {
  const keys = Object.keys(BUDGETS) as (keyof typeof BUDGETS)[];
  return keys.flatMap((key) => {
    const ceiling = (ceilings as Readonly<Partial<Record<string, number>>>)[key];
    const standard = key === 'cpu_ms_per_second' ? Infinity : BUDGETS[key].standard;
    return ceiling === undefined || ceiling === 0 || ceiling >= standard ? [] : [`${key} = ${ceiling}`];
  });
}
