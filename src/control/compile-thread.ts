/** The compile thread: parses, rewrites and compiles uploads, away from the threads that serve. */
import { parentPort } from 'node:worker_threads';
import { KerbError } from '../errors.ts';
import { compileModule } from './compilation.ts';
import type { CompileAnswer, CompileQuestion } from './compiler.ts';

function answer({ id, request }: CompileQuestion): CompileAnswer {
  try {
    return { id, compiled: compileModule(request) };
  } catch (error) {
    if (error instanceof KerbError) {
      return { id, refusal: { code: error.code, message: error.message, details: error.details } };
    }
    const message = `compilation failed: ${error instanceof Error ? error.message : String(error)}`;
    return { id, refusal: { code: 'refused_module', message, details: [] } };
  }
}

parentPort?.on('message', (question: CompileQuestion) => parentPort?.postMessage(answer(question)));
