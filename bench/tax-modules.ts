/**
 * The work of each real module under the JavaScript that comes with it. That JavaScript instantiates what this process has put in
 * the place of `WebAssembly.instantiate`, so the upload and its rewritten form run under the same glue, unchanged.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { drawing, prose, SCRIPT, typeScript } from './tax-texts.ts';
import type { Work } from './tax-timing.ts';

/** Where a module's packages are, and its bytes for glue that asks for them. */
export interface Installed {
  /** A folder `node_modules`. */
  readonly folder: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Different for each copy of the glue: every one gets state of its own. */
  readonly copy: string;
}

/** Loads a copy of the glue around a new instance; answers the work that a call is. */
type Load = (installed: Installed) => Promise<Work>;

/** By name of the module. */
export const WORK: Readonly<Record<string, Load>> = {
  'sql.js': loadSql,
  QuickJS: loadQuickJs,
  brotli: loadBrotli,
  resvg: loadResvg,
  esbuild: loadEsbuild,
};

async function loadCopy({ folder, copy }: Installed, path: string): Promise<unknown> {
  return import(`${pathToFileURL(join(folder, path)).href}?${copy}`) as Promise<unknown>;
}

interface Sql {
  readonly Database: new () => {
    run(sql: string, values?: readonly unknown[]): void;
    exec(sql: string): readonly { readonly values: readonly unknown[] }[];
    prepare(sql: string): { run(values: readonly unknown[]): void; free(): void };
    close(): void;
  };
}

async function loadSql({ folder, bytes }: Installed): Promise<Work> {
  const require = createRequire(join(folder, 'sql.js/'));
  const path = require.resolve('./dist/sql-wasm.js');
  Reflect.deleteProperty(require.cache, path);
  const init = require(path) as (options: { readonly wasmBinary: Uint8Array }) => Promise<Sql>;
  const sql = await init({ wasmBinary: bytes });
  return () => {
    const db = new sql.Database();
    db.run('create table person (id integer primary key, name text, age integer, town integer)');
    db.run('create index by_town on person (town, age)');
    const insert = db.prepare('insert into person values (?, ?, ?, ?)');
    db.run('begin');
    for (let id = 0; id < 1_500; id++) insert.run([id, `name ${(id * 7919) % 1_501}`, (id * 31) % 90, (id * 17) % 40]);
    db.run('commit');
    insert.free();
    db.run("update person set age = age + 1 where name like '%7%'");
    const [groups] = db.exec('select town, count(*), avg(age), max(name) from person group by town order by 3 desc');
    const [pairs] = db.exec(
      'select sum(a.age * b.age) from person a join person b on a.town = b.town and a.age < b.age',
    );
    const [names] = db.exec(
      'select upper(substr(name, 6)) from person where age between 20 and 60 order by name limit 300',
    );
    db.close();
    return JSON.stringify([groups?.values, pairs?.values, names?.values.length]);
  };
}

interface QuickJs {
  newVariant(variant: unknown, options: object): unknown;
  newQuickJSWASMModuleFromVariant(variant: unknown): Promise<{ evalCode(code: string): unknown }>;
}

async function loadQuickJs(installed: Installed): Promise<Work> {
  const core = (await loadCopy(installed, 'quickjs-emscripten-core/dist/index.mjs')) as QuickJs;
  const { default: variant } = (await loadCopy(installed, '@jitl/quickjs-wasmfile-release-sync/dist/index.mjs')) as {
    readonly default: unknown;
  };
  const engine = await core.newQuickJSWASMModuleFromVariant(
    core.newVariant(variant, { wasmBinary: installed.bytes.buffer }),
  );
  return () => engine.evalCode(SCRIPT);
}

interface Brotli {
  default(bytes: Uint8Array): Promise<unknown>;
  compress(bytes: Uint8Array, options: { readonly quality: number }): Uint8Array;
  decompress(bytes: Uint8Array): Uint8Array;
}

async function loadBrotli(installed: Installed): Promise<Work> {
  const glue = (await loadCopy(installed, 'brotli-wasm/pkg.web/brotli_wasm.js')) as Brotli;
  await glue.default(installed.bytes);
  const text = new TextEncoder().encode(prose(96 * 1024));
  return () => {
    const packed = glue.compress(text, { quality: 6 });
    return `${packed.length} ${Buffer.compare(glue.decompress(packed), text)}`;
  };
}

interface Resvg {
  initWasm(bytes: Uint8Array): Promise<void>;
  readonly Resvg: new (svg: string) => {
    render(): { asPng(): Uint8Array; free(): void };
    free(): void;
  };
}

async function loadResvg(installed: Installed): Promise<Work> {
  const glue = (await loadCopy(installed, '@resvg/resvg-wasm/index.mjs')) as Resvg;
  await glue.initWasm(installed.bytes);
  const svg = drawing();
  return () => {
    const resvg = new glue.Resvg(svg);
    const image = resvg.render();
    const size = image.asPng().length;
    image.free();
    resvg.free();
    return size;
  };
}

interface Esbuild {
  initialize(options: { readonly wasmModule: WebAssembly.Module; readonly worker: boolean }): Promise<void>;
  transform(code: string, options: object): Promise<{ readonly code: string }>;
}

async function loadEsbuild(installed: Installed): Promise<Work> {
  Reflect.set(globalThis, 'self', globalThis); // As in a browser, for which this glue is made.
  const glue = (await loadCopy(installed, 'esbuild-wasm/esm/browser.js')) as Esbuild;
  await glue.initialize({ wasmModule: new WebAssembly.Module(installed.bytes), worker: false });
  const source = typeScript(40_000);
  return async () => {
    const { code } = await glue.transform(source, { loader: 'ts', minify: true, target: 'es2020' });
    return code.length;
  };
}
