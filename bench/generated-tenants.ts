/** Tenants with generated modules, for Kerb's data folder and for the peers' folders of modules. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { requestText } from '../src/lab/exchange.ts';
import type { StockApp } from '../src/lab/stock.ts';
import { answerOf, generateModule, memoryMbOf } from './generated-module.ts';
import type { Target } from './visits.ts';

/** A tenant. */
export interface GeneratedTenant {
  readonly name: string;
  readonly target: Target;
  readonly app: StockApp;
}

/** What tenants are called: the first letters of their names; who has another prefix has other modules. */
export interface GeneratedTenants {
  readonly prefix: string;
  readonly count: number;
  /** Of each module. */
  readonly bytes: number;
}

/** Tenants, each with a module of its own, also written into `folder`, if there is one, as `<tenant>.wasm`. */
export function generatedTenants({ prefix, count, bytes }: GeneratedTenants, folder: string | null): GeneratedTenant[] {
  if (folder !== null) mkdirSync(folder, { recursive: true });
  return Array.from({ length: count }, (_, at) => generatedTenant(`${prefix}${at}`, bytes, folder));
}

function generatedTenant(name: string, bytes: number, folder: string | null): GeneratedTenant {
  const module = generateModule({ tenant: name, seed: seedOf(name), bytes });
  if (folder !== null) writeFileSync(join(folder, `${name}.wasm`), module);
  const request = requestText({ method: 'GET', target: '/', host: `${name}.localhost` });
  const limits = `[limits]\ncpu_ms = 1000\nmemory_mb = ${memoryMbOf({ bytes })}\n`;
  return {
    name,
    target: { request, status: 200, field: null, body: answerOf(module) },
    app: {
      name,
      kind: `generated, ${bytes} bytes`,
      manifest: `name = "${name}"\nmain = "main.wasm"\n${limits}`,
      module,
      files: new Map(),
    },
  };
}

/** A whole number of a name. */
function seedOf(name: string): number {
  return Array.from(name).reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) | 0, 7);
}
