import { describe, expect, it } from 'vitest';
import { admissionReport, type AdmissionFacts } from '../../../src/control/admission-report.ts';
import { prepareModule } from '../../../src/control/compilation.ts';
import { parseManifest } from '../../../src/control/manifest.ts';
import { TypeCensus } from '../../../src/control/type-census.ts';
import { guest, URI_GUEST } from '../../guests.ts';

const manifest = parseManifest('name = "hello"\nmain = "a.wasm"\n[env]\nMODE = "hidden"\n', 'kerb.toml');

function facts(module: Uint8Array<ArrayBuffer> = URI_GUEST, changes: Partial<AdmissionFacts> = {}): AdmissionFacts {
  const admission = { census: TypeCensus.create(10_000), maxModuleBytes: 1_000_000 };
  const prepared = prepareModule({ bytes: module, abi: 'auto', maxMemoryPages: 2_048 }, admission);
  const compiled = { ...prepared, bytesOut: prepared.bytes.length };
  return {
    manifest,
    compiled,
    digest: 'd'.repeat(64),
    code: prepared.code,
    compileMs: 1.23456,
    startUp: null,
    notes: [],
    ...changes,
  };
}

describe('an admission report', () => {
  it('tells what a module is and may do', () => {
    const { compiled } = facts();
    expect(admissionReport(facts())).toMatchObject({
      tenant: 'hello',
      digest: 'd'.repeat(64),
      abi: 'http-wasm',
      exports: ['handle_request', 'handle_response'],
      memory: { initialPages: 4, maximumPages: 2_048 },
      size: { in: URI_GUEST.length, out: compiled.bytesOut },
      code: facts().code,
      isolation: { wanted: 'request', resettable: true, why: null },
      budgets: { cpuMs: 50, cpuMsPerSecond: null, memoryBytes: 128 * 2 ** 20 },
      compileMs: 1.235,
      startUp: null,
      notes: [],
    });
    expect(admissionReport(facts())['imports']).toHaveLength(19);
    expect(admissionReport(facts())['capabilities']).toEqual(
      expect.arrayContaining(['env MODE', 'import http_handler.log', 'memory_mb 128']),
    );
  });

  it('has what was measured, once it was', () => {
    const report = admissionReport(
      facts(URI_GUEST, {
        code: { functions: 2, types: 3, checks: 4 },
        startUp: { cpuMs: 0.5, memoryPages: 4, imageBytes: 4096, perInstance: null },
        notes: ['local_server is ignored'],
      }),
    );
    expect(report).toMatchObject({
      code: { functions: 2, types: 3, checks: 4 },
      startUp: { cpuMs: 0.5, memoryPages: 4, imageBytes: 4096, perInstance: null },
      notes: ['local_server is ignored'],
    });
  });

  it('says why instances cannot be put back', () => {
    const module = guest(() => ({ fields: '(table 1 funcref) (func (table.set (i32.const 0) (ref.null func)))' }));
    expect(admissionReport(facts(module))['isolation']).toEqual({
      wanted: 'request',
      resettable: false,
      why: expect.stringMatching(/tables that change/) as string,
    });
  });

  it('is plain data without values of the environment', () => {
    const report = admissionReport(facts());
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    expect(JSON.stringify(report)).not.toContain('hidden');
  });
});
