/** The compile thread: parses, rewrites and compiles uploads, away from the threads that serve. */
import { parentPort, workerData } from 'node:worker_threads';
import { KerbError } from '../errors.ts';
import { prepareModule, type Admission } from './compilation.ts';
import type { CompileAnswer, CompileQuestion, CompileThreadOptions } from './compiler.ts';
import { TypeCensus } from './type-census.ts';

const { census: share, maxModuleBytes } = workerData as CompileThreadOptions;
const admission: Admission = { census: new TypeCensus(share), maxModuleBytes };

function answer(question: CompileQuestion): CompileAnswer {
  try {
    if (question.kind === 'ready') return question;
    if (question.kind === 'prepare') return { kind: 'prepared', prepared: prepareModule(question.request, admission) };
    // Of one that another process prepared, this one has not counted the types yet.
    admission.census.admit(question.signatures);
    return { kind: 'compiled', module: new WebAssembly.Module(question.bytes) };
  } catch (error) {
    if (error instanceof KerbError) {
      return { kind: 'refused', code: error.code, message: error.message, details: error.details };
    }
    const message = `compilation failed: ${error instanceof Error ? error.message : String(error)}`;
    return { kind: 'refused', code: 'refused_module', message, details: [] };
  }
}

parentPort?.on('message', (question: CompileQuestion) => parentPort?.postMessage(answer(question)));
